package report

import (
	"cmp"
	"strings"

	"frontload/results"
	"frontload/results/report/plain"
)

func (in Input) figures() []figure {
	r, n := in.Analysis.Run, in.tally()
	all := n.ok + n.errors + r.Responses503
	share := func(part int64) string {
		if all == 0 {
			return ""
		}
		return plain.Share(float64(part)/float64(all)) + " of all"
	}
	errors := share(n.errors)
	if n.transport > 0 {
		errors = plain.Count(n.transport) + " without an answer"
	}
	figures := []figure{
		{"Requests", plain.Count(r.Requests), "peak " + plain.Number(r.RatePeak) + "/s"},
		{"Good answers", plain.Count(n.ok), share(n.ok)},
		{"503s", plain.Count(r.Responses503), share(r.Responses503)},
		{"Other errors", plain.Count(n.errors), errors},
	}
	if r.RateAsked > 0 {
		figures = append(figures, figure{
			"Mean rate reached", plain.Number(r.RateReached) + "/s",
			plain.Share(r.RateReached/r.RateAsked) + " of the " + plain.Number(r.RateAsked) + "/s asked",
		})
	}
	if r.HitRatio != nil {
		figures = append(figures, figure{"Hit ratio", plain.Share(*r.HitRatio), "of the good answers that tell"})
	}
	if q, ok := in.latency(results.SeriesResponse, "all"); ok {
		figures = append(figures, figure{"Response p99", in.atLeast() + plain.Span(q.P99), "p50 " + plain.Span(q.P50)})
	}
	if lag, ok := in.lagP99(); ok {
		figures = append(figures, figure{"Send lag p99", plain.Span(lag), "the generator's own"})
	}
	if c := in.Analysis.Control; c != nil {
		figures = append(figures, figure{
			"Straight to the origin", plain.Count(c.OK) + " of " + plain.Count(c.Requests) + " ok",
			"median " + plain.Span(micro(c.P50)) + ", slowest " + plain.Span(micro(c.Max)),
		})
	}
	trust := in.Analysis.Trust
	return append(figures,
		figure{
			"Arrivals not sent", plain.Count(trust.MissedArrivals + trust.UnsentArrivals),
			plain.Count(trust.MissedArrivals) + " missed, " + plain.Count(trust.UnsentArrivals) + " unsent",
		},
		figure{"Clients", plain.Count(int64(r.Clients)), plain.Count(int64(r.Lookups)) + " look-ups"},
		figure{"Edge addresses", plain.Count(int64(r.EdgeAddresses)), in.spread()},
		figure{"POPs", plain.Count(int64(len(r.POPs))), in.popNote()},
		figure{"Received", plain.Bytes(r.Bytes), ""},
		figure{"Length", plain.Clock(in.length()), cmp.Or(strings.ToLower(in.ended()), in.early(), "to its end")})
}

// atLeast stands before a percentile that is a lower bound.
func (in Input) atLeast() string {
	if in.Analysis.Trust.LatencyIsAFloor {
		return "≥ "
	}
	return ""
}

func (in Input) popNote() string {
	if in.noCloudFront() {
		return "no CloudFront headers seen"
	}
	return list(in.Analysis.Run.POPs, 4)
}

func (in Input) latencyRows() []latencyRow {
	var rows []latencyRow
	for _, class := range classes {
		q, ok := in.latency(results.SeriesResponse, class)
		if !ok {
			continue
		}
		row := latencyRow{
			Class: class, P50: plain.Span(q.P50), P90: plain.Span(q.P90), P99: plain.Span(q.P99),
			P999: plain.Span(q.P999), Max: plain.Span(q.Max), Service: "–", Count: plain.Count(q.Count),
		}
		if s, ok := in.latency(results.SeriesService, class); ok {
			row.Service = plain.Span(s.P99)
		}
		rows = append(rows, row)
	}
	return rows
}
