package wire

import (
	"crypto/tls"
	"fmt"
	"testing"

	"frontload/results"
)

// trustNobody is a server's TLS of the given lowest and highest version.
func trustNobody(versions [2]uint16) *tls.Config {
	return &tls.Config{MinVersion: versions[0], MaxVersion: versions[1]}
}

// A client's later connections resume its session, in TLS 1.3 with a ticket
// that comes after the handshake; its first one never does, whatever other
// clients have, and with resumption off none does.
func TestResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, protocol := range []results.Protocol{results.H1, results.H2} {
			for _, on := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, resumption %t", tls.VersionName(version), alpn(protocol), on), func(t *testing.T) {
					l := newLedger(t, protocol, true, [2]uint16{version, version}, nil)
					cfg := l.config(protocol)
					cfg.Connections, cfg.Resumption = 1, on
					r := newRig(t, l.Listener.Addr(), cfg)
					for client := range uint32(3) {
						for visit := range 4 {
							call := r.call("GET", "/")
							call.Sample.Client, call.NewViewer = client, true
							r.Start(call)
							if c := r.next(t); c.Err != nil {
								t.Fatalf("client %d, visit %d: %v", client, visit, c.Err)
							}
							l.mu.Lock()
							if got, want := len(l.requests), int(client)*4+visit+1; got != want {
								t.Errorf("client %d, visit %d: %d connections, want %d", client, visit, got, want)
							}
							resumed := 0
							for _, r := range l.resumed {
								if r {
									resumed++
								}
							}
							l.mu.Unlock()
							want := 0
							if on {
								want = int(client)*3 + visit
							}
							if resumed != want {
								t.Fatalf("client %d, visit %d: %d connections so far were resumed, want %d", client, visit, resumed, want)
							}
						}
					}
				})
			}
		}
	}
}

// What a client remembers does not grow with its connections.
func TestSessionsAreBounded(t *testing.T) {
	l := newLedger(t, results.H1, true, [2]uint16{}, nil)
	cfg := l.config(results.H1)
	cfg.Resumption = true
	r := newRig(t, l.Listener.Addr(), cfg)
	for i := range 40 {
		call := r.call("GET", "/")
		call.Sample.Client, call.NewViewer = uint32(i%2), true
		r.Start(call)
		r.next(t)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.secure) != 2 {
		t.Errorf("%d sessions are kept for 2 clients", len(r.secure))
	}
	one, _ := r.secure[0].ClientSessionCache.Get("example.com")
	other, _ := r.secure[1].ClientSessionCache.Get("example.com")
	if one == nil || other == nil || one == other {
		t.Errorf("sessions %p and %p, want one for each client", one, other)
	}
	if got, found := r.secure[0].ClientSessionCache.Get("other.example"); found {
		t.Errorf("session %p for another server", got)
	}
}
