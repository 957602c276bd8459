package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"frontload/scenarios/distribution"
)

const maxDistribution = 4 << 20 // bytes of a distribution's configuration

// distribution reads the distribution of the plan's target; nil where none is
// named. What is wrong with its file is a fault of the key that names it, with
// the place in the file. One that seems to be another target's is a note.
func (s *Scenario) distribution(f *faults, p *Plan) *distribution.Distribution {
	const path = "target.distribution"
	if !s.origin.has(path) {
		return nil
	}
	data, err := s.file(s.model.Target.Distribution, maxDistribution)
	if err != nil {
		f.add(path, "%v", err)
		return nil
	}
	d, err := distribution.Read(s.model.Target.Distribution, data)
	if faults, ok := errors.AsType[distribution.Faults](err); ok {
		for _, fault := range faults {
			f.add(path, "%s", fault.Error())
		}
	}
	if d != nil && p.Target.ServerName != "" {
		if serves, known := d.Serves(p.Target.ServerName); known && !serves {
			p.Notes = append(p.Notes, fmt.Sprintf("target.distribution: %s is of a distribution that does not serve %s, but %s: is it the right one?",
				s.model.Target.Distribution, p.Target.ServerName, cmp.Or(strings.Join(d.Aliases, ", "), d.DomainName, "no name of its own")))
		}
		if d.Staging {
			p.Notes = append(p.Notes, fmt.Sprintf("target.distribution: %s is of a staging distribution, which gets a part of another one's requests", s.model.Target.Distribution))
		}
	}
	if d != nil {
		for _, code := range []int{502, 503, 504} {
			if e := d.Error(code); e.Masked() {
				p.Notes = append(p.Notes, fmt.Sprintf("target.distribution: viewers get an origin's %d as %d, so that a run sees no such error: take the custom error response out while it is tested", code, e.Response))
			}
		}
	}
	return d
}

// marker checks the name of the header that only the origin sets.
func (s *Scenario) marker(f *faults) string {
	m := s.model.Target.Marker
	if m == nil {
		return ""
	}
	name := strings.ToLower(m.Header)
	switch {
	case !s.origin.has("target.marker.header"):
		f.add("target.marker", "header is missing: name a header that only the origin sets, such as header: X-Origin-Id")
	case !headerPattern.MatchString(m.Header):
		f.add("target.marker.header", "%q is not the name of a header", m.Header)
	case edgeHeaders[name] || strings.HasPrefix(name, "x-amz-cf-"):
		f.add("target.marker.header", "%s may be CloudFront's own: name a header that only the origin sets, such as X-Origin-Id", m.Header)
	}
	return m.Header
}

// edgeHeaders are those that answers have which no origin wrote. Source: the
// CloudFront Developer Guide on response headers, and captured error pages.
var edgeHeaders = map[string]bool{
	"server": true, "date": true, "via": true, "x-cache": true, "connection": true, "content-type": true, "content-length": true,
	"content-encoding": true, "transfer-encoding": true, "age": true, "server-timing": true, "alt-svc": true, "vary": true, "location": true,
}
