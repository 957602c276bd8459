package analysis

import (
	"strings"
	"testing"

	"frontload/results"
)

// Evidence by the time to first byte says so; where only the whole time is
// known it says that.
func TestEvidenceNamesTheTimeThatItMeans(t *testing.T) {
	w := rig(3, 300)
	w.faults = []worldFault{{verdict: results.VerdictOriginSaturation, kind: originCustom, from: 20, to: 30, share: 0.5, slower: 1}}
	for want, apart := range map[string]bool{"first byte of 503s after ": true, "503s took ": false} {
		run := w.run()
		var list []results.Cell
		for c, err := range run.Cells {
			if err != nil {
				t.Fatal(err)
			}
			c.Service = c.TTFB
			if apart {
				c.Service += c.TTFB / 2
			}
			list = append(list, c)
		}
		run.Cells = stream(list)
		a := analyze(t, run)
		if len(a.Bursts) != 1 {
			t.Fatalf("want one burst, got %s", describe(a))
		}
		told := ""
		for _, e := range a.Bursts[0].Evidence {
			told += e.Observed + "\n"
		}
		if !strings.Contains(told, want) {
			t.Errorf("no evidence says %q:\n%s", want, told)
		}
	}
}
