package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"frontload/results"
)

// verdicts are the columns of a matrix; the truth is one of all but the last.
var verdicts = []string{
	results.VerdictEdgeCapacity, results.VerdictEdgeQuota, results.VerdictEdgeCompute, results.VerdictOriginSaturation, results.VerdictUndetermined,
}

// A matrix counts bursts by their true cause and by their verdict.
type matrix struct {
	Counts map[string]map[string]int `json:"counts"` // by truth, then by verdict
	Bursts int                       `json:"bursts"`
	Right  int                       `json:"right"`
}

func newMatrix() matrix { return matrix{Counts: map[string]map[string]int{}} }

func (m *matrix) add(j *judged) {
	if m.Counts[j.truth] == nil {
		m.Counts[j.truth] = map[string]int{}
	}
	m.Counts[j.truth][j.Verdict]++
	m.Bursts++
	if j.right() {
		m.Right++
	}
}

// accuracy is the share of the bursts whose verdict is right.
func (m *matrix) accuracy() float64 { return float64(m.Right) / float64(max(1, m.Bursts)) }

// A score is how well the verdicts of some bursts agree with the truth.
type score struct {
	Runs     int                `json:"runs"`
	Bursts   int                `json:"bursts"`
	Strays   int                `json:"false_bursts"`
	Unfound  int                `json:"faults_not_found"`
	Matrices map[string]*matrix `json:"matrices"` // by how much the headers tell
	Untold   *matrix            `json:"cannot_be_told"`

	Sure      int     `json:"over_95"`       // verdicts of more than 0.95 confidence
	SureWrong int     `json:"over_95_wrong"` // those of them that are wrong
	Brier     float64 `json:"brier"`         // mean over bursts of the sum over verdicts of (probability − truth)²

	Reliability []bin   `json:"reliability"`
	ECE         float64 `json:"expected_calibration_error"`
	ECELow      float64 `json:"expected_calibration_error_low"` // 95 % of bootstrap samples lie between
	ECEHigh     float64 `json:"expected_calibration_error_high"`
}

// A bin counts the bursts whose confidence lies in one tenth.
type bin struct {
	From       float64 `json:"from"`
	Bursts     int     `json:"bursts"`
	Confidence float64 `json:"mean_confidence"`
	Right      float64 `json:"share_right"`
}

// evaluate scores the runs.
func evaluate(all []outcome, seed uint64) score {
	untold := newMatrix()
	s := score{Runs: len(all), Matrices: map[string]*matrix{}, Untold: &untold}
	bursts := burstsOf(all)
	for i := range all {
		s.Strays += all[i].strays
		s.Unfound += all[i].unfound
	}
	s.Bursts = len(bursts)
	for _, j := range bursts {
		s.count(j)
	}
	s.Brier /= float64(max(1, s.Bursts))
	s.Reliability, s.ECE = reliability(bursts)
	s.ECELow, s.ECEHigh = bootstrap(bursts, seed)
	return s
}

func burstsOf(all []outcome) (bursts []*judged) {
	for i := range all {
		for k := range all[i].bursts {
			bursts = append(bursts, &all[i].bursts[k])
		}
	}
	return bursts
}

func (s *score) count(j *judged) {
	m := s.Untold
	if j.told {
		tells := string(j.headers.Tells)
		if s.Matrices[tells] == nil {
			n := newMatrix()
			s.Matrices[tells] = &n
		}
		m = s.Matrices[tells]
	}
	m.add(j)
	if j.Verdict != results.VerdictUndetermined && j.Confidence > 0.95 {
		s.Sure++
		if !j.right() {
			s.SureWrong++
		}
	}
	for _, v := range verdicts[:4] {
		d := j.Probabilities[v]
		if v == j.truth {
			d--
		}
		s.Brier += d * d
	}
}

// likeliest returns the verdict that the confidence is about, also where none
// is pronounced.
func (j *judged) likeliest() string {
	best := verdicts[0]
	for _, v := range verdicts[1:4] {
		if j.Probabilities[v] > j.Probabilities[best] {
			best = v
		}
	}
	return best
}

const tenths = 10

// reliability sorts the bursts into tenths of confidence, and returns the
// expected calibration error: the mean, over bursts, of the distance between
// their tenth's mean confidence and its share of right verdicts. Of an
// undetermined burst the likeliest verdict counts.
func reliability(bursts []*judged) ([]bin, float64) {
	bins := make([]bin, tenths)
	for i := range bins {
		bins[i].From = float64(i) / tenths
	}
	for _, j := range bursts {
		b := &bins[min(tenths-1, int(j.Confidence*tenths))]
		b.Bursts++
		b.Confidence += j.Confidence
		if j.likeliest() == j.truth {
			b.Right++
		}
	}
	ece := 0.0
	for i := range bins {
		b := &bins[i]
		ece += math.Abs(b.Confidence-b.Right) / float64(max(1, len(bursts)))
		b.Confidence /= float64(max(1, b.Bursts))
		b.Right /= float64(max(1, b.Bursts))
	}
	return bins, ece
}

// resamples is how many bootstrap samples are drawn.
const resamples = 400

// bootstrap returns between which values the expected calibration error lies
// in 95 % of samples that are drawn from the bursts.
func bootstrap(bursts []*judged, seed uint64) (low, high float64) {
	if len(bursts) == 0 {
		return 0, 0
	}
	rng := rand.New(rand.NewPCG(seed, 0x626f6f74))
	errors := make([]float64, resamples)
	sample := make([]*judged, len(bursts))
	for i := range errors {
		for k := range sample {
			sample[k] = bursts[rng.IntN(len(bursts))]
		}
		_, errors[i] = reliability(sample)
	}
	slices.Sort(errors)
	return errors[resamples*25/1000], errors[resamples*975/1000]
}
