package record

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"frontload/results"
)

// Bounds on what one cut holds. What is beyond them is left out and counted.
const (
	mostExemplars = 10_000
	mostLookups   = 10_000
	mostEvents    = 1_000
	mostControl   = 1_000
	mostEventText = 1_024 // bytes
)

// LeftOut counts what a cut's bounds left out.
type LeftOut struct{ Exemplars, Lookups, Events, Control int64 }

// notes holds what is rare and kept whole, until it is cut.
type notes struct {
	budgets [keepKinds]budget

	mu        sync.Mutex
	exemplars []results.Exemplar
	lookups   []results.Lookup
	events    []results.Event
	control   []results.Control
	left      LeftOut
}

func (n *notes) lookup(l results.Lookup) {
	l.Answer = slices.Clone(l.Answer)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lookups = within(n.lookups, l, mostLookups, &n.left.Lookups)
}

func (n *notes) event(e results.Event) {
	e.Text = cut(e.Text, mostEventText)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.events = within(n.events, e, mostEvents, &n.left.Events)
}

func (n *notes) controlled(c results.Control) {
	c.Err = cut(c.Err, mostEventText)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.control = within(n.control, c, mostControl, &n.left.Control)
}

func (n *notes) exemplar(s *results.Sample, d results.Detail, request string, secrets []string) {
	e := exemplarOf(s, d, request, secrets)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.exemplars = within(n.exemplars, e, mostExemplars, &n.left.Exemplars)
}

func within[T any](list []T, one T, most int, left *int64) []T {
	if len(list) >= most {
		*left++
		return list
	}
	return append(list, one)
}

// take moves everything into iv, in order of time.
func (n *notes) take(iv *Interval) {
	n.mu.Lock()
	defer n.mu.Unlock()
	iv.Exemplars, iv.Lookups, iv.Events, iv.LeftOut = n.exemplars, n.lookups, n.events, n.left
	iv.Control = n.control
	n.exemplars, n.lookups, n.events, n.control, n.left = nil, nil, nil, nil, LeftOut{}
	slices.SortStableFunc(iv.Exemplars, func(a, b results.Exemplar) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(iv.Lookups, func(a, b results.Lookup) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(iv.Events, func(a, b results.Event) int { return cmp.Compare(a.At, b.At) })
	slices.SortStableFunc(iv.Control, func(a, b results.Control) int { return cmp.Compare(a.At, b.At) })
}

// cut returns at most the first n bytes of s, as valid UTF-8 and in memory of
// its own.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.Clone(strings.ToValidUTF8(s, "\uFFFD"))
}
