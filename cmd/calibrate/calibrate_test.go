package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/scenarios/lab"
)

// A small corpus of both halves: the verdicts are right where answers tell, and
// mostly right where they do not. The whole corpus says how right; this says
// when something broke.
func TestASmallCorpus(t *testing.T) {
	learn, back := halves()
	for name, h := range map[string]half{"learnt": learn, "held back": back} {
		all, err := judgeAll(context.Background(), h.draws(100, 7), 2)
		if err != nil {
			t.Fatal(err)
		}
		s := evaluate(all, 1)
		if s.Bursts < 60 {
			t.Fatalf("%s: %d bursts of 100 runs, too few to judge by", name, s.Bursts)
		}
		for tells, least := range map[lab.Tells]float64{lab.TellAll: 0.95, lab.TellSome: 0.85, lab.TellNone: 0.85} {
			if m := s.Matrices[string(tells)]; m == nil || m.accuracy() < least {
				t.Errorf("%s: where headers tell %s, the matrix is %+v, want %.0f %% right", name, tells, m, 100*least)
			}
		}
		if 20*s.SureWrong > s.Sure {
			t.Errorf("%s: %d of %d verdicts of over 0.95 confidence are wrong", name, s.SureWrong, s.Sure)
		}
		if s.ECE > 0.1 {
			t.Errorf("%s: the expected calibration error is %.3f", name, s.ECE)
		}
		if s.ECELow > s.ECE+0.02 || s.ECEHigh < s.ECE-0.02 {
			t.Errorf("%s: the expected calibration error %.3f lies outside %.3f to %.3f", name, s.ECE, s.ECELow, s.ECEHigh)
		}
	}
}

func TestHalvesShareNoGenerator(t *testing.T) {
	learn, back := halves()
	seen := map[string]bool{}
	for _, of := range [][]lab.Generator{learn.faults, learn.headers, learn.traffic} {
		for _, g := range of {
			seen[g.Name] = true
		}
	}
	known := len(seen)
	for _, of := range [][]lab.Generator{back.faults, back.headers, back.traffic} {
		if len(of) < 4 {
			t.Errorf("only %d generators are held back", len(of))
		}
		for _, g := range of {
			known++
			if seen[g.Name] {
				t.Errorf("%s is in both halves", g.Name)
			}
		}
	}
	if want := len(lab.FaultStyles()) + len(lab.HeaderStyles()) + len(lab.TrafficShapes()); known != want {
		t.Errorf("%d generators are in the halves, want %d", known, want)
	}
	for name := range held {
		if seen[name] {
			t.Errorf("%s is held back and learnt from", name)
		}
	}
}

// The corpus is the same for the same seed, and has each cause as often as the
// prior says.
func TestDraws(t *testing.T) {
	learn, _ := halves()
	a, b := learn.draws(2000, 3), learn.draws(2000, 3)
	counts := map[string]float64{}
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("drawn twice, run %d differs: %v, %v", i, a[i], b[i])
		}
		counts[a[i].fault.Verdict]++
	}
	for _, v := range verdicts[:3] {
		got, want := counts[v]/counts[results.VerdictOriginSaturation], math.Exp(analysis.Prior(v))
		if math.Abs(got-want) > 0.08 {
			t.Errorf("%s is drawn %.2f times as often as an origin's fault, want %.2f", v, got, want)
		}
	}
}

// made returns a burst of the given truth and confidence.
func made(truth, verdict string, confidence float64) *judged {
	j := &judged{truth: truth, told: true, purity: 1}
	j.Verdict, j.Confidence = verdict, confidence
	j.Probabilities = map[string]float64{verdict: confidence}
	return j
}

func TestReliability(t *testing.T) {
	const edge, origin = results.VerdictEdgeCapacity, results.VerdictOriginSaturation
	var list []*judged
	for i := range 10 {
		truth := edge
		if i == 0 {
			truth = origin
		}
		list = append(list, made(truth, edge, 0.92))
	}
	bins, ece := reliability(list)
	if b := bins[9]; b.Bursts != 10 || math.Abs(b.Right-0.9) > 1e-9 || math.Abs(b.Confidence-0.92) > 1e-9 || math.Abs(ece-0.02) > 1e-9 {
		t.Errorf("nine of ten right at 0.92: %+v, error %.4f, want 0.02", b, ece)
	}
	low, high := bootstrap(list, 1)
	if low > ece || high < ece || high > 0.5 {
		t.Errorf("the error is %.3f, and bootstrap samples lie between %.3f and %.3f", ece, low, high)
	}
	if low, high := bootstrap(nil, 1); low != 0 || high != 0 {
		t.Errorf("of no bursts: %v, %v", low, high)
	}
}

// The fit moves a weight to where the bursts are likeliest, keeps its sign, and
// leaves alone what it never saw.
func TestFit(t *testing.T) {
	evidence := func(signal, favours string, odds float64) results.Evidence {
		return results.Evidence{Signal: signal, Favours: favours, LogOdds: odds}
	}
	index := map[string]int{}
	for i, r := range analysis.Weights() {
		index[r.Signal+r.Favours] = i
	}
	table := analysis.Weights()
	var list []*judged
	for i := range 200 {
		j := made(results.VerdictOriginSaturation, "", 0)
		// It favours an origin, but half of the time a function was the cause.
		if i%2 == 0 {
			j.truth = results.VerdictEdgeCompute
		}
		j.Evidence = append(j.Evidence, evidence("slow-503s", results.FamilyOrigin, table[index["slow-503sorigin"]].Odds))
		list = append(list, j)
	}
	w := newFit(list).solve(newFit(list).examples)
	slow, unseen := index["slow-503sorigin"], index["page-s3origin"]
	if w[slow] <= 0 || w[slow] >= table[slow].Reasoned {
		t.Errorf("a sign that misleads half the time is worth %.2f, want less than the reasoned %.2f and more than nothing", w[slow], table[slow].Reasoned)
	}
	if math.Abs(w[unseen]-table[unseen].Reasoned) > 1e-6 {
		t.Errorf("a sign that was never seen is worth %.3f, want %.3f as reasoned", w[unseen], table[unseen].Reasoned)
	}
	list[0].purity = 0.5
	if n := len(newFit(list).examples); n != 199 {
		t.Errorf("%d bursts teach, want 199: one has two causes", n)
	}
}

func TestTextAndJSON(t *testing.T) {
	o := options{runs: 10, workers: 2, seed: 1, each: true, wrong: 3}
	var text bytes.Buffer
	if err := run(context.Background(), o, &text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"held back", "undetermined", "Brier score", "share right", "headers log-rich"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text does not say %q:\n%s", want, text.String())
		}
	}
	o.json = true
	var doc bytes.Buffer
	if err := run(context.Background(), o, &doc); err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(doc.Bytes(), &got); err != nil || got.Schema == "" || len(got.Halves) != 2 {
		t.Errorf("the document is %v, %+v", err, got)
	}
	o.faults = []string{"nonsense"}
	if err := run(context.Background(), o, &doc); err == nil {
		t.Error("faults of an unknown name are taken")
	}
}
