package scenarios

import (
	"maps"
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
// values of a list that such a variable draws from become "(hidden)" as well.
func hideSecrets(m document) document {
	m.Requests = slices.Clone(m.Requests)
	for i := range m.Requests {
		r := &m.Requests[i]
		h := hider{vars: maps.Clone(r.Vars)}
		r.Headers = h.pairs(r.Headers)
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
