package accesslog

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// Of very many clients the busiest keep their names, none is lost, and how
// many there were is known to 2 %.
func TestManyClients(t *testing.T) {
	var a, b clients
	r := row{status: 503, sent: 10, columns: &columns{}}
	const few = 200_000
	for i := range few {
		a.add(&r, fmt.Appendf(nil, "2001:db8::%x", i), mostClients)
		b.add(&r, fmt.Appendf(nil, "2001:db8::%x", i+few/2), mostClients)
		if i%20 == 0 {
			a.add(&r, fmt.Appendf(nil, "192.0.2.%d", i/20%100), mostClients)
		}
	}
	a.merge(&b)
	list, seen, exact := a.tallies()
	if exact || math.Abs(float64(seen)/(1.5*few+100)-1) > 0.04 {
		t.Errorf("%d clients, exact: %v, want about %d, not exact", seen, exact, int(1.5*few))
	}
	if len(list) != toldClients+1 || list[toldClients].Name != "" {
		t.Fatalf("%d tallies, want %d and the rest", len(list), toldClients)
	}
	sum := int64(0)
	for i, c := range list {
		sum += c.Requests
		if i < 100 && (!strings.HasPrefix(c.Name, "192.0.2.") || c.Requests != few/20/100 || c.Status503 != c.Requests || c.BytesIn != 10*c.Requests) {
			t.Errorf("client %d: %+v, want one of the busiest", i, c)
		}
	}
	if want := int64(2*few + few/20); sum != want {
		t.Errorf("%d requests of all clients, want %d", sum, want)
	}
}
