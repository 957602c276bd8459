package scenarios

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"frontload/results"
	"frontload/scenarios/urls"
)

// hidden stands for the text of a secret.
const hidden = "(hidden)"

// hideSecrets returns a copy of the model without secrets. A header or query
// parameter whose name tells of one (Authorization, Cookie, X-Api-Key,
// Signature and their like) keeps its variables, and the rest of its value
// becomes "(hidden)"; so does the whole body when any such word is in it. The
// values of a list that such a variable draws from become "(hidden)" as well. An
// environment variable is in the model by its name alone, which stays.
func hideSecrets(m document) document {
	m.Requests = slices.Clone(m.Requests)
	for i := range m.Requests {
		r := &m.Requests[i]
		h := hider{vars: maps.Clone(r.Vars)}
		r.Headers = h.headers(r.Headers)
		r.Query = h.pairs(r.Query)
		r.Path = h.path(r.Path)
		if results.Secret(r.Body) {
			r.Body = h.hide(r.Body)
		}
		r.Vars = h.vars
	}
	if m.Origin != nil {
		origin := *m.Origin
		var h hider
		origin.Control = h.path(origin.Control)
		m.Origin = &origin
	}
	return m
}

// hider hides the secrets of one request.
type hider struct{ vars map[string]varSection }

func (h *hider) pairs(all pairs) pairs {
	out := slices.Clone(all)
	for i := range out {
		if results.Secret(out[i].Name) {
			out[i].Value = h.hide(out[i].Value)
		}
	}
	return out
}

// envAlone is a part of a header's value that holds no secret: an environment
// variable, be it after the name of a cookie or of an authentication scheme.
var envAlone = regexp.MustCompile("^ *(?:[A-Za-z0-9!#$%&'*+.^_|~-]+=|(?i:bearer|basic|token|apikey) +)?" + envVariable.String() + " *$")

// headers hides secrets as pairs does, but leaves ${env:NAME} as it stands, so
// that what is shown can be run again.
func (h *hider) headers(all pairs) pairs {
	out := slices.Clone(all)
	for i := range out {
		if !results.Secret(out[i].Name) {
			continue
		}
		parts := []string{out[i].Value}
		if envVariable.MatchString(out[i].Value) {
			parts = strings.Split(out[i].Value, ";")
		}
		for j := range parts {
			if !envAlone.MatchString(parts[j]) {
				parts[j] = h.hide(parts[j])
			}
		}
		out[i].Value = strings.Join(parts, ";")
	}
	return out
}

// path hides secrets in the query of a path.
func (h *hider) path(text string) string {
	path, query, found := strings.Cut(text, "?")
	if !found {
		return text
	}
	parameters := strings.Split(query, "&")
	for i, parameter := range parameters {
		if name, value, found := strings.Cut(parameter, "="); found && results.Secret(name) {
			parameters[i] = name + "=" + h.hide(value)
		}
	}
	return path + "?" + strings.Join(parameters, "&")
}

// hide hides the text of a template, and the lists that it draws from.
func (h *hider) hide(text string) string {
	shown, variables := urls.Redact(text, hidden)
	for _, name := range variables {
		v, ok := h.vars[name]
		if !ok {
			continue
		}
		list := make(values, len(v.List))
		for i := range list {
			list[i] = hidden
		}
		if v.List != nil {
			v.List = list
		}
		h.vars[name] = v
	}
	return shown
}
