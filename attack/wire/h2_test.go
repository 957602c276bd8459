package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2/hpack"

	"frontload/results"
)

// fieldsOf is a header block of the given names and values, in turn.
func fieldsOf(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

const (
	end        = flagEndStream
	endHeaders = flagEndHeaders
)

func joined(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// serveFrames is a rig whose server says what is given once a request came,
// and then closes. The server's settings stand before it.
func serveFrames(t testing.TB, cfg Config, say []byte) *rig {
	cfg.Protocol = results.H2
	cfg.Dial = func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			go far.Write(joined(http2Frame(frameSettings, 0, 0, nil), say))
			io.ReadFull(far, make([]byte, len(preface)))
			for {
				kind, _, err := readHTTP2Frame(far)
				if err != nil {
					return
				}
				if kind == frameHeaders {
					break
				}
			}
			go io.Copy(io.Discard, far)
			time.Sleep(20 * time.Millisecond)
		}()
		return near, nil
	}
	return newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, cfg)
}

func TestHTTP2AnswersOfEveryShape(t *testing.T) {
	ok := http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "200"))
	long := strings.Repeat("a", 10_000)
	split := fieldsOf(":status", "503", "server", "AmazonS3", "x-long", long)
	for _, c := range []struct {
		name    string
		say     []byte
		status  uint16
		outcome results.Outcome
		reason  string
	}{
		{"no body", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "200")), 200, results.OK, ""},
		{"a body", joined(ok, http2Frame(frameData, end, 1, []byte("hello"))), 200, results.OK, ""},
		{"a body in pieces, the last empty", joined(ok, http2Frame(frameData, 0, 1, []byte("hello")), http2Frame(frameData, end, 1, nil)), 200, results.OK, ""},
		{"padding", joined(ok, http2Frame(frameData, end|flagPadded, 1, []byte("\x03hello\x00\x00\x00"))), 200, results.OK, ""},
		{"priority", http2Frame(frameHeaders, endHeaders|end|flagPriority, 1, joined(make([]byte, 5), fieldsOf(":status", "200"))), 200, results.OK, ""},
		{"trailers", joined(ok, http2Frame(frameData, 0, 1, []byte("hello")), http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf("x-t", "1"))), 200, results.OK, ""},
		{"1xx comes before the answer", joined(http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "103", "x-cache", "Hit")), ok, http2Frame(frameData, end, 1, nil)), 200, results.OK, ""},
		{"a header in several frames", joined(http2Frame(frameHeaders, end, 1, split[:4]), http2Frame(frameContinuation, 0, 1, split[4:9]), http2Frame(frameContinuation, endHeaders, 1, split[9:])), 503, results.OriginS3, ""},
		{"frames of kinds that are not known", joined(http2Frame(0x77, 0, 0, []byte("x")), ok, http2Frame(0x78, 0, 1, nil), http2Frame(frameData, end, 1, nil)), 200, results.OK, ""},
		{"a ping between", joined(ok, http2Frame(framePing, 0, 0, make([]byte, 8)), http2Frame(frameData, end, 1, nil)), 200, results.OK, ""},
		{"a length that is kept to", joined(http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "200", "content-length", "5")), http2Frame(frameData, end, 1, []byte("hello"))), 200, results.OK, ""},
		{"a length that is not", joined(http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "200", "content-length", "6")), http2Frame(frameData, end, 1, []byte("hello"))), 200, results.Transport, "malformed answer"},
		{"two lengths", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "200", "content-length", "0", "content-length", "1")), 0, results.Transport, "malformed answer"},
		{"no status", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf("x", "y")), 0, results.Transport, "malformed answer"},
		{"two statuses", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "200", ":status", "503")), 0, results.Transport, "malformed answer"},
		{"a status after a field", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf("x", "y", ":status", "200")), 0, results.Transport, "malformed answer"},
		{"a header of HTTP/1.1", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "200", "transfer-encoding", "chunked")), 0, results.Transport, "malformed answer"},
		{"a name in capitals", http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "200", "X-Cache", "Hit")), 0, results.Transport, "malformed answer"},
		{"a body before its header", http2Frame(frameData, end, 1, []byte("hello")), 0, results.Transport, "malformed answer"},
		{"a second header that does not end it", joined(ok, ok), 200, results.Transport, "malformed answer"},
		{"a header block that is none", http2Frame(frameHeaders, endHeaders|end, 1, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), 0, results.Transport, "malformed answer"},
		{"another frame within a header", joined(http2Frame(frameHeaders, 0, 1, split[:4]), http2Frame(framePing, 0, 0, make([]byte, 8))), 0, results.Transport, "malformed answer"},
		{"a stream that nobody opened", http2Frame(frameHeaders, endHeaders|end, 9, fieldsOf(":status", "200")), 0, results.Transport, "malformed answer"},
		{"a push", http2Frame(framePush, endHeaders, 1, make([]byte, 4)), 0, results.Transport, "malformed answer"},
		{"a frame that is too long", http2Frame(frameData, 0, 1, make([]byte, 16_385)), 0, results.Transport, "malformed answer"},
		{"padding longer than the frame", joined(ok, http2Frame(frameData, end|flagPadded, 1, []byte("\x09hello"))), 200, results.Transport, "malformed answer"},
		{"windows beyond measure", http2Frame(frameWindow, 0, 0, []byte{0x7f, 0xff, 0xff, 0xff}), 0, results.Transport, "malformed answer"},
		{"a header bomb", http2Frame(frameHeaders, endHeaders|end, 1, joined(fieldsOf(":status", "200", "x-bomb", long[:4000]), bytes.Repeat([]byte{0xbe}, 1000))), 0, results.Transport, "header too large"},
		{"a header without end", joined(http2Frame(frameHeaders, 0, 1, make([]byte, 16_000)), http2Frame(frameContinuation, 0, 1, make([]byte, 16_000)),
			http2Frame(frameContinuation, 0, 1, make([]byte, 16_000)), http2Frame(frameContinuation, 0, 1, make([]byte, 16_000)), http2Frame(frameContinuation, 0, 1, make([]byte, 16_000))), 0, results.Transport, "header too large"},
		{"a body over the limit", joined(ok, bytes.Repeat(http2Frame(frameData, 0, 1, make([]byte, 10_000)), 20)), 200, results.Transport, "body too large"},
		{"reset", joined(ok, http2Frame(frameReset, 0, 1, []byte{0, 0, 0, 2})), 200, results.Transport, "stream reset"},
		{"closed in the body", joined(http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "503")), http2Frame(frameData, 0, 1, []byte("hel"))), 503, results.Transport, "closed early"},
		{"closed in a frame", joined(ok, http2Frame(frameData, end, 1, []byte("hello"))[:11]), 200, results.Transport, "closed early"},
		{"HTTP/1.1", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, results.Transport, "malformed answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := serveFrames(t, Config{MaxBodyBytes: 100_000}, c.say)
			call := r.do(t, "POST", "/") // which never goes out twice
			s := call.Sample
			if s.Status != c.status || s.Outcome != c.outcome || s.Reason != c.reason {
				t.Errorf("status %d, outcome %v, reason %q (%v); want %d, %v, %q",
					s.Status, s.Outcome, s.Reason, call.Err, c.status, c.outcome, c.reason)
			}
			if s.Cache != results.CacheUnknown {
				t.Errorf("cache %v, which only an informational answer said", s.Cache)
			}
		})
	}
}

// Frames that name other hosts, ALTSVC (RFC 7838) and ORIGIN (RFC 8336), lead
// nowhere: every connection is to the address of its call.
func TestHTTP2FramesLeadNowhere(t *testing.T) {
	alt := append([]byte{0, 23}, "https://www.example.comh2=\"203.0.113.9:443\"; ma=9"...)
	origin := append([]byte{0, 23}, "https://www.example.com"...)
	say := joined(
		http2Frame(0xa, 0, 0, alt), http2Frame(0xa, 0, 1, alt[25:]), http2Frame(0xc, 0, 0, origin),
		http2Frame(frameHeaders, endHeaders|end, 1, fieldsOf(":status", "421", "alt-svc", "h2=\"203.0.113.9:443\"")),
	)
	var dialled atomic.Int64
	r := serveFrames(t, Config{}, say)
	dial := r.cfg.Dial
	r.cfg.Dial = func(ctx context.Context, from netip.Addr, to netip.AddrPort) (net.Conn, error) {
		if to != r.at {
			t.Errorf("dialled %s, want %s only", to, r.at)
		}
		dialled.Add(1)
		return dial(ctx, from, to)
	}
	answered := 0
	for dialled.Load() < 3 { // the server ends each connection after an answer
		if r.do(t, "GET", "/").Sample.Status == 421 {
			answered++
		}
	}
	if answered == 0 {
		t.Error("no answer came")
	}
}

// Bodies of both ways through windows that are much smaller, at once on one
// connection; and settings that change the windows meanwhile.
func TestHTTP2FlowControl(t *testing.T) {
	body := make([]byte, 3<<20)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(body)
	var whole atomic.Int64
	server := unstarted(results.H2, func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err == nil && bytes.Equal(got, body) {
			whole.Add(1)
		}
		for range 4 {
			w.Write(body)
		}
	})
	server.Config.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerConnection: 1 << 17, MaxReceiveBufferPerStream: 1 << 16}
	start(t, results.H2, server)
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	const n = 6
	for range n {
		call := r.call("POST", "/")
		call.Request.Body = body
		r.Start(call)
	}
	for range n {
		c := r.next(t)
		if c.Err != nil || c.answer.body != 4*int64(len(body)) {
			t.Errorf("%d bytes of body came, want %d: %v", c.answer.body, 4*len(body), c.Err)
		}
		if out := c.Sample.BytesOut; out < int64(len(body)) || out > int64(len(body))+1<<16 {
			t.Errorf("%d bytes went out for a body of %d", out, len(body))
		}
	}
	if whole.Load() != n {
		t.Errorf("%d bodies arrived whole, want %d", whole.Load(), n)
	}
}

// Each stream has the whole time-out; one that runs out takes no other with
// it, and is told to the server.
func TestHTTP2EachStreamHasItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		resets := make(chan uint32, 10)
		go func() { // answers every second request, 6 s after it came
			answer := fieldsOf(":status", "200")
			go far.Write(http2Frame(frameSettings, 0, 0, nil))
			io.ReadFull(far, make([]byte, len(preface)))
			for n := 1; ; {
				kind, stream, err := readHTTP2Frame(far)
				if err != nil {
					return
				}
				switch kind {
				case frameHeaders:
					if n++; n%2 == 0 {
						time.AfterFunc(6*time.Second, func() { far.Write(http2Frame(frameHeaders, endHeaders|end, stream, answer)) })
					}
				case frameReset:
					resets <- stream
				}
			}
		}()
		dialled := 0
		r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
			Protocol: results.H2, Timeout: 10 * time.Second,
			Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
				dialled++
				return near, nil
			},
		})
		for range 6 {
			r.Start(r.call("GET", "/"))
			time.Sleep(4 * time.Second)
		}
		ends := map[string]int{}
		for range 6 {
			c := <-r.done
			ends[fmt.Sprintf("%v %s", c.Sample.Service(), c.Sample.Reason)]++
		}
		if want := map[string]int{"6s ": 3, "10s timeout": 3}; !maps.Equal(ends, want) {
			t.Errorf("the exchanges ended %v, want %v", ends, want)
		}
		synctest.Wait()
		if dialled != 1 || len(resets) != 3 {
			t.Errorf("%d connections were dialled and %d streams reset, want 1 and 3", dialled, len(resets))
		}
		far.Close()
	})
}

// A connection on which nothing comes any more is given up with its first
// time-out, so that not every later request has to wait for its own.
func TestHTTP2SilentConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
			Protocol: results.H2, Timeout: 10 * time.Second,
			Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
				dialled++
				near, far := net.Pipe()
				go far.Write(http2Frame(frameSettings, 0, 0, nil))
				go io.Copy(io.Discard, far)
				return near, nil
			},
		})
		for range 3 { // the settings come after the first began
			if c := r.do2(); c.Sample.Reason != "timeout" || c.Sample.Service() != 10*time.Second {
				t.Errorf("reason %q after %v, want a timeout after 10 s", c.Sample.Reason, c.Sample.Service())
			}
		}
		if dialled != 2 {
			t.Errorf("%d connections were dialled, want 2", dialled)
		}
	})
}

// Streams that a server refuses go out again elsewhere; those above the one
// that its GOAWAY names do so too, and those below are carried to their end.
func TestHTTP2GoAwayTellsWhatWasProcessed(t *testing.T) {
	var conns, served atomic.Int64
	r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
		Protocol: results.H2,
		Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
			near, far := net.Pipe()
			first := conns.Add(1) == 1
			go func() {
				defer far.Close()
				answer := fieldsOf(":status", "200")
				write := func(b []byte) { far.Write(b) }
				write(http2Frame(frameSettings, 0, 0, nil))
				got := 0
				io.ReadFull(far, make([]byte, len(preface)))
				for {
					kind, stream, err := readHTTP2Frame(far)
					if err != nil {
						return
					}
					if kind != frameHeaders {
						continue
					}
					got++
					switch {
					case !first || got < 4:
						served.Add(1)
						write(http2Frame(frameHeaders, endHeaders|end, stream, answer))
					case got == 6: // 4, 5 and 6 are there: 4 is processed, 5 refused, 6 was never seen
						served.Add(1)
						last := stream - 4
						write(http2Frame(frameReset, 0, stream-2, []byte{0, 0, 0, codeRefused}))
						write(http2Frame(frameGoAway, 0, 0, binary.BigEndian.AppendUint64(nil, uint64(last)<<32)))
						write(http2Frame(frameHeaders, endHeaders|end, last, answer))
					}
				}
			}()
			return near, nil
		},
	})
	for range 3 {
		r.do(t, "POST", "/")
	}
	for range 3 {
		r.Start(r.call("POST", "/"))
	}
	for range 3 {
		if c := r.next(t); c.Err != nil || c.Sample.Status != 200 {
			t.Errorf("status %d: %v", c.Sample.Status, c.Err)
		}
	}
	if served.Load() != 6 || conns.Load() != 2 {
		t.Errorf("%d requests were processed on %d connections, want 6 on 2", served.Load(), conns.Load())
	}
}

// do2 is do without a clock of its own, for virtual time.
func (r *rig) do2() *Call {
	r.Start(r.call("GET", "/"))
	return <-r.done
}

// What a request carries arrives as it was asked for.
func TestHTTP2Requests(t *testing.T) {
	type seen struct{ method, uri, host, header, length string }
	got := make(chan seen, 1)
	server := serverOf(t, results.H2, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		got <- seen{r.Method, r.RequestURI, r.Host, fmt.Sprint(r.Header), strconv.FormatInt(r.ContentLength, 10)}
	})
	r := newRig(t, server.Listener.Addr(), Config{Protocol: results.H2, TLS: trust(server)})
	long := strings.Repeat("v", 40_000) // more than a frame
	for _, c := range []struct {
		request Request
		want    seen
	}{
		{Request{Method: "GET", Target: []byte("/a%2Fb?q=%20&r")}, seen{"GET", "/a%2Fb?q=%20&r", "www.example.com", "map[]", "0"}},
		{Request{Method: "DELETE", Target: []byte("/")}, seen{"DELETE", "/", "www.example.com", "map[]", "0"}},
		{Request{Method: "POST", Target: []byte("/"), Body: []byte("hello")}, seen{"POST", "/", "www.example.com", "map[Content-Length:[5]]", "5"}},
		{Request{Method: "PUT", Target: []byte("/")}, seen{"PUT", "/", "www.example.com", "map[Content-Length:[0]]", "0"}},
		{Request{Method: "GET", Target: []byte("/"), Header: []results.Header{
			{Name: "X-One", Value: "1"}, {Name: "Connection", Value: "close"}, {Name: "Keep-Alive", Value: "5"}, {Name: "x-one", Value: "2"}, {Name: "X-Long", Value: long},
		}}, seen{"GET", "/", "www.example.com", "map[X-Long:[" + long + "] X-One:[1 2]]", "0"}},
	} {
		call := &Call{Request: c.request, Edge: r.at}
		call.Request.Host = "www.example.com"
		r.Start(call)
		if c := r.next(t); c.Err != nil {
			t.Fatal(c.Err)
		}
		if s := <-got; s != c.want {
			t.Errorf("arrived %.300v\nwant %.300v", s, c.want)
		}
	}
}

// Whatever a server says, a call comes back once, and without a panic; and it
// makes no difference in which pieces it comes.
func FuzzHTTP2Answer(f *testing.F) {
	ok := http2Frame(frameHeaders, endHeaders, 1, fieldsOf(":status", "200", "x-cache", "Hit from cloudfront"))
	f.Add(joined(ok, http2Frame(frameData, end, 1, []byte("hello"))), uint64(1))
	f.Add(joined(http2Frame(frameSettings, 0, 0, appendSetting(nil, settingStreams, 1)), ok, http2Frame(frameReset, 0, 1, make([]byte, 4))), uint64(2))
	f.Add(joined(http2Frame(frameGoAway, 0, 0, make([]byte, 8)), http2Frame(framePing, 0, 0, make([]byte, 8))), uint64(3))
	f.Add(joined(http2Frame(frameHeaders, 0, 1, nil), http2Frame(frameContinuation, endHeaders, 1, fieldsOf(":status", "404"))), uint64(4))
	f.Fuzz(func(t *testing.T, say []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		a := readFrames(t, say, func() int { return len(say) })
		b := readFrames(t, say, func() int { return 1 + rng.IntN(40) })
		if a != b {
			t.Fatalf("as a whole: %s\nin pieces: %s", a, b)
		}
	})
}

// readFrames hands what a server says to a connection with one stream, in
// pieces, and tells what came of it.
func readFrames(t *testing.T, say []byte, size func() int) string {
	tr := New(Config{Protocol: results.H2, Now: func() time.Duration { return 1 }, Sent: func(*Call) {}, Done: func(*Call) {}, MaxBodyBytes: 1 << 20})
	defer tr.Close()
	c, err := tr.newH2(&pool{t: tr}, nowhere{})
	if err != nil {
		t.Fatal(err)
	}
	c.reader.greeted = true
	call := &Call{Request: Request{Method: "POST", Target: []byte("/"), Host: "h", Body: make([]byte, 100_000)}}
	c.appendRequest(c.open(call))
	for len(say) > 0 && err == nil {
		n := min(max(1, size()), len(say))
		err = c.reader.read(say[:n], 1)
		say = say[n:]
	}
	if len(c.out) > 1<<20 || len(c.reader.partial) > 1<<15 || len(c.reader.ended) > 1 {
		t.Fatalf("%d bytes to write, %d of a frame, %d calls ended", len(c.out), len(c.reader.partial), len(c.reader.ended))
	}
	var ends []string
	for _, e := range c.reader.ended {
		ends = append(ends, fmt.Sprint(e.err, e.again))
	}
	return fmt.Sprint(err != nil, ends, len(c.streams), call.answer.body, call.answer.reply, call.answer.fields(), errors.Is(err, ErrHeader))
}

// nowhere is a link to nobody.
type nowhere struct{}

func (nowhere) waiting() int                           { return 0 }
func (nowhere) read(func([]byte, time.Duration)) error { return io.EOF }
func (nowhere) send([]byte) error                      { return nil }
func (nowhere) deadline(time.Time)                     {}
func (nowhere) open() bool                             { return true }
func (nowhere) unseen(int) bool                        { return false }
func (nowhere) local() netip.Addr                      { return netip.Addr{} }
func (nowhere) close() int                             { return 0 }
