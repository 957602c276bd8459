package app

import (
	"bytes"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"frontload/attack/run"
	"frontload/results/store"
	"frontload/scenarios"
	"frontload/scenarios/lab"
)

// seenAtLab notes what comes to the lab. The server calls it one call at a time.
type seenAtLab struct {
	*lab.Model
	pairs   map[[2]netip.Addr]int64 // by client and edge address
	sockets map[netip.AddrPort]bool
	other   []string // protocols that were not asked for
	want    string
}

func (s *seenAtLab) Ask(now time.Duration, a lab.Ask) lab.Reply {
	s.pairs[[2]netip.Addr{a.Client, a.Edge}]++
	s.sockets[netip.AddrPortFrom(a.Client, a.Port)] = true
	if a.Protocol != s.want {
		s.other = append(s.other, a.Protocol)
	}
	return s.Model.Ask(now, a)
}

const protocolScenario = `
version: 1
target: {url: %q, ca: %q}
clients: {count: 5, addresses: [127.83.0.8/29], resolvers: [%q], protocol: %s, connections: 2, timeout: 10s}
requests: [{name: page, path: "/pages/{id}", vars: {id: {uniform: {count: 50}}}}]
load: {rate: 400/s, for: 2s, seed: 3}
`

// Over every protocol a load reaches each edge address as evenly, each client
// comes from its own source address, and the lab and the run file count alike.
func TestEveryProtocolSpreadsAlike(t *testing.T) {
	for protocol, name := range map[string]string{"h1": "HTTP/1.1", "h2": "HTTP/2.0", "h3": "HTTP/3.0"} {
		t.Run(protocol, func(t *testing.T) {
			c, err := lab.FindCase("calm")
			if err != nil {
				t.Fatal(err)
			}
			seen := &seenAtLab{Model: lab.New(c, 3, 2*time.Second), pairs: map[[2]netip.Addr]int64{}, sockets: map[netip.AddrPort]bool{}, want: name}
			rows := 0
			seen.Log = func(row []byte) { rows += bytes.Count(row, []byte("\t"+name+"\t")) }
			file := loadLab(t, seen, protocol)
			recorded, err := file.Run()
			if err != nil {
				t.Fatal(err)
			}
			clients, edges, all := map[netip.Addr]int64{}, map[netip.Addr]int64{}, int64(0)
			for pair, n := range seen.pairs {
				clients[pair[0]] += n
				edges[pair[1]] += n
				all += n
			}
			if all < 400 || len(clients) != 5 || len(edges) != 4 || len(seen.other) > 0 || int64(rows) != all {
				t.Fatalf("%d requests from %v to %v; %d rows of %s in the log, other protocols %v", all, clients, edges, rows, name, seen.other)
			}
			for pair, n := range seen.pairs {
				if share := float64(clients[pair[0]]) / 4; float64(n) < share-1 || float64(n) > share+1 {
					t.Errorf("client %v sent %d requests to %v, its even share is %.2f", pair[0], n, pair[1], share)
				}
			}
			sent, tallied := map[netip.Addr]int64{}, map[netip.Addr]int64{}
			for _, s := range recorded.Sends {
				sent[s.Edge] += s.Count
			}
			for _, c := range recorded.Clients {
				addr, err := netip.ParseAddr(c.Name)
				if err != nil || addr != netip.AddrFrom4([4]byte{127, 83, 0, 9 + byte(c.Client)}) {
					t.Errorf("client %d is %q in the run file: %v", c.Client, c.Name, err)
				}
				tallied[addr] += c.Requests
			}
			if !maps.Equal(sent, edges) || !maps.Equal(tallied, clients) {
				t.Errorf("the run file counts %v and %v, the lab %v and %v", sent, tallied, edges, clients)
			}
			if protocol == "h3" && len(seen.sockets) != 5 {
				t.Errorf("%d sockets, want one for each client: %v", len(seen.sockets), slices.Collect(maps.Keys(seen.sockets)))
			}
		})
	}
}

// loadLab loads the lab over a protocol, and returns the run file when both
// have ended.
func loadLab(t *testing.T, b lab.Behaviour, protocol string) *store.Reader {
	t.Helper()
	server, err := lab.Serve(b, lab.Config{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, server.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.Parse("test.yaml", fmt.Appendf(nil, protocolScenario, server.URL(), ca, server.Resolver(), protocol))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "run.db")
	if _, _, err := run.Run(t.Context(), plan, run.Options{File: name, Source: "attack"}); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := store.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}
