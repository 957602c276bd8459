package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"frontload/internal/netns"
)

// Ten thousand clients, each with a source address of its own: the server sees
// each of them as often as was planned, from that address. One pool after the
// other, since this process may have 20,000 files open where tests are run.
func TestTenThousandSourceAddresses(t *testing.T) {
	clients := 10_000
	if raceEnabled {
		clients = 2_500
		t.Logf("only %d: the race detector bears no more goroutines; `make scale` runs all", clients)
	}
	for _, c := range []struct {
		name, pool, network, listen string
		setUp                       []string
	}{
		{name: "IPv4, a /18 of loopback", pool: "127.64.0.0/18", network: "tcp4", listen: "127.0.0.1:0"},
		{
			name: "IPv6, a /80 that is on no interface", pool: "2001:db8:1::/80", network: "tcp6", listen: "[::1]:0",
			setUp: []string{"ip -6 route add local 2001:db8:1::/80 dev lo"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.setUp != nil {
				netns.Enter(t)
			}
			for _, command := range c.setUp {
				netns.Do(t, command)
			}
			server := newCallers(t, c.network, c.listen)
			dir := t.TempDir()
			scenario := fmt.Sprintf("version: 1\ntarget: {url: 'http://%s'}\nclients: {count: %d, addresses: ['%s'], timeout: 20s}\n"+
				"requests: [{path: /}]\nload: {rate: %d/s, for: 4s}\n", server.Addr(), clients, c.pool, clients/4)
			if err := os.WriteFile(filepath.Join(dir, "scale.yaml"), []byte(scenario), 0o644); err != nil {
				t.Fatal(err)
			}
			a := finish(t, program(t, dir, "attack", "scale.yaml", "--json", "--quiet"), 0, 6).Analysis
			requests, connections := server.asked(), server.connected()
			pool := netip.MustParsePrefix(c.pool)
			for from, n := range requests {
				if !pool.Contains(from) || n != 1 || connections[from] != 1 {
					t.Errorf("%s sent %d requests on %d connections, want 1 on 1 from within %s", from, n, connections[from], pool)
				}
			}
			// A generator that has no processor left misses arrivals, and says so.
			if got := int64(len(requests)) + a.Trust.MissedArrivals; got != int64(clients) || a.Trust.UnsentArrivals != 0 {
				t.Errorf("%d source addresses were seen and %d arrivals missed, %d unsent; want %d in all", len(requests), a.Trust.MissedArrivals, a.Trust.UnsentArrivals, clients)
			}
			if len(requests) < clients/10 {
				t.Errorf("only %d source addresses were seen", len(requests))
			}
		})
	}
}
