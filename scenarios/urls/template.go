package urls

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A template is text in which {name} stands for the value of a variable. A
// name is a letter or an underscore, then letters, digits, _ and -. {{name}}
// is the text "{name}". In headers and bodies every other brace is text, so
// that JSON needs no escapes; in paths and queries, where no brace may stand,
// it is an error.
type template []piece

// piece is either text, encoded already for where it stands, or a variable.
type piece struct {
	text     string
	variable int // index of the variable; -1 for text
}

var braces = regexp.MustCompile(`\{\{[A-Za-z_][A-Za-z0-9_-]*\}\}|\{[A-Za-z_][A-Za-z0-9_-]*\}`)

// variableName reports whether s may be the name of a variable.
func variableName(s string) bool { return s != "" && braces.FindString("{"+s+"}") == "{"+s+"}" }

// scope resolves the names of variables, and notes which were used.
type scope struct {
	names []string
	used  []bool
}

func (s *scope) find(name string) (int, error) {
	for i, n := range s.names {
		if n == name {
			s.used[i] = true
			return i, nil
		}
	}
	if len(s.names) == 0 {
		return 0, fmt.Errorf("{%s} is not defined: add it under vars, or write {{%s}} for the text itself", name, name)
	}
	return 0, fmt.Errorf("{%s} is not defined: the vars here are %s; write {{%s}} for the text itself", name, strings.Join(s.names, ", "), name)
}

// parse reads text as a template; encode makes its literal parts fit for
// where they stand. All faults are reported.
func (s *scope) parse(text string, where place, encode func(string) (string, error)) (template, error) {
	var t template
	var errs []error
	literal := func(text string) {
		encoded, err := encode(text)
		errs = append(errs, err)
		t = t.addText(encoded)
	}
	bare := func(text string) {
		if i := strings.IndexAny(text, "{}"); i >= 0 && (where == inPath || where == inQuery) {
			errs = append(errs, fmt.Errorf("the brace in %q is no variable like {id}: write %%7B or %%7D for a brace", text[i:min(len(text), i+20)]))
		}
		literal(text)
	}
	end := 0
	for _, at := range braces.FindAllStringIndex(text, -1) {
		bare(text[end:at[0]])
		end = at[1]
		match := text[at[0]:at[1]]
		if strings.HasPrefix(match, "{{") {
			literal(match[1 : len(match)-1])
			continue
		}
		v, err := s.find(match[1 : len(match)-1])
		errs = append(errs, err)
		t = append(t, piece{variable: v})
	}
	bare(text[end:])
	return t, errors.Join(errs...)
}

// addText adds literal text, joined to the text before it.
func (t template) addText(text string) template {
	if text == "" {
		return t
	}
	if n := len(t); n > 0 && t[n-1].variable < 0 {
		t[n-1].text += text
		return t
	}
	return append(t, piece{text, -1})
}

// fixed reports whether the template holds no variable.
func (t template) fixed() bool {
	return len(t) == 0 || len(t) == 1 && t[0].variable < 0
}

// append adds the template's text to b, with the given values.
func (t template) append(b []byte, values []value, where place) []byte {
	for _, p := range t {
		if p.variable < 0 {
			b = append(b, p.text...)
		} else {
			b = values[p.variable].append(b, where)
		}
	}
	return b
}

// Redact replaces the text of a template by hidden and keeps its variables,
// whose names it returns too. It is for showing what a secret is made of
// without showing the secret.
func Redact(text, hidden string) (string, []string) {
	var names []string
	shown := ""
	rest, end := false, 0
	for _, at := range braces.FindAllStringIndex(text, -1) {
		match := text[at[0]:at[1]]
		rest = rest || at[0] > end
		end = at[1]
		if strings.HasPrefix(match, "{{") {
			rest = true
			continue
		}
		shown += match
		names = append(names, match[1:len(match)-1])
	}
	if rest || end < len(text) {
		shown = hidden + shown
	}
	return shown, names
}
