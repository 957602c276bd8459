package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"frontload/results"
)

// gathered is what the charts show of a run, summed up in one pass over its
// cells. Its size depends neither on the number of requests nor on the length
// of the run.
//
// In buckets of more than one second, rates, arrivals in flight and latency
// are those of the worst second, and 503s are summed.
type gathered struct {
	buckets             buckets
	asked, sent, flight curve
	verdicts            []curve // 503s by the verdict of their burst, those of none first
	pops                []bar
}

// gather reads the run. Errors are those of its cells.
func (in Input) gather() (gathered, error) {
	g := gathered{buckets: newBuckets(in.seconds())}
	g.asked = curve{Name: "requested", Ink: inkAsked, Dashed: true, values: g.buckets.none()}
	g.sent = curve{Name: "sent", Ink: inkSent, area: true, values: g.buckets.none()}
	g.flight = curve{Name: "in flight", Ink: inkFlight, values: g.buckets.none()}
	last := in.lastAsked()
	for _, s := range in.whole() {
		if s.Second <= last {
			g.buckets.highest(g.asked.values, s.Second, s.Asked)
			g.buckets.highest(g.sent.values, s.Second, float64(s.Sent))
		}
		g.buckets.highest(g.flight.values, s.Second, float64(s.InFlight))
	}
	return g, g.cells(in)
}

// whole returns the generator's seconds without one that the end of the run
// cut off: what it counts is no rate.
func (in Input) whole() []results.Second {
	list := in.Run.Seconds
	if n := len(list); n > 1 && in.length() > 0 && float64(list[n-1].Second+1) > in.length().Seconds() {
		return list[:n-1]
	}
	return list
}

// lastAsked returns the last second that had arrivals: later ones only wait
// for answers.
func (in Input) lastAsked() int {
	last := 0
	for _, s := range in.Run.Seconds {
		if s.Scheduled > 0 || s.Sent > 0 {
			last = s.Second
		}
	}
	return last
}

// seconds returns how many seconds the time axis has.
func (in Input) seconds() int {
	seconds := int(math.Ceil(in.length().Seconds()))
	if n := len(in.Run.Seconds); n > 0 {
		seconds = max(seconds, in.Run.Seconds[n-1].Second+1)
	}
	if n := len(in.Run.Series); n > 0 {
		seconds = max(seconds, in.Run.Series[n-1].Second+1)
	}
	return seconds
}

func (g *gathered) cells(in Input) error {
	if in.Run.Cells == nil {
		return nil
	}
	match := newMatcher(in)
	byVerdict := map[string][]float64{}
	byPOP := map[string]*bar{}
	for cell, err := range in.Run.Cells {
		if err != nil {
			return fmt.Errorf("read the run's cells for the report: %w", err)
		}
		pop := byPOP[cell.POP]
		if pop == nil {
			pop = &bar{name: cmp.Or(cell.POP, "POP not told")}
			byPOP[cell.POP] = pop
		}
		pop.requests += cell.Written
		if cell.Status != 503 {
			continue
		}
		pop.answered += cell.Count
		verdict := match.verdict(&cell)
		if byVerdict[verdict] == nil {
			byVerdict[verdict] = make([]float64, g.buckets.n)
		}
		byVerdict[verdict][g.buckets.of(cell.Second)] += float64(cell.Count)
	}
	g.verdicts = verdictCurves(byVerdict)
	for _, pop := range byPOP {
		g.pops = append(g.pops, *pop)
	}
	return nil
}

// verdictCurves returns the curves in a fixed order, those outside bursts first.
func verdictCurves(byVerdict map[string][]float64) []curve {
	var curves []curve
	for _, v := range slices.Sorted(maps.Keys(byVerdict)) {
		name, k := verdict(results.Burst{Verdict: v}), ink(v)
		if v == "" {
			name, k = "no burst", inkNone
		}
		curves = append(curves, curve{Name: name, Ink: k, values: byVerdict[v]})
	}
	return curves
}

// latencyCurves returns p50 and p99 of each class's response time.
func (g *gathered) latencyCurves(series []results.LatencySecond) []curve {
	var curves []curve
	for class := range results.Class(results.Classes) {
		k := [...]ink{inkHit, inkMiss, inkRefresh, inkError}[class]
		p50 := curve{Ink: k, Dashed: true, thin: true, values: g.buckets.none()}
		p99 := curve{Name: class.String(), Ink: k, values: g.buckets.none()}
		any := false
		for _, s := range series {
			if s.Series != results.SeriesResponse || s.Class != class || s.Count == 0 {
				continue
			}
			any = true
			g.buckets.highest(p50.values, s.Second, max(1, float64(s.P50)/float64(time.Microsecond)))
			g.buckets.highest(p99.values, s.Second, max(1, float64(s.P99)/float64(time.Microsecond)))
		}
		if any {
			curves = append(curves, p50, p99)
		}
	}
	return curves
}

// maxBars bounds the edge addresses and edge locations that are shown each.
const maxBars = 24

// topBars returns the bars with the most 503s, then the most requests; what is
// beyond [maxBars] is summed as others.
func topBars(bars []bar) []bar {
	slices.SortFunc(bars, func(a, b bar) int {
		return cmp.Or(cmp.Compare(b.answered, a.answered), cmp.Compare(b.requests, a.requests), cmp.Compare(a.name, b.name))
	})
	if len(bars) <= maxBars {
		return bars
	}
	others := bar{name: fmt.Sprintf("%d others", len(bars)-maxBars)}
	for _, b := range bars[maxBars:] {
		others.requests += b.requests
		others.answered += b.answered
	}
	return append(bars[:maxBars:maxBars], others)
}

// edgeBars returns the bars of the edge addresses.
func (in Input) edgeBars() []bar {
	var bars []bar
	for _, e := range in.Analysis.Run.Edges {
		name := e.Address
		if e.POP != "" {
			name += " " + e.POP
		}
		bars = append(bars, bar{name: name, requests: e.Requests, answered: e.Responses503})
	}
	return topBars(bars)
}
