package report

import (
	"io"
	"slices"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

const (
	textColumns = 100 // the most that a line of the text may have
	textMinimum = 40  // the least: narrower ones would say nothing
	textLines   = 40  // that fit a screen
)

// detail says how much the text tells. Each step tells less than the one before.
type detail struct {
	evidence int // lines of evidence per burst
	bursts   int // bursts told in full; of the next ones a line each
	lines    int // bursts told in a line
	rules    int // broken rules named
	reasons  int // reasons for doubt
	guard    int // things that the guard did
	wrapped  int // lines that one thing told may take
}

var details = [...]detail{
	{3, 3, 6, 10, 6, 9, 9},
	{3, 2, 4, 4, 4, 6, 6},
	{2, 2, 4, 3, 3, 5, 5},
	{2, 2, 2, 2, 2, 4, 4},
	{1, 2, 2, 1, 2, 3, 4},
	{1, 1, 2, 1, 1, 3, 3},
	{1, 1, 2, 1, 1, 2, 2},
	{1, 1, 1, 1, 1, 1, 2},
	{1, 1, 0, 1, 1, 1, 2},
	{1, 1, 0, 1, 1, 1, 1},
}

// Text writes the report as plain text without colours: first why the run is
// not to be believed, if so, and last the sentence to act on. Lines have at
// most width columns, and never more than 100; a width of zero or less means
// 100, and less than 40 counts as 40. At 100 columns there are at most 40
// lines, and more at fewer: the more there is to tell, the less is told of each
// thing.
func Text(w io.Writer, in Input, width int) error {
	in, err := in.filled()
	if err != nil {
		return err
	}
	if width <= 0 {
		width = textColumns
	}
	t := text{in: in, width: min(max(width, textMinimum), textColumns)}
	var lines []string
	for _, d := range details {
		if lines = t.lines(d); len(lines) <= textLines*textColumns/t.width {
			break
		}
	}
	return write(w, "text", []byte(strings.Join(lines, "\n")+"\n"))
}

// text lays out the text of one report.
type text struct {
	in    Input
	width int
}

// lines returns the text at a level of detail, an empty line between its parts.
func (t text) lines(d detail) []string {
	var lines []string
	for _, part := range [][]string{
		t.trust(d), append(t.heading(), t.counts()...), t.latency(), t.guard(d), t.bursts(d), t.guidance(d),
		t.wrap("→ ", t.in.headline(), max(4, d.wrapped)),
	} {
		if len(part) == 0 {
			continue
		}
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, part...)
	}
	var folded []string
	for _, l := range lines {
		folded = append(folded, t.fold(l)...)
	}
	return folded
}

// fold breaks a line that is too wide, what comes over standing below it, a
// little indented.
func (t text) fold(line string) []string {
	line = strings.TrimRight(line, " ")
	if plain.Width(line) <= t.width {
		return []string{line}
	}
	text := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(text)+2)
	lines := plain.Wrap(text, t.width-len(indent))
	for i, l := range lines {
		lines[i] = indent + l
	}
	lines[0] = lines[0][2:]
	return lines
}

// wrap returns s after a lead, broken into at most n lines that stand below
// each other.
func (t text) wrap(lead, s string, n int) []string {
	indent := plain.Width(lead)
	lines := plain.Wrap(s, t.width-indent)
	if len(lines) > n {
		lines = append(lines[:n-1:n-1], plain.CutWords(strings.Join(lines[n-1:], " "), t.width-indent))
	}
	for i, l := range lines {
		lines[i] = strings.Repeat(" ", indent) + l
	}
	lines[0] = lead + lines[0][indent:]
	return lines
}

// flow puts parts that are not empty beside each other in as few lines as they
// need.
func (t text) flow(parts ...string) []string {
	var lines []string
	for _, part := range parts {
		if part == "" {
			continue
		}
		last := len(lines) - 1
		if last >= 0 && plain.Width(lines[last])+2+plain.Width(part) <= t.width {
			lines[last] += "  " + part
		} else {
			lines = append(lines, part)
		}
	}
	return lines
}

// columns are those of the latency table, in their order, each with its rank:
// where there is no room for all, those of the highest ranks are left out.
var columns = [...]struct {
	name string
	rank int
	of   func(results.Quantiles) string
}{
	{"p50   ", 1, func(q results.Quantiles) string { return plain.Column(q.P50) }},
	{"p90   ", 5, func(q results.Quantiles) string { return plain.Column(q.P90) }},
	{"p99   ", 2, func(q results.Quantiles) string { return plain.Column(q.P99) }},
	{"p99.9   ", 6, func(q results.Quantiles) string { return plain.Column(q.P999) }},
	{"max   ", 4, func(q results.Quantiles) string { return plain.Column(q.Max) }},
	{"count", 3, func(q results.Quantiles) string { return plain.Count(q.Count) }},
}

// row writes a row of the latency table.
func (t text) row(class string, cell func(column int) string) string {
	line := "  " + plain.Left(class, 8)
	for i, c := range columns {
		if c.rank <= (t.width-10)/10 {
			line += plain.Right(cell(i), 10)
		}
	}
	return line
}

func (t text) latency() []string {
	lines := []string{t.row("", func(i int) string { return columns[i].name })}
	for _, class := range classes {
		if q, ok := t.in.latency(results.SeriesResponse, class); ok {
			lines = append(lines, t.row(class, func(i int) string { return columns[i].of(q) }))
		}
	}
	if len(lines) == 1 {
		return []string{"No response time was recorded."}
	}
	title := "Response time, from the intended time"
	if t.in.fromLogs() {
		title = "Response time, from the request at the edge to the last byte"
	}
	if t.in.fromVegeta() {
		title = "Response time, from the send to the last byte: when it was to be sent is not known"
	}
	if t.in.Analysis.Trust.LatencyIsAFloor {
		title += "; arrivals went unsent, so each is a lower bound"
	}
	return slices.Concat([]string{title}, lines, t.otherTimes())
}

// otherTimes returns the line that tells the other spans from response time.
func (t text) otherTimes() []string {
	var parts []string
	if q, ok := t.in.latency(results.SeriesTTFB, "all"); ok && t.in.fromLogs() {
		parts = append(parts, "first byte p50 "+plain.Span(q.P50)+" p99 "+plain.Span(q.P99))
	} else if q, ok := t.in.latency(results.SeriesService, "all"); ok && !t.in.fromLogs() {
		parts = append(parts, "service p50 "+plain.Span(q.P50)+" p99 "+plain.Span(q.P99))
	}
	if lag, ok := t.in.lagP99(); ok {
		parts = append(parts, "send lag p99 "+plain.Span(lag))
	}
	if q, ok := t.in.latency(results.SeriesQueueing, "all"); ok {
		parts = append(parts, "queueing p99 "+plain.Span(q.P99))
	}
	if len(parts) == 0 {
		return nil
	}
	lines := t.flow(parts...)
	for i, l := range lines {
		lines[i] = "  " + l
	}
	return lines
}
