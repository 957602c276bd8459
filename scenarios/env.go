package scenarios

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// An Env looks an environment variable up. A nil one knows none.
type Env func(name string) (value string, set bool)

func (e Env) get(name string) (string, bool) {
	if e == nil {
		return "", false
	}
	return e(name)
}

var (
	// envVariable is how an environment variable stands in a header.
	envVariable = regexp.MustCompile(`\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}`)

	// envLike is what may have been meant as one.
	envLike = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_-]*)\}|\$\{(?i:env)[^}]*\}?`)

	headerPath = regexp.MustCompile(`^requests\[\d+\]\.headers\.`)
)

// known returns the environment variables that headers name, as far as they are
// set.
func (e Env) known(headers pairs) map[string]string {
	var known map[string]string
	for _, h := range headers {
		for _, match := range envVariable.FindAllStringSubmatch(h.Value, -1) {
			if known == nil {
				known = map[string]string{}
			}
			known[match[1]], _ = e.get(match[1])
		}
	}
	return known
}

// environment checks every ${env:NAME} of the scenario, and returns the values
// that they stand for. They may stand in headers only, since what a header holds
// is nowhere stored.
func (s *Scenario) environment(f *faults) []string {
	e := environment{scenario: s, faults: f}
	e.walk("", encode(reflect.ValueOf(s.model)))
	slices.SortStableFunc(e.values, func(a, b string) int { return len(b) - len(a) }) // what holds another comes before it
	return e.values
}

type environment struct {
	scenario *Scenario
	faults   *faults
	values   []string
}

// walk looks at all texts under the key at path.
func (e *environment) walk(path string, n *node) {
	if n.kind == scalar {
		if strings.Contains(n.text, "${") {
			e.text(path, n.text)
		}
		return
	}
	for i, item := range n.items {
		if n.kind == mapping {
			e.walk(join(path, n.keys[i].text), item)
		} else {
			e.walk(fmt.Sprintf("%s[%d]", path, i), item)
		}
	}
}

func (e *environment) text(path, text string) {
	if !headerPath.MatchString(path) {
		if match := envVariable.FindString(text); match != "" {
			e.faults.add(path, "%s can stand in the headers of a request only, Cookie among them, for what they hold is never stored", match)
		}
		return
	}
	for _, match := range envVariable.FindAllStringSubmatch(text, -1) {
		e.variable(path, match[1])
	}
	vars := e.scenario.model.Requests[requestIndex(path)].Vars
	for _, match := range envLike.FindAllStringSubmatch(envVariable.ReplaceAllString(text, ""), -1) {
		if _, defined := vars[match[1]]; !defined {
			e.faults.add(path, "%s is not how an environment variable is written: write ${env:NAME}", match[0])
		}
	}
}

// requestIndex returns the number in a path such as requests[3].headers.A.
func requestIndex(path string) (i int) {
	_, _ = fmt.Sscanf(path, "requests[%d]", &i) // headerPath has seen to it
	return i
}

// variable checks the value of an environment variable without ever showing it.
func (e *environment) variable(path, name string) {
	value, set := e.scenario.inputs.Env.get(name)
	switch {
	case !set:
		e.faults.add(path, "the environment variable %s is not set: set it before the run, such as with export %s=…", name, name)
	case value == "":
		e.faults.add(path, "the environment variable %s is empty", name)
	case strings.TrimSpace(value) != value:
		e.faults.add(path, "the value of the environment variable %s begins or ends with a space or a line break, which no header's may", name)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		e.faults.add(path, "the value of the environment variable %s holds a control character, which no header's may", name)
	case !slices.Contains(e.values, value):
		e.values = append(e.values, value)
	}
}
