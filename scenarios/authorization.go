package scenarios

import (
	"fmt"
	"net/netip"
	"strings"

	"frontload/internal/nearest"
	"frontload/scenarios/proof"
)

// authorization compiles an authorization, which stands at path: what shows
// that what may be done.
func (s *Scenario) authorization(f *faults, path string, a *authorizationSection, what string) Authorization {
	if a == nil {
		return Authorization{}
	}
	if a.Proof == "" && !s.origin.has(path+".proof") || s.origin.has(path+".attest") {
		if strings.TrimSpace(a.Attest) == "" {
			f.add(path, "the reason is empty: say why %s, such as \"CHG-4711, we own it\"", what)
		}
	}
	ways := []string{proof.DNS, proof.WellKnown}
	if s.origin.has(path+".proof") && a.Proof != proof.DNS && a.Proof != proof.WellKnown {
		hint := ""
		if near := nearest.Word(a.Proof, ways); near != "" {
			hint = fmt.Sprintf(", did you mean %q?", near)
		}
		f.add(path+".proof", "%q is no way to prove ownership, want %s%s", a.Proof, strings.Join(ways, " or "), hint)
	}
	if s.origin.has(path + ".token") {
		if err := proof.CheckToken(a.Token); err != nil {
			f.add(path+".token", "%v", err)
		} else if !s.origin.has(path + ".proof") {
			f.add(path+".token", "it proves nothing by itself: say where it is published, with proof: dns or proof: well-known")
		}
	}
	return Authorization(*a)
}

// outside compiles target.outside.
func (s *Scenario) outside(f *faults) []netip.Prefix {
	var list []netip.Prefix
	for i, text := range s.model.Target.Outside {
		p, err := parsePrefix(text)
		if err == nil {
			err = usable(p)
		}
		if err != nil {
			f.add(fmt.Sprintf("target.outside[%d]", i), "%v", err)
			continue
		}
		list = append(list, p)
	}
	return list
}
