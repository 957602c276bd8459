package lab

import (
	"strings"
	"testing"
	"time"

	"frontload/scenarios/distribution"
)

// The configuration says of every case what the model does: which behaviour a
// path meets, how long its objects live and what is behind it.
func TestDistribution(t *testing.T) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			m := New(c, 1, 30*time.Second)
			text, err := m.Distribution(DefaultName)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(text), ConfigOpening) {
				t.Errorf("the configuration begins %.80q", text)
			}
			d, err := distribution.Read("lab.json", text)
			if err != nil {
				t.Fatalf("%v\nin\n%s", err, text)
			}
			if serves, _ := d.Serves(DefaultName); !serves {
				t.Errorf("the distribution does not serve %s", DefaultName)
			}
			for _, path := range []string{"/", "/img/1.jpg", "/files/2", "/articles/3", "/live/4", "/search?q=/img/", "/imgs"} {
				b := &m.c.behaviours[m.behaviour(path)]
				got := d.Match(path)
				origins := d.OriginsOf(got)
				if got.Caching.DefaultTTL != b.ttl || origins[0].ID != originID(b.origin) || string(origins[0].Kind) != m.origins[b.origin].kind.String() {
					t.Errorf("%s meets %+v with %+v, want %+v", path, got, origins[0], b)
				}
				lambda := b.compute && m.compute != nil && m.compute.lambda
				if (len(got.ViewerLambdas()) > 0) != lambda || len(got.Functions) > 0 != (b.compute && !lambda) {
					t.Errorf("%s meets functions %v and %v, want those of %+v", path, got.Lambdas, got.Functions, b)
				}
			}
		})
	}
}
