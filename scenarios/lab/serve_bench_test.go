package lab

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// BenchmarkServe times one exchange on a kept connection in the clear, the
// client's few system calls among it. A rehearsal shares two processors with
// its load generator at up to 1,000 requests/s, so this must stay far below a
// millisecond.
func BenchmarkServe(b *testing.B) {
	for _, tc := range []struct {
		name      string
		behaviour func(b *testing.B) Behaviour
	}{
		{"scripted", func(*testing.B) Behaviour { return newScripted(0) }},
		{"instant model", func(b *testing.B) Behaviour {
			c, err := FindCase("calm")
			must(b, err)
			return instant{New(c, 1, time.Hour)}
		}},
	} {
		b.Run(tc.name, func(b *testing.B) {
			behaviour := tc.behaviour(b)
			s, err := Serve(behaviour, Config{})
			must(b, err)
			defer s.Close()
			u, err := url.Parse(s.URL())
			must(b, err)
			conn, err := net.Dial("tcp", net.JoinHostPort(behaviour.Edges()[0].Addr.String(), u.Port()))
			must(b, err)
			defer conn.Close()
			request := []byte("GET /articles/1 HTTP/1.1\r\nHost: " + u.Host + "\r\n\r\n")
			r := bufio.NewReader(conn)
			b.ReportAllocs()
			for b.Loop() {
				_, err := conn.Write(request)
				must(b, err)
				resp, err := http.ReadResponse(r, nil)
				must(b, err)
				_, err = io.Copy(io.Discard, resp.Body)
				must(b, err)
			}
		})
	}
}

// instant is a model whose answers are due at once.
type instant struct{ *Model }

func (i instant) Ask(now time.Duration, a Ask) Reply {
	r := i.Model.Ask(now, a)
	r.FirstByte, r.Done = now, now
	return r
}
