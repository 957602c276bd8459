package urls

import (
	"slices"
	"strings"

	"frontload/results"
)

// compileTargets makes an entry of recorded requests ready.
func compileTargets(f *faults, in *Entry) entry {
	e := entry{targets: in.Targets, bypass: in.Bypass}
	if in.Path != "" || len(in.Query) > 0 || len(in.Body) > 0 || len(in.Vars) > 0 {
		f.add("path", "recorded requests have paths and bodies of their own")
	}
	if in.Targets.Len() == 0 {
		f.add("", "no recorded request is left to send")
	}
	s := &scope{}
	var own []results.Header // sent with all
	for _, h := range in.Headers {
		t := f.header(s, in, h)
		own = append(own, results.Header{Name: h.Name, Value: string(t.append(nil, nil, inHeader))})
	}
	for _, shape := range in.Targets.shapes {
		e.shapeHeader = append(e.shapeHeader, joinHeaders(own, shape.header))
	}
	return e
}

// joinHeaders returns own and those recorded headers that none of own stands for.
func joinHeaders(own, recorded []results.Header) []results.Header {
	if len(own) == 0 {
		return recorded
	}
	all := slices.Clip(own)
	for _, h := range recorded {
		if !slices.ContainsFunc(own, func(o results.Header) bool { return strings.EqualFold(o.Name, h.Name) }) {
			all = append(all, h)
		}
	}
	return all
}
