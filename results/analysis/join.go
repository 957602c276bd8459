package analysis

import (
	"math/bits"
	"time"

	"frontload/results"
	"frontload/results/report/plain"
)

// A joinCount counts the exemplars of a burst that have a row in access logs,
// and what these rows show.
type joinCount struct {
	rows    int64
	signals [32]int64
}

// joinOf counts the joined 503s of a burst, but for those of seconds that count
// as no evidence.
func (w *watcher) joinOf(run *results.Run, o *observation) (c joinCount) {
	for i := range run.Exemplars {
		e := &run.Exemplars[i]
		s, found := run.Joined.Signals[e.RequestID]
		if !found || e.Status != 503 || w.isLimited(int(e.At/time.Second)) || !o.holds(w.ledger, e) {
			continue
		}
		c.rows++
		for b := uint32(s); b != 0; b &= b - 1 {
			c.signals[bits.TrailingZeros32(b)]++
		}
	}
	return c
}

// logSigns are what only an access log shows.
const logSigns = results.SignalLogCapacity | results.SignalLogLimit | results.SignalLogCompute | results.SignalLogOrigin | results.SignalLogFetched

// logsSay weighs what access logs tell of the burst's 503s. It counts less where
// the answers themselves have named the same family.
func (j *judge) logsSay() {
	if j.run.Joined == nil {
		return
	}
	c := j.joinOf(j.run, j.observation)
	factor := map[string]float64{}
	for _, e := range j.evidence {
		factor[family(e.Favours)] = diminish
	}
	for _, s := range signs {
		n := c.signals[bits.TrailingZeros32(uint32(s.signal))]
		if s.signal&logSigns == 0 || n == 0 {
			continue
		}
		of := family(bySignal[s.name()][0].Favours)
		f, again := factor[of]
		if !again {
			f = 1
		}
		factor[of] = f * diminish
		enough := float64(c.rows) / (float64(c.rows) + halfTrust)
		j.add(s.name(), shownShare(n, c.rows)*enough*f, "%s on %d of %d rows that were joined", s.words, n, c.rows)
	}
}

// joined says how the run and access logs were joined; nil where they were not.
func joined(run *results.Run) *results.Join {
	if run.Joined == nil {
		return nil
	}
	j := &results.Join{Signals: map[string]int64{}, LogRows: run.Joined.Rows, Within: run.Joined.Within}
	for i := range run.Exemplars {
		countJoin(j, &run.Exemplars[i], run.Joined.Signals)
	}
	if !run.Joined.Latest.IsZero() {
		j.FirstRow, j.LatestRow = &run.Joined.From, &run.Joined.Latest
		if !run.Info.End.IsZero() {
			after := run.Joined.Latest.Sub(run.Info.End).Seconds()
			j.LatestAfterEnd = &after
		}
	}
	if j.Exemplars > 0 {
		own := float64(j.Joined) / float64(j.Exemplars) * float64(sentOf(run))
		j.OtherRows = max(0, j.Within-int64(own))
	}
	j.Why = whyNotJoined(run, j)
	return j
}

func countJoin(j *results.Join, e *results.Exemplar, found map[string]results.Signals) {
	if e.RequestID == "" {
		return
	}
	s, ok := found[e.RequestID]
	j.Exemplars++
	if ok {
		j.Joined++
	}
	if e.Status != 503 {
		return
	}
	j.Kept503++
	if ok {
		j.Joined503++
		for _, name := range s.Names() {
			j.Signals[name]++
		}
	}
}

// sentOf returns how many requests the run sent.
func sentOf(run *results.Run) (n int64) {
	for _, s := range run.Sends {
		n += s.Count
	}
	return n
}

// delivery says when CloudFront delivers its logs.
const delivery = "CloudFront delivers most rows within minutes and some up to 24 hours later"

// whyNotJoined says why exemplars have no row, as far as can be told; empty
// where all have one.
func whyNotJoined(run *results.Run, j *results.Join) string {
	logs := run.Joined
	switch {
	case j.Exemplars == 0:
		return "the run kept no request id: its answers have no X-Amz-Cf-Id, so they did not come from CloudFront"
	case j.Joined == j.Exemplars:
		return ""
	case logs.Rows == 0:
		return "the logs have no rows"
	case !logs.IDs:
		return "the logs' rows have no request id: choose the field x-edge-request-id for them"
	case logs.Latest.Before(run.Info.Start):
		return "the logs end before the run began, at " + dayTime(logs.Latest) + ": " + delivery
	case !run.Info.End.IsZero() && logs.From.After(run.Info.End):
		return "the logs begin after the run's end, at " + dayTime(logs.From) + ": name those of the run's time too"
	case j.LatestAfterEnd != nil && *j.LatestAfterEnd < 0:
		return "the logs end " + plain.Clock(time.Duration(-*j.LatestAfterEnd*float64(time.Second))) + " before the run does: " + delivery
	case j.Joined == 0:
		return "the logs are of the run's time, and no row is the run's: they may be another distribution's, or its own rows are still to come (" + delivery + ")"
	case logs.From.After(run.Info.Start.Add(time.Second)):
		return "the logs begin at " + dayTime(logs.From) + ", after the run did: name those from before, too; or rows are still to come (" + delivery + ")"
	}
	return "rows are still to come (" + delivery + "), or not all log files are named"
}

func dayTime(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
