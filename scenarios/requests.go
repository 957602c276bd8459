package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"frontload/scenarios/urls"
)

const (
	maxVarFile  = 64 << 20 // bytes of a variable's file
	maxVarLines = 5_000_000
)

// requests compiles the section requests: the names and the generator.
func (s *Scenario) requests(f *faults) ([]string, *urls.Generator) {
	m := s.model.Requests
	if !s.origin.has("requests") {
		f.add("requests", "there is nothing to send: add a request, such as - {name: home, path: /}")
		return nil, nil
	}
	names := make([]string, 0, len(m))
	entries := make([]urls.Entry, 0, len(m))
	recorded := false
	for i := range m {
		at := fmt.Sprintf("requests[%d]", i)
		recorded = recorded || s.origin.has(at+".from")
		if m[i].Name == "" && m[i].Path != "" {
			f.add(at+".name", "it is empty")
		}
		if first := slices.Index(names, m[i].Name); first >= 0 && m[i].Name != "" {
			f.add(at+".name", "request %d is called %q too: give each a name of its own", first+1, m[i].Name)
		}
		names = append(names, m[i].Name)
		entries = append(entries, s.entry(f, at, &m[i]))
	}
	if recorded {
		return names, nil
	}
	g, err := urls.New(entries, s.model.Load.Seed)
	addEntryFaults(f, err)
	return names, g
}

// addEntryFaults turns the faults of entries into those of the scenario.
func addEntryFaults(f *faults, err error) {
	if err == nil {
		return
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		joined = oneError{err}
	}
	for _, err := range joined.Unwrap() {
		var fault *urls.Error
		if !errors.As(err, &fault) || fault.Entry < 0 {
			f.add("requests", "%v", err)
			continue
		}
		at := join(fmt.Sprintf("requests[%d]", fault.Entry), fault.Field)
		if strings.HasPrefix(fault.Field, "vars.") && strings.Count(fault.Field, ".") == 1 {
			f.addKey(at, "%v", fault.Err)
		} else {
			f.add(at, "%v", fault.Err)
		}
	}
}

type oneError struct{ error }

func (e oneError) Unwrap() []error { return []error{e.error} }

// entry compiles one request.
func (s *Scenario) entry(f *faults, at string, m *requestSection) urls.Entry {
	e := urls.Entry{
		Name: m.Name, Weight: m.Weight, Method: m.Method, Path: m.Path,
		Query: m.Query, Headers: m.Headers, Body: []byte(m.Body), Bypass: m.Cache == "bypass",
		Env: s.env.known(m.Headers),
	}
	if m.Cache != "" && m.Cache != "bypass" {
		f.add(at+".cache", "%q is not known: write bypass, or leave the key out", m.Cache)
	}
	if s.origin.has(at+".cache") && m.Cache == "" {
		f.add(at+".cache", "it is empty: write bypass, or leave the key out")
	}
	sameHeader(f, at, m.Headers)
	if len(m.Vars) > 0 {
		e.Vars = make(map[string]urls.Var, len(m.Vars))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Vars)) {
		e.Vars[name] = s.variable(f, at+".vars."+name, m.Vars[name])
	}
	return e
}

// sameHeader reports headers that differ in case only.
func sameHeader(f *faults, at string, headers pairs) {
	seen := map[string]string{}
	for _, h := range headers {
		folded := strings.ToLower(h.Name)
		if first, twice := seen[folded]; twice {
			f.addKey(at+".headers."+h.Name, "the header stands here already as %s: remove one", first)
		}
		seen[folded] = h.Name
	}
}

// variable compiles one variable. It never returns nil, so that a fault
// reported here is not reported again.
func (s *Scenario) variable(f *faults, at string, m varSection) urls.Var {
	var found []urls.Var
	if m.Zipf != nil {
		found = append(found, urls.Zipf{Count: m.Zipf.Count, Exponent: m.Zipf.Exponent})
	}
	if m.Uniform != nil {
		found = append(found, urls.Uniform{Count: m.Uniform.Count})
	}
	if m.Sequence != nil {
		found = append(found, urls.Sequence{Start: m.Sequence.Start})
	}
	if s.origin.has(at + ".list") {
		found = append(found, urls.List(m.List))
	}
	if s.origin.has(at + ".file") {
		found = append(found, s.lines(f, at+".file", m.File))
	}
	if len(found) != 1 {
		f.addKey(at, "want one of zipf, uniform, sequence, list and file, got %d of them", len(found))
		return urls.Sequence{}
	}
	return found[0]
}

// lines reads the values of a variable from a file, one a line. Blank lines
// are skipped, and the spaces around a value are not part of it.
func (s *Scenario) lines(f *faults, at, path string) urls.Var {
	data, err := s.file(path, maxVarFile)
	if err != nil {
		f.add(at, "%v", err)
		return urls.Sequence{}
	}
	var list urls.List
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	switch {
	case len(list) == 0:
		f.add(at, "%s is empty, and so there is no value to send", path)
		return urls.Sequence{}
	case len(list) > maxVarLines:
		f.add(at, "%s has %d values, and %d is the most", path, len(list), maxVarLines)
	}
	return list
}
