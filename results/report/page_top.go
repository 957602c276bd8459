package report

import (
	"strconv"
	"strings"

	"frontload/results/report/plain"
)

// tone returns how the banner looks: doubt where the figures are not to be
// taken as they are, bad where something failed, and else good.
func (in Input) tone() string {
	a := in.Analysis
	switch n := in.tally(); {
	case !a.Trust.OK:
		return "doubt"
	case len(a.Bursts) > 0, notable(n.errors, n.ok+n.errors+a.Run.Responses503):
		return "bad"
	case in.ended() != "", a.Trust.LatencyIsAFloor, notable(a.Trust.MissedArrivals+a.Trust.UnsentArrivals, a.Run.Scheduled):
		return "doubt"
	}
	return "good"
}

// notable reports whether a part is some and no less than a hundredth of all.
func notable(part, all int64) bool { return part > 0 && 100*part >= all }

// findings returns the analysis's findings, or else its headline.
func (in Input) findings() []finding {
	var list []finding
	for _, f := range in.Analysis.Findings {
		list = append(list, finding{plain.Capital(plain.Line(f.Say)), plain.Capital(plain.Line(f.Do))})
	}
	if list == nil {
		list = append(list, finding{Say: in.headline()})
	}
	return list
}

// pills returns what is to be seen of a run at a glance. Green is for a run
// that nothing speaks against.
func (in Input) pills() []pill {
	var pills []pill
	switch {
	case !in.Analysis.Trust.OK:
		pills = append(pills, pill{Class: "doubt", Text: "Not to be believed"})
	case in.tone() == "good":
		pills = append(pills, pill{Class: "good", Text: "To be believed"})
	case in.Analysis.Trust.LimitedSeconds > 0:
		pills = append(pills, pill{Class: "plain", Text: "The generator kept up but for " + plain.Count(int64(in.Analysis.Trust.LimitedSeconds)) + " s"})
	default:
		pills = append(pills, pill{Class: "plain", Text: "The generator kept up"})
	}
	if in.Analysis.Run.Simulated {
		pills = append(pills, pill{Class: "doubt", Text: "Simulated: no request was sent"})
	}
	if how := in.ended(); how != "" {
		pills = append(pills, pill{Class: "doubt", Text: plain.Capital(strings.ToLower(how))})
	}
	for _, b := range in.Analysis.Bursts {
		pills = append(pills, pill{"plain", "Burst " + strconv.Itoa(b.ID) + ": " + verdict(b) + ", " + sure(b), ink(b.Verdict).CSS()})
	}
	return pills
}

// statusRow is one row of the table of HTTP statuses.
type statusRow struct{ Status, Count, Share string }

func (in Input) statusRows() []statusRow {
	var all int64
	counts := byCount(in.Analysis.Run.Statuses)
	for _, s := range counts {
		all += s.Count
	}
	var rows []statusRow
	for _, s := range counts {
		name := strconv.Itoa(s.Status)
		if s.Status == 0 {
			name = "no answer"
		}
		rows = append(rows, statusRow{name, plain.Count(s.Count), plain.Share(float64(s.Count) / float64(all))})
	}
	return rows
}

// requestRow is one row of the table of request names.
type requestRow struct{ Name, Count, Errors, Status503, HitRatio, P50, P99 string }

// requestRows tells each request name, at most [maxRequests] of them.
func (in Input) requestRows() []requestRow {
	var rows []requestRow
	for _, r := range in.Analysis.Run.ByRequest[:min(len(in.Analysis.Run.ByRequest), maxRequests)] {
		row := requestRow{
			Name: plain.Line(r.Name), Count: plain.Count(r.Samples), Errors: failing(r.Samples-r.OK, r.Samples),
			Status503: failing(r.Responses503, r.Samples), HitRatio: "–", P50: "–", P99: "–",
		}
		if r.Unexpected > 0 {
			row.Errors += ", " + plain.Count(r.Unexpected) + " of them unexpected"
		}
		if r.HitRatio != nil {
			row.HitRatio = plain.Share(*r.HitRatio)
		}
		if r.HitsWanted != nil {
			row.HitRatio += ", wanted " + tenths(*r.HitsWanted)
		}
		if r.Response.Count > 0 {
			row.P50, row.P99 = plain.Span(micro(r.Response.P50)), plain.Span(micro(r.Response.P99))
		}
		rows = append(rows, row)
	}
	return rows
}

// maxRequests bounds the request names that are shown.
const maxRequests = 50

// failing writes a count and, unless it is zero, its share.
func failing(n, of int64) string {
	if n == 0 {
		return "0"
	}
	return plain.Count(n) + " (" + plain.Share(float64(n)/float64(of)) + ")"
}
