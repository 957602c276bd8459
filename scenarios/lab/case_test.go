package lab

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestCasesAreThoseOfTheContract(t *testing.T) {
	var names []string
	for _, c := range Cases() {
		names = append(names, c.Name)
		if c.Title == "" || c.Bare != strings.HasSuffix(c.Name, bareSuffix) {
			t.Errorf("%s: title %q, bare %t", c.Name, c.Title, c.Bare)
		}
	}
	want := "calm edge-capacity edge-capacity-bare edge-quota edge-quota-bare edge-compute edge-compute-bare " +
		"origin-s3 origin-s3-bare origin-elb origin-elb-bare origin-custom origin-custom-bare " +
		"origin-cached origin-cached-bare mixed mixed-bare"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("Cases() are %s, want %s", got, want)
	}
}

func TestFindCaseSaysWhatThereIs(t *testing.T) {
	tests := []struct{ name, want string }{
		{"mixd", "did you mean mixed?"},
		{"Origin-S3", "did you mean origin-s3?"},
		{"edge-capcity-bare", "did you mean edge-capacity-bare?"},
		{"zzzzzz", "there are calm, edge-capacity, "},
		{"", "there are calm, "},
	}
	for _, test := range tests {
		_, err := FindCase(test.name)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("FindCase(%q) fails with %v, want %q in it", test.name, err, test.want)
		}
	}
	if c, err := FindCase("origin-s3-bare"); err != nil || c.Name != "origin-s3-bare" || !c.Bare {
		t.Errorf("FindCase(origin-s3-bare) = %s, %v", c.Name, err)
	}
}

// Faults lie within the run, after a while and before its end, apart from
// each other, and differ with the seed.
func TestFaultsLieInTheRun(t *testing.T) {
	length := 30 * time.Second
	for _, c := range Cases() {
		starts := map[time.Duration]bool{}
		for seed := range uint64(20) {
			last := 3 * time.Second
			for _, f := range New(c, seed, length).Truth().Faults {
				lasts := f.End - f.Start
				if f.Start < last || f.End > length-2*time.Second || lasts > 8*time.Second || lasts < 2*time.Second {
					t.Errorf("%s, seed %d: fault from %v to %v", c.Name, seed, f.Start, f.End)
				}
				last = f.End + 3*time.Second
				starts[f.Start] = true
			}
		}
		if c.Faulty() && len(starts) < 10 {
			t.Errorf("%s: %d starts in 20 seeds, want most to differ", c.Name, len(starts))
		}
	}
}

func TestResolveGivesThePOPOfTheSubnet(t *testing.T) {
	m := New(mustCase(t, "calm"), 1, time.Minute)
	edges := map[netip.Addr]string{}
	for _, e := range m.Edges() {
		edges[e.Addr] = e.POP
	}
	if len(edges) != len(locations())*perPOP {
		t.Fatalf("%d edge addresses, want %d", len(edges), len(locations())*perPOP)
	}
	for _, l := range locations() {
		firsts := map[netip.Addr]bool{}
		for range perPOP {
			answer, ttl := m.Resolve(0, l.near, false)
			if len(answer) != perPOP || ttl != lookupTTL {
				t.Fatalf("Resolve(%v) = %v, %v", l.near, answer, ttl)
			}
			firsts[answer[0]] = true
			for _, a := range answer {
				if edges[a] != l.name {
					t.Errorf("Resolve(%v) gives %v of %s, want %s", l.near, a, edges[a], l.name)
				}
			}
		}
		if len(firsts) != perPOP {
			t.Errorf("%d look-ups begin with %d addresses, want each in turn", perPOP, len(firsts))
		}
	}
	for _, subnet := range []string{"10.1.2.0/24", "2001:db8:1::/56", "::ffff:203.0.113.0/120"} {
		if answer, _ := m.Resolve(0, netip.MustParsePrefix(subnet), false); len(answer) != perPOP {
			t.Errorf("Resolve(%s) = %v", subnet, answer)
		}
	}
	if answer, _ := m.Resolve(0, netip.Prefix{}, false); len(answer) != perPOP {
		t.Errorf("Resolve of no subnet = %v", answer)
	}
	if answer, _ := m.Resolve(0, locations()[0].near, true); len(answer) != 0 {
		t.Errorf("Resolve for AAAA = %v, want none", answer)
	}
}
