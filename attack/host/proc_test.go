package host

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

func captured(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseStat(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       cpuTimes
	}{
		{"captured", string(captured(t, "stat-2-cpus.txt")), cpuTimes{busy: 175527, idle: 28139, steal: 203}},
		{"a guest's time is part of user time", "cpu  10 1 2 30 4 5 6 7 8 9\ncpu0 1 1 1 1\n", cpuTimes{busy: 24, idle: 34, steal: 7}},
		{"an old kernel tells four times", "cpu  10 1 2 30\n", cpuTimes{busy: 13, idle: 30}},
	} {
		if got, err := parseStat([]byte(c.text)); got != c.want || err != nil {
			t.Errorf("%s: parseStat() = %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	for _, bad := range []string{"", "cpu", "cpu 1 2 3\n", "cpu0 1 2 3 4\n", "cpu  1 2 x 4\n", "cpu  1 2 -3 4\n", "cpu  1 2 99999999999999999999 4\n"} {
		if got, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("parseStat(%q) = %+v, want an error", bad, got)
		}
	}
	if n := countCPUs(captured(t, "stat-2-cpus.txt")); n != 2 {
		t.Errorf("countCPUs() = %d, want 2", n)
	}
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		name        string
		before, now cpuTimes
		busy, steal float64
		ok          bool
	}{
		{"a second of two CPUs", cpuTimes{1000, 2000, 10}, cpuTimes{1100, 2024, 86}, 0.5, 0.38, true},
		{"no time has passed", cpuTimes{1, 2, 3}, cpuTimes{1, 2, 3}, 0, 0, false},
		{"idle time goes back", cpuTimes{1000, 2000, 10}, cpuTimes{1100, 1999, 10}, 1, 0, true},
	} {
		busy, steal, ok := c.now.since(c.before)
		if busy != c.busy || steal != c.steal || ok != c.ok {
			t.Errorf("%s: since() = %v, %v, %t, want %v, %v, %t", c.name, busy, steal, ok, c.busy, c.steal, c.ok)
		}
	}
}

func TestParseSizes(t *testing.T) {
	if got, err := parseStatm(captured(t, "statm.txt")); got != 436 || err != nil {
		t.Errorf("parseStatm() = %d, %v, want 436", got, err)
	}
	if got, err := parseSockstat(captured(t, "sockstat.txt"), "TCP"); got != 23 || err != nil {
		t.Errorf("parseSockstat() = %d, %v, want 23", got, err)
	}
	if got, err := parseSockstat(captured(t, "sockstat6.txt"), "TCP6"); got != 0 || err != nil {
		t.Errorf("parseSockstat(TCP6) = %d, %v, want 0", got, err)
	}
	for _, bad := range []string{"", "1", "1 x", "1 -2", "1 18446744073709551615"} {
		if got, err := parseStatm([]byte(bad)); err == nil {
			t.Errorf("parseStatm(%q) = %d, want an error", bad, got)
		}
	}
	for _, bad := range []string{"", "TCP:", "TCP: inuse", "TCP: inuse x", "UDP: inuse 3\n"} {
		if got, err := parseSockstat([]byte(bad), "TCP"); err == nil {
			t.Errorf("parseSockstat(%q) = %d, want an error", bad, got)
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add(captured(f, "stat-2-cpus.txt"), captured(f, "stat-2-cpus.txt"))
	f.Add([]byte("cpu  10 1 2 30 4 5 6 7 8 9\n"), []byte("cpu  18446744073709551609 1 2 30\n"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		before, errBefore := parseStat(a)
		now, errNow := parseStat(b)
		if errBefore != nil || errNow != nil {
			return
		}
		busy, steal, ok := now.since(before)
		if ok && !(busy >= 0 && steal >= 0 && busy+steal <= 1+1e-9) || math.IsNaN(busy) {
			t.Errorf("since() = %v, %v", busy, steal)
		}
		if n := countCPUs(a); n < 0 || n > len(a) {
			t.Errorf("countCPUs() = %d", n)
		}
	})
}

func FuzzParseStatm(f *testing.F) {
	f.Add(captured(f, "statm.txt"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := parseStatm(b); n < 0 || err != nil && n != 0 {
			t.Errorf("parseStatm() = %d, %v", n, err)
		}
	})
}

func FuzzParseSockstat(f *testing.F) {
	f.Add(captured(f, "sockstat.txt"), "TCP")
	f.Add(captured(f, "sockstat6.txt"), "TCP6")
	f.Fuzz(func(t *testing.T, b []byte, word string) {
		if n, err := parseSockstat(b, word); n < 0 || err != nil && n != 0 {
			t.Errorf("parseSockstat() = %d, %v", n, err)
		}
	})
}
