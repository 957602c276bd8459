package lab

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Whatever is asked, every reply is whole and every row of the log has its 33
// fields.
func FuzzAsk(f *testing.F) {
	f.Add("GET", "/articles/1", "", "", "127.61.1.1", int64(0))
	f.Add("POST", "/", "a=b&\n", "x\ty", "::1", int64(-5))
	f.Add("\x00", "\xff\xfe", "%", "é", "fe80::1%eth0", int64(1)<<62)
	f.Add("HEAD", "", "", "", "", int64(9e9))
	c := mustCase(f, "mixed")
	f.Fuzz(func(t *testing.T, method, path, query, agent, addr string, at int64) {
		m := New(c, 1, 30*time.Second)
		rows := 0
		m.Log = func(row []byte) {
			if text := string(row); !strings.HasPrefix(text, "#") {
				rows++
				if strings.Count(text, "\t") != 32 || strings.Count(text, "\n") != 1 {
					t.Errorf("row %q", text)
				}
			}
		}
		a, _ := netip.ParseAddr(addr)
		ask := Ask{Edge: a, Client: a, Method: method, Host: agent, Path: path, Query: query, Header: func(string) string { return agent }}
		at = max(-1<<61, min(at, 1<<61))
		for range 3 {
			r := m.Ask(time.Duration(at), ask)
			if r.Status < 200 || r.Status > 599 || r.Done < r.FirstByte || r.FirstByte < time.Duration(at) || len(r.Header) == 0 || len(r.RequestID) != 56 {
				t.Errorf("reply %+v", r)
			}
		}
		if rows != 3 {
			t.Errorf("%d rows for 3 asks", rows)
		}
		m.Resolve(time.Duration(at), netip.PrefixFrom(a, 24), false)
	})
}
