package lab

import "frontload/results"

// A style is what of an answer shows who wrote it. The zero style shows all
// that CloudFront and origins send, as under a policy that adds Server-Timing.
type style struct {
	server     string // Server of every answer that came from an origin; empty for the origin's own, "-" for none at all
	layer      string // Server of every answer whatsoever, as a layer in front of CloudFront writes it; empty for none
	errors     string // Server of errors that wear the owner's page, which comes from an origin of its own; empty for none
	noIDs      bool   // the origin's request ids are removed
	noReason   bool   // X-Cache says Error on every error
	noXCache   bool   // X-Cache is removed
	noAge      bool   // errors have no Age
	noTiming   bool   // no policy adds Server-Timing
	goodTiming bool   // only good answers have Server-Timing
	page       errorPage
	marker     bool // the application puts the owner's header on its good answers
}

// An errorPage says whose error page viewers get.
type errorPage uint8

const (
	pageOwn    errorPage = iota // the writer's
	pageCustom                  // the owner's, but for errors of capacity and quota, on which CloudFront puts none
	pageEmpty                   // none: errors come without a body
	pageAlways                  // the owner's on every error: a layer in front of CloudFront rewrites answers
)

// bare is the style in which no answer tells who wrote it.
var bare = style{server: "-", noIDs: true, noReason: true, noAge: true, noTiming: true, page: pageAlways}

// tells returns the case's style.
func (c *Case) tells() style {
	if c.Bare {
		return bare
	}
	return c.style
}

// owners reports whether the owner's error page stands for the answer's own.
func (s style) owners(k answerKind) bool {
	switch s.page {
	case pageAlways, pageEmpty:
		return true
	case pageCustom:
		return k != answerCapacity && k != answerLimit
	}
	return false
}

// markerName is the header that only the application sets.
const markerName = "X-Origin-Id"

// ownHeader adds the headers of who wrote the answer, as far as the style
// leaves them.
func (m *Model) ownHeader(h []results.Header, d *answer) []results.Header {
	s := m.c.tells()
	all := m.authorHeader(nil, d)
	for _, f := range all {
		switch {
		case f.Name == "Server" && s.layer != "":
			f.Value = s.layer
		case f.Name == "Server" && s.errors != "" && d.kind.info().status >= 400 && s.owners(d.kind):
			f.Value = s.errors
		case f.Name != "Server":
			if s.noIDs {
				continue
			}
		case s.server == "-":
			continue
		case s.server != "" && d.kind.byOrigin():
			f.Value = s.server
		}
		h = append(h, f)
	}
	if s.marker && d.kind.byOrigin() && d.kind.info().status == 200 {
		h = append(h, results.Header{Name: markerName, Value: "app"})
	}
	return h
}
