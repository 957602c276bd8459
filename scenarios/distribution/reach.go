package distribution

import (
	"cmp"
	"iter"
	"slices"
)

// A Reached is a behaviour that requests meet.
type Reached struct {
	Behaviour *Behaviour
	Share     float64 // of all requests
	Requests  []Part  // by name, the largest part first
}

// A Part is what one kind of request adds to a behaviour.
type Part struct {
	Name  string
	Share float64 // of the requests of this name: those that meet the behaviour
}

// Names returns the names of the requests, the largest part first.
func (r Reached) Names() []string {
	names := make([]string, len(r.Requests))
	for i, p := range r.Requests {
		names[i] = p.Name
	}
	return names
}

// Reach returns the behaviours that the given requests meet, in order of
// precedence. Each request is its name and its URL's path, with or without a
// query. A name with paths of several kinds may meet several behaviours. What
// the requests in rare meet is told too, and has no share of its own; nil for
// none.
func (d *Distribution) Reach(requests, rare iter.Seq2[string, string]) []Reached {
	type key struct {
		behaviour *Behaviour
		name      string
	}
	counts, names, total := map[key]int{}, map[string]int{}, 0
	for name, path := range requests {
		counts[key{d.Match(path), name}]++
		names[name]++
		total++
	}
	if rare != nil {
		for name, path := range rare {
			k := key{d.Match(path), name}
			counts[k] += 0 // known, be there none
			names[name] += 0
		}
	}
	var all []Reached
	for i := range d.Behaviours {
		b := &d.Behaviours[i]
		r := Reached{Behaviour: b}
		for name, n := range names {
			if met, known := counts[key{b, name}]; known {
				r.Requests = append(r.Requests, Part{name, float64(met) / float64(max(1, n))})
				r.Share += float64(met) / float64(max(1, total))
			}
		}
		slices.SortFunc(r.Requests, func(a, b Part) int {
			return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Name, b.Name))
		})
		if len(r.Requests) > 0 {
			all = append(all, r)
		}
	}
	return all
}
