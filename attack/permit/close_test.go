package permit

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"

	"frontload/scenarios/proof"
)

// A gate may be closed while look-ups bring it addresses: what is begun is
// waited for, and nothing is begun after that.
func TestCloseWhileAddressesCome(t *testing.T) {
	for range 2000 {
		var asked sync.WaitGroup
		closed := false // the race detector sees who reads it too late
		g := New(Config{
			Hostname: "www.owner.test", Host: "www.owner.test", ServerName: "www.owner.test", Scheme: "https", Port: 443,
			Proof: proof.WellKnown, Token: proof.NewToken(),
			Dial: func(context.Context, netip.AddrPort) (net.Conn, error) {
				if closed {
					t.Error("a proof began after the gate was closed")
				}
				return nil, net.ErrClosed
			},
		})
		asked.Go(func() { g.Judge(t.Context(), []netip.Addr{netip.MustParseAddr("203.0.113.9")}) })
		g.Close()
		closed = true
		asked.Wait()
	}
}
