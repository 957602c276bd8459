package report

import (
	"fmt"
	"io"
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

const (
	setsShown     = 8 // different answers that are told
	failuresShown = 3 // reasons why no answer came
)

// CheckText writes a check as plain text without colours, the sentence to act
// on and the next command last. Lines have at most width columns, and never
// more than 100; a width of zero or less means 100, and less than 40 counts as
// 40.
func CheckText(w io.Writer, c *results.Check, width int) error {
	if width <= 0 {
		width = textColumns
	}
	t := checkText{text{width: min(max(width, textMinimum), textColumns)}, c}
	var lines []string
	for _, part := range [][]string{t.heading(), t.names(), t.plan(), t.totals(), t.head(), t.rules(), t.end()} {
		if len(part) == 0 {
			continue
		}
		if lines != nil {
			lines = append(lines, "")
		}
		for _, l := range part {
			lines = append(lines, t.fold(l)...)
		}
	}
	return write(w, "text", []byte(strings.Join(lines, "\n")+"\n"))
}

// checkText lays out the text of one check.
type checkText struct {
	text
	c *results.Check
}

func (t checkText) heading() []string {
	sent := "no load was sent"
	if t.c.Head != nil && t.c.Head.URL != "" {
		sent = "no load was sent, and one HEAD request"
	}
	leave := "not authorised"
	switch t.c.Authorisation.State {
	case results.Authorised:
		leave = "authorised by " + plain.Line(t.c.Authorisation.Why)
	case results.NotJudged:
		leave = "not known whether it is authorised"
	}
	name := plain.Cut(plain.Line(t.c.Name), 48) + "  " + plain.Line(t.c.Target)
	lines := append([]string{name}, t.flow(sent, leave)...)
	for _, note := range slices.Concat(t.c.Authorisation.Notes, t.c.Notes) {
		lines = append(lines, t.wrap("note: ", plain.Line(note), 4)...)
	}
	return lines
}

// names tells what the clients that were asked were told.
func (t checkText) names() []string {
	n := t.c.DNS
	if n.Lookups == 0 && n.Failed == 0 {
		return t.unasked()
	}
	asked := fmt.Sprintf("%d of %s", n.Asked, many(n.Of, "client", "clients"))
	if n.Asked == n.Of {
		asked = "all " + many(n.Of, "client", "clients")
		if n.Of == 1 {
			asked = "the one client"
		}
	}
	told := "none was told an address"
	if n.Addresses > 0 {
		told = fmt.Sprintf("%s, %s%s", many(len(n.Sets), "distinct answer", "distinct answers"),
			many(n.Addresses, "edge address", "edge addresses"), t.ttl())
	}
	lines := t.wrap("Names: ", fmt.Sprintf("%s looked %s up with %s: %s", asked, plain.Line(n.Name),
		many(n.Lookups, "DNS query", "DNS queries"), told), 4)
	for i, s := range n.Sets {
		if i == setsShown {
			lines = append(lines, fmt.Sprintf("  … and %d more answers", len(n.Sets)-i))
			break
		}
		lead := fmt.Sprintf("  %s  ", plain.Right(many(s.Clients, "client", "clients"), 11))
		lines = append(lines, t.wrap(lead, plain.Line(strings.Join(s.Addresses, ", ")), 3)...)
	}
	if n.StaticList {
		lines = append(lines, t.wrap("  ", "Everybody is told the same few addresses, as from an anycast static IP list.", 3)...)
	}
	return append(lines, t.failures()...)
}

// ttl tells how long the answers may be kept.
func (t checkText) ttl() string {
	least, most := math.Inf(1), 0.0
	for _, a := range t.c.DNS.Answers {
		if len(a.Addresses) > 0 {
			least, most = min(least, a.TTL), max(most, a.TTL)
		}
	}
	if least == most {
		return ", TTL " + length(most)
	}
	return ", TTL " + length(least) + " to " + length(most)
}

// unasked tells of a name that needs no DNS query.
func (t checkText) unasked() []string {
	n := t.c.DNS
	if _, err := netip.ParseAddr(n.Name); err == nil {
		return t.wrap("Names: ", fmt.Sprintf("%s is an address, which nobody looks up: %s to it alone", n.Name,
			sends(n.Of)), 3)
	}
	return t.wrap("Names: ", fmt.Sprintf("%s stands in the hosts file, and so nobody asks DNS: %s to %s", plain.Line(n.Name),
		sends(n.Of), many(n.Addresses, "edge address", "edge addresses")), 3)
}

func sends(clients int) string {
	if clients == 1 {
		return "the one client sends"
	}
	return "all " + many(clients, "client sends", "clients send")
}

// aTime is a time in an error's text.
var aTime = regexp.MustCompile(`\d+(\.\d+)?(ms|µs|s)\b`)

// failures tells why clients got no answer, those together that differ in a
// time at most.
func (t checkText) failures() []string {
	var kinds, reasons []string
	clients := map[string]int{}
	for _, a := range t.c.DNS.Answers {
		if a.Error == "" {
			continue
		}
		kind := aTime.ReplaceAllString(a.Error, "")
		if clients[kind] == 0 {
			kinds, reasons = append(kinds, kind), append(reasons, a.Error)
		}
		clients[kind]++
	}
	var lines []string
	for i, kind := range kinds {
		if i == failuresShown {
			lines = append(lines, fmt.Sprintf("  … and %d other reasons for no answer", len(kinds)-i))
			break
		}
		lead := fmt.Sprintf("  %s  ", plain.Right(many(clients[kind], "client", "clients"), 11))
		lines = append(lines, t.wrap(lead, "no answer: "+plain.Line(reasons[i]), 4)...)
	}
	return lines
}

// head tells what the one request brought.
func (t checkText) head() []string {
	h := t.c.Head
	if h == nil {
		return nil
	}
	lead := "HEAD: "
	if h.Error != "" {
		where := ""
		if h.URL != "" {
			where = plain.Line(h.URL) + " at " + plain.Line(h.Address) + ": "
		}
		return t.wrap(lead, where+plain.Line(h.Error), 5)
	}
	parts := []string{fmt.Sprintf("%s at %s answered %d", plain.Line(h.URL), plain.Line(h.Address), h.Status)}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+": "+plain.Line(value))
		}
	}
	add("Server", h.Server)
	add("X-Cache", h.XCache)
	add("X-Amz-Cf-Pop", h.POP)
	if h.Length != nil {
		add("Content-Length", plain.Count(*h.Length))
	}
	who := "it is CloudFront"
	if !h.CloudFront {
		who = "nothing in it is CloudFront's: is this the right name?"
	}
	took := plain.Span(time.Duration(h.Took * float64(time.Millisecond)))
	return t.wrap(lead, strings.Join(append(parts, who+"; it took "+took), "; "), 5)
}

// ruleStates are how the states of rules are shown.
var ruleStates = map[string]string{"broken": "BROKEN", "not-applicable": "n/a"}

// rules tells of every rule how it stands.
func (t checkText) rules() []string {
	count := map[string]int{}
	for _, r := range t.c.Guidance {
		count[r.Status]++
	}
	sums := fmt.Sprintf("CloudFront's rules, as planned: %d broken, %d kept, %d unknown", count["broken"], count["kept"], count["unknown"])
	if n := count["not-applicable"]; n > 0 {
		sums += fmt.Sprintf(", %d not applicable", n)
	}
	lines := []string{sums}
	for _, r := range t.c.Guidance {
		state := ruleStates[r.Status]
		if state == "" {
			state = plain.Cut(plain.Line(r.Status), 8)
		}
		lead := "  " + plain.Left(state, 9) + plain.Left(plain.Cut(plain.Line(r.Rule), 17), 18)
		if r.Planned != "" {
			lines = append(lines, t.wrap(lead, plain.Line(r.Planned), 6)...)
			lead = strings.Repeat(" ", plain.Width(lead))
		}
		if r.Fix != "" && r.Status != "kept" {
			lines = append(lines, t.wrap(lead+"→ ", plain.Line(r.Fix), 6)...)
		}
	}
	return lines
}

func (t checkText) end() []string {
	lines := t.wrap("→ ", plain.Line(t.c.Summary), 8)
	if t.c.Next != "" {
		lines = append(lines, "next: "+plain.Line(t.c.Next))
	}
	return lines
}
