package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"frontload/pacing"
	"frontload/results/accesslog"
	"frontload/scenarios/urls"
)

// recordedEntries compiles a request with from: an entry for each name of its
// recorded requests. E is what it says beside them. It always returns an entry,
// so that a fault reported here is not reported again.
func (s *Scenario) recordedEntries(f *faults, at string, m *requestSection, e urls.Entry, p *Plan) []urls.Entry {
	s.besidesFrom(f, at, m)
	none := []urls.Entry{{Name: e.Name, Weight: e.Weight, Path: "/"}}
	rec := s.record(f, at, m, p.Target)
	if rec == nil || e.Weight < 0 { // which is reported
		return none
	}
	p.Notes = append(p.Notes, recordingNote(m.From, rec))
	s.gaps(f, at, m, rec, p)
	if len(rec.Groups) == 0 {
		f.add(at+".from", "no request is left to send: %s", whyNone(rec, p.Target.Host))
		return none
	}
	var all []urls.Entry
	for _, g := range rec.Groups {
		named := e
		named.Name, named.Weight = ownName(g.Name, p.Requests), e.Weight*g.Share
		named.Method, named.Body, named.Targets = "", nil, g.Targets
		all = append(all, named)
	}
	return all
}

// besidesFrom reports keys that do not go with from.
func (s *Scenario) besidesFrom(f *faults, at string, m *requestSection) {
	for _, key := range []string{"path", "query", "body", "body-file", "vars"} {
		if s.origin.has(at + "." + key) {
			f.addKey(at+"."+key, "it stands beside from: recorded requests have their own; keep one of the two")
		}
	}
	if m.Method != "GET" {
		f.add(at+".method", "recorded requests have their own: remove method, or write methods: recorded to send what is not GET or HEAD too")
	}
	if m.Methods != "" && m.Methods != "get" && m.Methods != "recorded" {
		f.add(at+".methods", "%q is not known: use get or recorded", m.Methods)
	}
	if m.Format != "" && !slices.Contains(urls.Formats, m.Format) {
		f.add(at+".format", "%q is not known: use one of %s", m.Format, strings.Join(urls.Formats, ", "))
	}
}

// record reads the recorded requests of an entry, once. It returns nil where
// there is a fault.
func (s *Scenario) record(f *faults, at string, m *requestSection, target Target) *urls.Recording {
	if rec := s.recorded[at]; rec != nil {
		return rec
	}
	source := &urls.Source{
		Paths: m.From, Base: s.base, Format: m.Format, AllMethods: m.Methods == "recorded", Gaps: s.origin.has(at + ".gaps"),
		Name: m.Name, Inputs: s.inputs.Inputs,
	}
	switch {
	case s.origin.has(at+".host") && m.Host == "":
		f.add(at+".host", "it is empty: write a host, or any")
		return nil
	case m.Host != "" && m.Host != "any":
		source.Hosts = []string{m.Host}
	case m.Host == "":
		source.Hosts = []string{target.Hostname, target.Host}
	}
	if s.origin.has(at + ".fields") {
		var err error
		if source.Fields, err = accesslog.ParseFields(m.Fields); err != nil {
			f.add(at+".fields", "%v", err)
			return nil
		}
	}
	if !s.mayRead(f, at, m, target) {
		return nil
	}
	rec, err := urls.Record(context.Background(), source)
	if err != nil {
		f.add(at+".from", "%s", oneLine(err))
		return nil
	}
	s.recorded[at] = rec
	return rec
}

// mayRead reports whether from can be read at all.
func (s *Scenario) mayRead(f *faults, at string, m *requestSection, target Target) bool {
	switch {
	case target.Hostname == "": // which is reported, and what is taken follows from it
		return false
	case len(m.From) == 0 || slices.Contains(m.From, ""):
		f.add(at+".from", "it is empty: name a file, a pattern such as ./logs/*.gz, or \"-\" for standard input")
		return false
	case !slices.Contains(m.From, "-"):
		return true
	}
	for i := range s.model.Requests {
		other := fmt.Sprintf("requests[%d]", i)
		if other == at {
			return true
		}
		if slices.Contains(s.model.Requests[i].From, "-") {
			f.add(at+".from", "request %d reads standard input too, which can be read once only", i+1)
			return false
		}
	}
	return true
}

// gaps has the schedule follow the recorded seconds, where that is wanted.
func (s *Scenario) gaps(f *faults, at string, m *requestSection, rec *urls.Recording, p *Plan) {
	at += ".gaps"
	switch {
	case !s.origin.has(at):
	case m.Gaps != "recorded":
		f.add(at, "%q is not known: write recorded, or leave the key out", m.Gaps)
	case p.Gaps != nil:
		f.add(at, "an earlier request has gaps: recorded too, and the load can follow one only")
	case !s.origin.has("load.rate"):
		f.add(at, "it goes with load.rate and load.for only, which the recorded rates are scaled to")
	case len(rec.Seconds) < 2:
		f.add(at, "what was read does not tell the gaps between requests: want access logs of 2 seconds or more")
	default:
		p.Gaps = rec.Seconds
	}
}

// mostGaps is how many segments a schedule of recorded gaps has at most. What
// lasts longer has several seconds in each.
const mostGaps = 3600

// follow returns segments that last as long as a constant one, with the same
// requests in all, and rise and fall as the recorded seconds do, again and again
// where these are over sooner.
func follow(gaps []int64, constant pacing.Segment) []pacing.Segment {
	step := time.Second * time.Duration(1+(constant.For-1)/(mostGaps*time.Second))
	var segments []pacing.Segment
	sum, second := 0.0, 0
	for left := constant.For; left > 0; left -= step {
		n, seconds := 0.0, (min(left, step)+time.Second-1)/time.Second
		for range seconds {
			n += float64(gaps[second%len(gaps)])
			second++
		}
		rate := n / float64(seconds)
		sum += rate * min(left, step).Seconds()
		segments = append(segments, pacing.Segment{From: pacing.Rate(rate), To: pacing.Rate(rate), For: min(left, step)})
	}
	scale := pacing.Rate(float64(constant.From) * constant.For.Seconds() / sum) // the first second has requests
	for i := range segments {
		segments[i].From *= scale
		segments[i].To = segments[i].From
	}
	return segments
}

// ownName returns a name that no other request has.
func ownName(name string, others []string) string {
	own := name
	for i := 2; slices.Contains(others, own); i++ {
		own = fmt.Sprintf("%s (%d)", name, i)
	}
	return own
}

// recordingNote says what was read.
func recordingNote(from paths, r *urls.Recording) string {
	text := fmt.Sprintf("recorded requests of %s: %d taken, %d different", strings.Join(from, ", "), r.Requests, r.URLs)
	if r.Sampled {
		text += " in a sample of them, since there are too many to be held"
	}
	for i, l := range r.Left {
		text += ", "
		if i == 0 {
			text = strings.TrimSuffix(text, ", ") + "; left out: "
		}
		text += leftOut(l)
	}
	return text
}

func leftOut(l urls.Left) string {
	text := fmt.Sprintf("%d %s", l.Count, l.Why)
	if l.First != "" {
		text += fmt.Sprintf(", first %.80q", l.First)
	}
	return text
}

// whyNone says why nothing is left of a recording, and what to do.
func whyNone(r *urls.Recording, host string) string {
	if len(r.Left) == 0 {
		return "there is none in what was read"
	}
	most := slices.MaxFunc(r.Left, func(a, b urls.Left) int { return int(a.Count - b.Count) })
	text := leftOut(most)
	switch most.Why {
	case urls.OtherHost:
		text += fmt.Sprintf(", while the target is %s: write host: %s (or host: any) beside from to take them all the same", host, most.First)
	case urls.OtherMethod:
		text += ": write methods: recorded to take them"
	}
	return text
}
