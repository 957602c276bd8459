package wire

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"frontload/results"
)

// armed reports whether some connection of the rig's one pool has a deadline
// still, and so is not known to be idle.
func (r *rig) armed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pools {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.all {
			switch c := c.(type) {
			case *h1Conn:
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.armed {
					return true
				}
			case *h2Conn:
				c.mu.Lock()
				defer c.mu.Unlock()
				if c.armed {
					return true
				}
			}
		}
	}
	return false
}

// A connection that was found to be idle, and is read by another goroutine
// from then on, goes on as before: it carries more, and its end is seen.
func TestIdleConnectionsGoOn(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			l := newLedger(t, kind.protocol, kind.secure, [2]uint16{}, nil)
			cfg := l.config(kind.protocol)
			cfg.Timeout = 100 * time.Millisecond // an idle connection is found after as long
			r := newRig(t, l.Listener.Addr(), cfg)
			for i := range 4 {
				if c := r.do(t, "GET", "/"); c.Err != nil || c.Sample.Fresh != (i == 0) {
					t.Fatalf("request %d: %v, fresh %t", i, c.Err, c.Sample.Fresh)
				}
				for until := time.Now().Add(10 * time.Second); r.armed(); time.Sleep(time.Millisecond) {
					if time.Now().After(until) {
						t.Fatal("the connection is not found to be idle")
					}
				}
			}
			l.CloseClientConnections()
			l.awaitOpen(t, 0)
			if c := r.do(t, "GET", "/"); c.Err != nil || !c.Sample.Fresh {
				t.Errorf("after the server closed it: %v, fresh %t; want a new connection", c.Err, c.Sample.Fresh)
			}
		})
	}
}

// An exchange that takes longer than it takes to look for idle connections has
// all its time, and no more.
func TestSlowExchangesKeepTheirTime(t *testing.T) {
	for _, protocol := range []results.Protocol{results.H1, results.H2} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, Config{
				Protocol: protocol, Timeout: 30 * time.Second,
				Dial: func(context.Context, netip.Addr, netip.AddrPort) (net.Conn, error) {
					near, far := net.Pipe()
					if protocol == results.H2 {
						go far.Write(http2Frame(frameSettings, 0, 0, nil))
					}
					go io.Copy(io.Discard, far) // and never an answer
					return near, nil
				},
			})
			r.Start(r.call("GET", "/"))
			begin := time.Now()
			c := <-r.done
			if took := time.Since(begin); c.Sample.Reason != "timeout" || took != 30*time.Second {
				t.Errorf("%s: %q after %v, want a time-out after %v", alpn(protocol), c.Sample.Reason, took, 30*time.Second)
			}
			r.Close()
		})
	}
}
