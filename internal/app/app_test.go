package app

import (
	"testing"
	"time"

	"frontload/results"
	"frontload/scenarios/lab"
)

func TestRunFileName(t *testing.T) {
	at := time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC)
	for name, want := range map[string]string{
		"launch":           "launch-20261123-101500.db",
		"127.0.0.1:8080":   "127.0.0.1-8080-20261123-101500.db",
		"../../etc/passwd": "etc-passwd-20261123-101500.db",
		"":                 "run-20261123-101500.db",
		"süß und so":       "s---und-so-20261123-101500.db",
	} {
		if got := runFileName(name, at); got != want {
			t.Errorf("runFileName(%q) = %q, want %q", name, got, want)
		}
	}
}

// The lab's judgement of an analysis: it must be able to say no.
func TestJudgeCanSayNo(t *testing.T) {
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	s3, custom := "s3", "custom"
	fault := lab.Fault{Start: 10 * time.Second, End: 15 * time.Second, Echo: 25 * time.Second, Verdict: results.VerdictOriginSaturation, OriginKind: "s3"}
	burst := func(from, to int, verdict string, kind *string) results.Burst {
		return results.Burst{
			Start: start.Add(time.Duration(from) * time.Second), End: start.Add(time.Duration(to) * time.Second),
			Verdict: verdict, OriginKind: kind,
		}
	}
	for _, c := range []struct {
		name   string
		bursts []results.Burst
		right  bool
	}{
		{"found once", []results.Burst{burst(10, 16, "origin-saturation", &s3)}, true},
		{"not found", nil, false},
		{"another cause", []results.Burst{burst(10, 16, "edge-capacity", nil)}, false},
		{"another kind", []results.Burst{burst(10, 16, "origin-saturation", &custom)}, false},
		{"at another time", []results.Burst{burst(27, 30, "origin-saturation", &s3)}, false},
		{"found twice", []results.Burst{burst(10, 12, "origin-saturation", &s3), burst(13, 16, "origin-saturation", &s3)}, false},
		{"and one more besides", []results.Burst{burst(10, 16, "origin-saturation", &s3), burst(28, 29, "edge-quota", nil)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i := range c.bursts {
				c.bursts[i].ID = i + 1
			}
			r := newRehearsal(Rehearsal{}, func() (lab.Truth, int64, error) { return lab.Truth{Faults: []lab.Fault{fault}}, 0, nil })
			if err := r.compare(&results.Analysis{Run: results.RunSummary{Start: start, End: start.Add(30 * time.Second)}, Bursts: c.bursts}); err != nil {
				t.Fatal(err)
			}
			if r.Right != c.right {
				t.Errorf("right = %t, want %t", r.Right, c.right)
			}
		})
	}
}
