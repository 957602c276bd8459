package run

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"frontload/attack/dns"
	"frontload/results"
	"frontload/results/live"
)

// One resolver of three has an address for the clients from the start, one when
// the load goes on, and one never: the run begins all the same, and tells who
// was missing.
func TestRunBeginsThoughNotAllCanLookUp(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.5.1")
	late, able, never := newNameServer(t, 60), newNameServer(t, 60, "127.73.5.1"), newNameServer(t, 60)
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: 3, addresses: [127.74.5.0/29], resolvers: ["%s", "%s", "%s"]}
requests: [{path: /}]
load: {rate: 30/s, for: 5s}
`, server.port, late.addr, able.addr, never.addr), func(live.Status) { late.set("127.73.5.1") })
	if err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if n := len(server.clients); n != 2 {
		t.Errorf("%d clients sent requests (%v), want the one that could look the target up and the one that could later", n, server.clients)
	}
	told := eventsOnDNS(run)
	if len(told) != 2 || told[0].At != 0 || !strings.HasPrefix(told[0].Text, "2 of 3 clients could not look the target up") ||
		!strings.HasPrefix(told[1].Text, "1 of 3 clients sent nothing") || !strings.Contains(told[1].Text, never.addr) {
		t.Errorf("events on DNS: %+v, want that 2 of 3 clients could not look the target up before the load, and in the end 1 by %s", told, never.addr)
	}
}

// A client of a guided load that is to join and cannot look the target up is
// told of while the load goes on.
func TestClientThatCannotJoinIsTold(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.73.6.1")
	able, never := newNameServer(t, 60, "127.73.6.1"), newNameServer(t, 60)
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:%s"}
clients: {count: 2, addresses: [127.74.6.0/30], resolvers: ["%s", "%s"]}
requests: [{path: /}]
load: {guided: {start: 10/s, peak: 40/s, growth: 100%%, every: 1s, hold: 1s}}
`, server.port, able.addr, never.addr), nil)
	if err != nil {
		t.Fatal(err)
	}
	told := eventsOnDNS(run)
	if len(told) != 2 || told[0].At == 0 || !strings.HasPrefix(told[0].Text, "1 of 2 clients could not look the target up") {
		t.Errorf("events on DNS: %+v, want one during the load that 1 of 2 clients could not look the target up, and one at the end", told)
	}
}

func eventsOnDNS(run *results.Run) (list []results.Event) {
	for _, e := range run.Events {
		if e.Kind == "dns" {
			list = append(list, e)
		}
	}
	return list
}

// Where no resolver has an address for any client, no run begins.
func TestNoRunBeginsWhereNobodyCanLookUp(t *testing.T) {
	t.Parallel()
	one, two := newNameServer(t, 60), newNameServer(t, 60)
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://cdn.test:1"}
clients: {count: 4, resolvers: ["%s", "%s"]}
requests: [{path: /}]
load: {rate: 5/s, for: 1s}
`, one.addr, two.addr), nil)
	if run != nil || !errors.Is(err, dns.ErrNoAddress) {
		t.Errorf("Run() = %v, %v; want no run and %v", run, err, dns.ErrNoAddress)
	}
}
