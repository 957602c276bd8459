package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"frontload/scenarios/urls"
)

const (
	maxVarFile  = 64 << 20 // bytes of a variable's file
	maxVarLines = 5_000_000
	maxBodyFile = 16 << 20 // bytes of a body's file
)

// requests compiles the section requests: the names and the generator. An
// entry with recorded requests becomes one for each name of these.
func (s *Scenario) requests(f *faults, p *Plan) {
	m := s.model.Requests
	if !s.origin.has("requests") {
		f.add("requests", "there is nothing to send: add a request, such as - {name: home, path: /}")
		return
	}
	entries := make([]urls.Entry, 0, len(m))
	for i := range m {
		at := fmt.Sprintf("requests[%d]", i)
		if m[i].Name == "" && m[i].Path != "" {
			f.add(at+".name", "it is empty")
		}
		if first := slices.Index(p.Requests, m[i].Name); first >= 0 && m[i].Name != "" {
			f.add(at+".name", "request %d is called %q too: give each a name of its own", p.of[first]+1, m[i].Name)
		}
		for _, e := range s.entries(f, at, &m[i], p) {
			entries = append(entries, e)
			p.Requests, p.Hits, p.of = append(p.Requests, e.Name), append(p.Hits, e.Hits), append(p.of, i)
		}
	}
	var err error
	p.URLs, err = urls.New(entries, s.model.Load.Seed)
	addEntryFaults(f, p.of, err)
}

// entries compiles one request.
func (s *Scenario) entries(f *faults, at string, m *requestSection, p *Plan) []urls.Entry {
	e := s.entry(f, at, m)
	if s.origin.has(at + ".from") {
		return s.recordedEntries(f, at, m, e, p)
	}
	for _, key := range []string{"format", "fields", "host", "methods", "gaps"} {
		if s.origin.has(at + "." + key) {
			f.addKey(at+"."+key, "it goes with from only, which names recorded requests")
		}
	}
	return []urls.Entry{e}
}

// addEntryFaults turns the faults of entries into those of the scenario. Of
// says which request an entry is of; what is wrong with several entries of one
// is said once.
func addEntryFaults(f *faults, of []int, err error) {
	said := map[string]bool{}
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
		at := join(fmt.Sprintf("requests[%d]", of[fault.Entry]), fault.Field)
		if key := at + " " + fault.Err.Error(); said[key] {
			continue
		} else {
			said[key] = true
		}
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
		Query: m.Query, Headers: m.Headers, Body: s.body(f, at, m), Bypass: m.Cache.word == "bypass", Hits: float64(m.Cache.Hits),
		Env: s.inputs.Env.known(m.Headers),
	}
	s.cache(f, at, m.Cache)
	sameHeader(f, at, m.Headers)
	if len(m.Vars) > 0 {
		e.Vars = make(map[string]urls.Var, len(m.Vars))
	}
	for _, name := range slices.Sorted(maps.Keys(m.Vars)) {
		e.Vars[name] = s.variable(f, at+".vars."+name, m.Vars[name])
	}
	return e
}

// cache checks what an entry says of caches.
func (s *Scenario) cache(f *faults, at string, c cachePolicy) {
	const ways = "write bypass or {hits: 90%%}, or leave the key out"
	at += ".cache"
	switch {
	case !s.origin.has(at):
	case s.origin.has(at+".hits") && c.Hits == 0:
		f.add(at+".hits", "0%% makes each request a miss: write cache: bypass for that")
	case c.Hits == 0 && c.word == "":
		f.add(at, "it is empty: "+ways)
	case c.Hits == 0 && c.word != "bypass":
		f.add(at, "%q is not known: "+ways, c.word)
	}
}

// body returns the body as it is written, or that of a file.
func (s *Scenario) body(f *faults, at string, m *requestSection) []byte {
	if !s.origin.has(at + ".body-file") {
		return []byte(m.Body)
	}
	if m.Body != "" {
		f.addKey(at+".body-file", "body and body-file stand together: keep one of them")
	}
	data, err := s.file(m.BodyFile, maxBodyFile)
	switch {
	case err != nil:
		f.add(at+".body-file", "%v", err)
	case len(data) == 0:
		f.add(at+".body-file", "%s is empty: leave the key out for no body", m.BodyFile)
	}
	return data
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
	if weighted, ok := weighted(list); ok {
		return weighted
	}
	return list
}

// weighted reads lines of a value, a tab and a weight each; it is not ok where
// one is none.
func weighted(lines urls.List) (w urls.Weighted, ok bool) {
	for _, line := range lines {
		i := strings.LastIndexByte(line, '\t')
		if i < 0 {
			return w, false
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(line[i+1:]), 64)
		if err != nil {
			return w, false
		}
		w.Values, w.Weights = append(w.Values, strings.TrimSpace(line[:i])), append(w.Weights, weight)
	}
	return w, len(lines) > 0
}
