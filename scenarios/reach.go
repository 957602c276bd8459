package scenarios

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"frontload/scenarios/distribution"
	"frontload/scenarios/urls"
)

const (
	leastDraws = 20_000  // requests that Drawn makes
	mostDraws  = 200_000 // or so many, where a request's name has not come up often enough
	enough     = 50      // how often that is
)

// Drawn returns the name and the path, with its query, of the first requests
// that the plan sends: 20,000 of them, and more where some name came up less
// than 50 times. What carries a ten-thousandth of the load is as good as sure
// to be among them. Hit ratios are not held: before there are answers that would
// be one URL over and over. Nobody may use the plan's generator meanwhile.
func (p *Plan) Drawn() iter.Seq2[string, string] {
	return func(yield func(name, path string) bool) {
		var r urls.Request
		generator := p.URLs.Natural()
		seen, missing := make([]int, len(p.Requests)), len(p.Requests)
		for n := uint64(0); n < leastDraws || missing > 0 && n < mostDraws; n++ {
			generator.Next(n, &r)
			if seen[r.Index]++; seen[r.Index] == enough {
				missing--
			}
			if !yield(p.Requests[r.Index], string(r.Target)) {
				return
			}
		}
	}
}

// Reach returns the behaviours of the distribution that the plan's requests
// meet, as a sample of them tells, see [Plan.Drawn], and every recorded request.
// It is nil where the scenario names no distribution.
func (p *Plan) Reach() []distribution.Reached {
	if p.Distribution == nil {
		return nil
	}
	return p.Distribution.Reach(p.Drawn(), func(yield func(name, path string) bool) {
		for i, path := range p.URLs.Recorded() {
			if !yield(p.Requests[i], path) {
				return
			}
		}
	})
}

// doubtBypass notes which requests do not bypass the caches as they should: the
// parameter that makes each one differ is not in the cache key of a behaviour
// that they reach.
func (s *Scenario) doubtBypass(p *Plan) {
	if p.URLs == nil || !slices.ContainsFunc(s.model.Requests, func(r requestSection) bool { return r.Cache.word == "bypass" }) {
		return
	}
	for _, r := range p.Reach() {
		if c := r.Behaviour.Caching; !c.Known || c.Disabled() || c.Key("/?"+urls.BypassParameter+"=1") != "/" {
			continue
		}
		names := slices.DeleteFunc(r.Names(), func(name string) bool {
			return s.model.Requests[p.of[slices.Index(p.Requests, name)]].Cache.word != "bypass"
		})
		if len(names) > 0 {
			p.Notes = append(p.Notes, fmt.Sprintf("cache: bypass of %s adds the query parameter %s, which is not in the cache key of behaviour %s (%s): its answers may be cache hits all the same",
				strings.Join(names, ", "), urls.BypassParameter, r.Behaviour.Pattern, r.Behaviour.Caching))
		}
	}
}
