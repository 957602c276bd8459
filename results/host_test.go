package results

import "testing"

func TestTroubleNamesExceededAllowances(t *testing.T) {
	h := &Host{Allowances: map[string]int64{
		"ens5 pps_allowance_exceeded": 8, "ens5 bw_in_allowance_exceeded": 1, "ens5 bw_out_allowance_exceeded": 0,
	}}
	const want = "a network allowance of the instance was exceeded (ens5 bw_in_allowance_exceeded, ens5 pps_allowance_exceeded): use a larger instance, or more of them"
	if got := h.Trouble(); got != want || len(Troubles(got)) != 1 {
		t.Errorf("Trouble() = %q, want %q as one", got, want)
	}
	h.Allowances = map[string]int64{"ens5 pps_allowance_exceeded": 0}
	if got := h.Trouble(); got != "" {
		t.Errorf("Trouble() = %q of one that did not rise", got)
	}
	if got := new(Host).Trouble(); got != "" {
		t.Errorf("Trouble() = %q of a machine without such counters", got)
	}
}

func TestJoinTroubles(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{"", "", ""},
		{"out of ports", "", "out of ports"},
		{"", "out of ports", "out of ports"},
		{"out of ports", "out of ports", "out of ports"},
		{"out of ports", "too many open files; out of ports", "out of ports; too many open files"},
	} {
		if got := JoinTroubles(c.a, c.b); got != c.want {
			t.Errorf("JoinTroubles(%q, %q) = %q, want %q", c.a, c.b, got, c.want)
		}
	}
}
