package lab

import (
	"fmt"
	"strings"
	"time"

	"frontload/internal/nearest"
)

// A Case is a distribution, the load that a rehearsal puts on it, and what
// goes wrong. Cases come from [Cases] and [FindCase]; the zero Case is none.
type Case struct {
	Name  string // as users write it, such as "origin-s3-bare"
	Title string // what happens, in words
	Bare  bool   // no answer tells who wrote it

	custom // what sets it apart from the usual distribution; nothing in [Cases]

	rate       float64 // requests/s in quiet times
	requests   []requestConfig
	behaviours []behaviour
	origins    []originConfig
	compute    []computeConfig // one is drawn by the seed; empty for none
	faults     []faultPlan
}

// Faulty reports whether anything goes wrong in the case.
func (c Case) Faulty() bool { return len(c.faults) > 0 }

// A requestConfig is one request name of the case's scenario.
type requestConfig struct {
	name   string
	weight int
	path   string
	vars   string // as YAML; empty for none
	bypass bool   // a unique query makes each a miss
}

// A behaviour is what the distribution does for the paths that begin with
// prefix. The first that fits counts; the last one fits everything.
type behaviour struct {
	prefix  string
	origin  int           // index among the case's origins
	ttl     time.Duration // how long a good answer is fresh
	content string        // its Content-Type
	compute bool          // the case's function runs on its viewer requests
	strict  bool          // an expired object is never served when the origin fails
	second  int           // index of the origin that is asked when the first fails; zero for none
}

const bareSuffix = "-bare"

// Cases returns every case: calm first, then each fault with telling headers
// and bare, mixed last.
func Cases() []Case {
	var all []Case
	for _, c := range tellingCases() {
		all = append(all, c)
		if c.Faulty() {
			c.Name += bareSuffix
			c.Title += ", with no telling header"
			c.Bare = true
			all = append(all, c)
		}
	}
	return all
}

// FindCase returns the case of that name. Its error lists the names, and the
// one that was probably meant.
func FindCase(name string) (Case, error) {
	all := Cases()
	names := make([]string, len(all))
	for i, c := range all {
		if c.Name == name {
			return c, nil
		}
		names[i] = c.Name
	}
	hint := ""
	if near := nearest.Word(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return Case{}, fmt.Errorf("unknown case %q%s (there are %s)", name, hint, strings.Join(names, ", "))
}
