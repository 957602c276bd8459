package hist

import (
	"errors"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"frontload/results"
)

// library records the same latencies, already in range, with HdrHistogram's own code.
func library(digits int, values []time.Duration) *hdr.Histogram {
	h := hdr.New(int64(lowest), int64(Highest), digits)
	for _, v := range values {
		_ = h.RecordValue(int64(min(Highest, max(0, v))))
	}
	return h
}

func record(digits int, values []time.Duration) *Histogram {
	h := New(digits)
	for _, v := range values {
		h.Record(v)
	}
	return h
}

// latencies draws spans of every size from a nanosecond to two hours, and negative ones.
func latencies(t *rapid.T, label string) []time.Duration {
	one := rapid.Custom(func(t *rapid.T) time.Duration {
		top := rapid.IntRange(0, 43).Draw(t, "bits")
		return min(2*time.Hour, time.Duration(rapid.Int64Range(-1, 1<<top).Draw(t, "ns")))
	})
	return rapid.SliceOfN(one, 0, 300).Draw(t, label)
}

func TestAgreesWithHdrHistogram(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(2, 3).Draw(t, "digits")
		values := latencies(t, "values")
		got, want := record(digits, values), library(digits, values)
		q := results.Quantiles{Count: want.TotalCount()}
		if q.Count > 0 {
			top := func(p float64) time.Duration {
				return min(Highest, time.Duration(want.ValueAtPercentile(p)))
			}
			q.P50, q.P90, q.P99, q.P999, q.Max = top(50), top(90), top(99), top(99.9), top(100)
		}
		if d := cmp.Diff(q, got.Quantiles()); d != "" {
			t.Fatalf("Quantiles() differ from the library's (-library +ours):\n%s", d)
		}

		stored := encode(t, got)
		read, err := hdr.Decode(stored)
		if err != nil {
			t.Fatalf("the library cannot read what we store: %v", err)
		}
		if !read.Equals(want) {
			t.Fatal("the library reads other counts than it records itself")
		}
		back, err := Decode(stored)
		if err != nil {
			t.Fatalf("Decode of what we store: %v", err)
		}
		if d := cmp.Diff(got.Quantiles(), back.Quantiles()); d != "" {
			t.Fatalf("Decode of what we store differs:\n%s", d)
		}
	})
}

func encode(t interface{ Fatal(...any) }, h *Histogram) []byte {
	b, err := NewEncoder().Encode(h)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMergeIsRecordingBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(2, 3).Draw(t, "from")
		into := rapid.IntRange(2, from).Draw(t, "into")
		a, b := latencies(t, "a"), latencies(t, "b")
		got := record(into, a)
		got.Merge(record(from, b))
		want := record(into, append(append([]time.Duration{}, a...), b...))
		if d := cmp.Diff(want.Quantiles(), got.Quantiles()); d != "" {
			t.Fatalf("merged %d digits into %d (-want +got):\n%s", from, into, d)
		}
		if got.Over() != want.Over() || got.Negative() != want.Negative() {
			t.Fatalf("merged over, negative = %d, %d, want %d, %d", got.Over(), got.Negative(), want.Over(), want.Negative())
		}
		if string(encode(t, got)) != string(encode(t, want)) {
			t.Fatal("merged counts differ from those of one histogram that took both")
		}
	})
}

func TestOutOfRangeIsClampedAndCounted(t *testing.T) {
	for _, digits := range []int{2, 3} {
		h := record(digits, []time.Duration{-time.Second, -1, 0, Highest, Highest + 1, 1 << 62})
		want := results.Quantiles{P50: 511, P90: Highest, P99: Highest, P999: Highest, Max: Highest, Count: 6}
		if d := cmp.Diff(want, h.Quantiles()); d != "" {
			t.Errorf("%d digits (-want +got):\n%s", digits, d)
		}
		if h.Over() != 2 || h.Negative() != 2 {
			t.Errorf("%d digits: Over, Negative = %d, %d, want 2, 2", digits, h.Over(), h.Negative())
		}
	}
}

func TestEmptyHasNoQuantiles(t *testing.T) {
	h := New(3)
	if q := h.Quantiles(); q != (results.Quantiles{}) {
		t.Errorf("Quantiles() of nothing = %+v, want zero", q)
	}
	if q := h.Quantile(0.99); q != 0 {
		t.Errorf("Quantile(0.99) of nothing = %v, want 0", q)
	}
}

func TestPrecision(t *testing.T) {
	for digits, most := range map[int]float64{2: 0.01, 3: 0.001} {
		for v := 100 * time.Microsecond; v < Highest; v = v*101/100 + 1 {
			h := record(digits, []time.Duration{v})
			if off := float64(h.Quantile(1)-v) / float64(v); off < 0 || off > most+0.00512 && v < time.Millisecond || v >= time.Millisecond && off > most {
				t.Fatalf("%d digits: %v is shown as %v, off by %.4f", digits, v, h.Quantile(1), off)
			}
		}
	}
}

func TestEveryBucketIsKnown(t *testing.T) {
	for _, digits := range []int{2, 3} {
		g := geometryOf(digits)
		for bucket := range g.bucketOf(Highest) + 1 {
			start := g.start(bucket)
			if got := g.bucketOf(start); got != bucket {
				t.Fatalf("%d digits: bucket %d begins at %v, which lies in bucket %d", digits, bucket, start, got)
			}
			if start > 0 && g.bucketOf(start-1) != bucket-1 {
				t.Fatalf("%d digits: bucket %d begins before %v", digits, bucket, start)
			}
		}
	}
}

// Counts of every number of bytes are stored as the library stores them.
func TestStoredCountsOfEverySize(t *testing.T) {
	for digits := 2; digits <= 3; digits++ {
		want := hdr.NewPacked(int64(lowest), int64(Highest), digits)
		got := New(digits)
		at := time.Millisecond
		for n := int64(1); n < 1<<60; n = n*5 + 1 {
			_ = want.RecordValues(int64(at), n)
			got.add(got.bucketOf(at), n)
			at = at*11/10 + 17
		}
		read, err := hdr.DecodePacked(encode(t, got))
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := read.Encode()
		theirs, _ := want.Encode()
		if string(ours) != string(theirs) {
			t.Errorf("%d digits: the library reads other counts than it records itself", digits)
		}
	}
}

func TestResetKeepsCommonMemory(t *testing.T) {
	h := New(3)
	fill := func() {
		h.Reset()
		for v := time.Millisecond; v < 4*time.Millisecond; v += 10 * time.Microsecond {
			h.Record(v)
		}
	}
	fill()
	if n := testing.AllocsPerRun(20, fill); n != 0 {
		t.Errorf("recording the same again after Reset allocates %v times", n)
	}
	h.Reset()
	if h.Count() != 0 || h.Over() != 0 || h.Quantile(1) != 0 {
		t.Errorf("after Reset: count %d, over %d, highest %v; want none", h.Count(), h.Over(), h.Quantile(1))
	}
}

// Latencies that came once do not take memory for ever, but those that come
// again and again do.
func TestResetLetsRareMemoryGo(t *testing.T) {
	h := New(3)
	held := func() (n int) {
		for _, p := range h.pages {
			if p != nil {
				n++
			}
		}
		return n
	}
	for range 3 {
		h.Record(time.Millisecond)
		h.Record(time.Minute)
		h.Reset()
		if n := held(); n != 2 {
			t.Fatalf("%d pages are held after Reset, want the 2 that were used", n)
		}
	}
	h.Record(time.Millisecond)
	h.Reset()
	if n := held(); n != 1 {
		t.Errorf("%d pages are held, want the one that was used since the Reset before", n)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	h := record(3, []time.Duration{time.Second, 2 * time.Hour})
	c := h.Clone()
	h.Record(time.Millisecond)
	if c.Count() != 2 || c.Over() != 1 || h.Count() != 3 {
		t.Errorf("the clone counts %d with %d over, want 2 with 1; the original %d, want 3", c.Count(), c.Over(), h.Count())
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := encode(t, record(3, []time.Duration{time.Second}))
	foreign, err := hdr.New(1, 1000, 3).EncodeV2()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"another cookie": []byte("SQLite format 3\x00"),
		"cut short":      good[:len(good)-3],
		"another range":  foreign,
	} {
		if _, err := Decode(b); !errors.Is(err, ErrCorrupt) {
			t.Errorf("Decode of %s: %v, want ErrCorrupt", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, digits := range []int{2, 3} {
		f.Add(encode(f, record(digits, []time.Duration{0, time.Millisecond, time.Hour})))
		f.Add(encode(f, New(digits)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Decode(b)
		if err != nil {
			if h != nil || !errors.Is(err, ErrCorrupt) {
				t.Fatalf("Decode = %v, %v", h, err)
			}
			return
		}
		again, err := Decode(encode(t, h))
		if err != nil || again.Quantiles() != h.Quantiles() {
			t.Fatalf("decoded, encoded and decoded: %v, %v, want %v", again, err, h.Quantiles())
		}
	})
}

func BenchmarkRecord(b *testing.B) {
	h := New(3)
	i := time.Duration(0)
	for b.Loop() {
		h.Record(time.Millisecond + i%4096*time.Microsecond)
		i++
	}
}

func BenchmarkEncode(b *testing.B) {
	h := New(3)
	for i := range time.Duration(4096) {
		h.Record(time.Millisecond + i*time.Microsecond)
	}
	e := NewEncoder()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Encode(h); err != nil {
			b.Fatal(err)
		}
	}
}
