package app

import (
	"math"
	"testing"
)

func TestCost(t *testing.T) {
	bytes := int64(20e9)
	for _, c := range []struct {
		name     string
		requests int64
		bytes    *int64
		usd      float64
	}{
		{"a million requests of 20 KB", 1_000_000, &bytes, 1 + 20*0.085},
		{"bytes that are not known are not counted", 1_000_000, nil, 1},
		{"nothing", 0, nil, 0},
	} {
		got := DefaultPrices.cost(c.requests, c.bytes)
		if math.Abs(got.USD-c.usd) > 1e-9 || (got.Transfer == nil) != (c.bytes == nil) {
			t.Errorf("%s: $%v, transfer %v; want $%v", c.name, got.USD, got.Transfer, c.usd)
		}
	}
}

func TestQuotedPaths(t *testing.T) {
	for path, want := range map[string]string{
		"launch.yaml": "launch.yaml", "./a-b/c_1.yaml": "./a-b/c_1.yaml", "my launch.yaml": "'my launch.yaml'",
		"it's.yaml": `'it'\''s.yaml'`, "": "''", "$(rm).yaml": "'$(rm).yaml'", "-rf.yaml": "./-rf.yaml",
	} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
	}
}
