package record

import (
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"frontload/results"
)

func sample(done time.Duration, client uint32) *results.Sample {
	return &results.Sample{
		Client: client, Source: netip.AddrFrom4([4]byte{10, byte(client >> 16), byte(client >> 8), byte(client)}),
		Edge: netip.AddrFrom4([4]byte{127, 0, 0, byte(client % 3)}), POP: "FRA56-P1", Prefix: "/articles/",
		Protocol: results.H1, Written: true, Status: 200, Cache: results.CacheHit, Outcome: results.OK, BytesIn: 1000, BytesOut: 100,
		Intended: done - 5*time.Millisecond, Ready: done - 4*time.Millisecond, Sent: done - 4*time.Millisecond,
		FirstByte: done - time.Millisecond, Done: done,
	}
}

func failed(done time.Duration, status uint16, outcome results.Outcome) *results.Sample {
	s := sample(done, 1)
	s.Status, s.Outcome = status, outcome
	return s
}

type detail results.Exemplar

func (d detail) Exemplar() results.Exemplar { return results.Exemplar(d) }

func count(iv *Interval) (n int64) {
	for _, c := range iv.Cells {
		n += c.Count
	}
	return n
}

func seconds(iv *Interval) (list []int) {
	for _, s := range iv.Seconds {
		list = append(list, s.Second)
	}
	return list
}

func TestCutTakesFinishedSeconds(t *testing.T) {
	r := New(Config{Shards: 3})
	for i := range 30 {
		r.Record(sample(time.Duration(i)*100*time.Millisecond, uint32(i)), nil) // 10 in each of seconds 0, 1 and 2
	}
	iv := r.Cut(2500*time.Millisecond, Gauges{Asked: 10, InFlight: 4, Stage: "hold"})
	if got := seconds(iv); !cmp.Equal(got, []int{0, 1}) || count(iv) != 20 {
		t.Errorf("Cut at 2.5 s: seconds %v with %d samples, want 0 and 1 with 20", got, count(iv))
	}
	if s := iv.Seconds; s[0].Asked != 0 || s[1].Asked != 10 || s[1].InFlight != 4 || s[1].Stage != "hold" {
		t.Errorf("gauges: %+v, want them at second 1 only", s)
	}
	iv = r.Cut(2900*time.Millisecond, Gauges{Asked: 99})
	if len(iv.Seconds) != 0 || count(iv) != 0 {
		t.Errorf("Cut again within the second: %+v", iv.Seconds)
	}
	r.Record(sample(100*time.Millisecond, 1), nil)
	iv = r.Cut(3*time.Second, Gauges{Asked: 12})
	if got := seconds(iv); !cmp.Equal(got, []int{0, 2}) || count(iv) != 11 || iv.Seconds[0].Asked != 0 || iv.Seconds[1].Asked != 12 {
		t.Errorf("Cut at 3 s, with one late in second 0: %+v with %d samples", iv.Seconds, count(iv))
	}
	r.Record(sample(5*time.Second, 1), nil)
	iv = r.Finish(3500*time.Millisecond, Gauges{})
	if got := seconds(iv); !cmp.Equal(got, []int{3, 5}) || count(iv) != 1 {
		t.Errorf("Finish: seconds %v with %d samples, want 3 and 5 with 1", got, count(iv))
	}
}

func TestCellsAndTotals(t *testing.T) {
	r := New(Config{Region: "eu", Requests: []string{"article"}})
	for range 3 {
		r.Record(sample(500*time.Millisecond, 3), nil)
	}
	r.Record(failed(600*time.Millisecond, 503, results.EdgeCapacity), nil)
	r.Record(failed(700*time.Millisecond, 404, results.ClientError), nil)
	r.Sent(10*time.Millisecond, netip.MustParseAddr("127.0.0.1"), 0)
	iv := r.Cut(time.Second, Gauges{})
	want := results.Cell{
		CellKey: results.CellKey{
			Region: "eu", Edge: netip.MustParseAddr("127.0.0.0"), POP: "FRA56-P1",
			Cache: results.CacheHit, Outcome: results.OK, Status: 200,
		},
		Counts: results.Counts{
			Count: 3, Written: 3, BytesIn: 3000, BytesOut: 300, Response: 15 * time.Millisecond,
			Service: 12 * time.Millisecond, TTFB: 9 * time.Millisecond, Queueing: 3 * time.Millisecond,
		},
	}
	if d := cmp.Diff(want, iv.Cells[0], cmpopts.EquateComparable(netip.Addr{})); d != "" || len(iv.Cells) != 3 {
		t.Errorf("%d cells, want 3; the first (-want +got):\n%s", len(iv.Cells), d)
	}
	got := iv.Totals()
	if got.P99 < 5*time.Millisecond || got.P99 > 5100*time.Microsecond {
		t.Errorf("Totals().P99 = %v, want 5 ms", got.P99)
	}
	got.P99 = 0
	if want := (Totals{Sent: 1, OK: 3, Status503: 1, Errors: 1}); got != want {
		t.Errorf("Totals() = %+v, want %+v", got, want)
	}
}

func TestHistograms(t *testing.T) {
	r := New(Config{Region: "eu", Requests: []string{"article"}})
	var whole []Histogram
	counts := map[int]int64{} // response times by ten seconds
	for sec := range 21 {
		s := sample(time.Duration(sec)*time.Second+500*time.Millisecond, 1)
		r.Record(s, nil)
		r.Lookup(results.Lookup{At: s.Done, Took: time.Millisecond})
		var iv *Interval
		if now := time.Duration(sec+1) * time.Second; sec == 20 {
			iv = r.Finish(now, Gauges{})
		} else {
			iv = r.Cut(now, Gauges{})
		}
		whole = nil
		for _, h := range iv.Histograms {
			switch h.Span {
			case SpanTen:
				if h.Key == (results.LatencyKey{Series: "response", By: "all"}) && h.Hist.Digits() == 3 {
					counts[h.Start] += h.Hist.Count()
				}
			case SpanRun:
				whole = append(whole, h)
			case SpanSecond:
				if h.Hist.Digits() != 2 || h.Start != sec || h.Key.Value != "hit" || h.Hist.Count() != 1 {
					t.Errorf("in second %d: %+v of %d digits with %d", sec, h.Key, h.Hist.Digits(), h.Hist.Count())
				}
			}
		}
	}
	keys := map[results.LatencyKey]int64{}
	for _, h := range whole {
		keys[h.Key] = h.Hist.Count()
	}
	want := map[results.LatencyKey]int64{
		{Series: "lag", By: "all"}: 21, {Series: "queueing", By: "all"}: 21, {Series: "dns", By: "all"}: 21, {Series: "ttfb", By: "all"}: 21,
	}
	for _, s := range []results.Series{"response", "service"} {
		for by, value := range map[string]string{"all": "", "class": "hit", "request": "article", "pop": "FRA56-P1", "region": "eu"} {
			want[results.LatencyKey{Series: s, By: by, Value: value}] = 21
		}
	}
	if d := cmp.Diff(want, keys); d != "" {
		t.Errorf("of the whole run (-want +got):\n%s", d)
	}
	if d := cmp.Diff(map[int]int64{0: 10, 10: 10, 20: 1}, counts); d != "" {
		t.Errorf("tens of seconds (-want +got):\n%s", d)
	}
}

// wholeRun returns how many response times the whole run's histogram shows, -1 for no histogram.
func wholeRun(iv *Interval) int64 {
	for _, h := range iv.Histograms {
		if h.Span == SpanRun && h.Key == (results.LatencyKey{Series: "response", By: "all"}) {
			return h.Hist.Count()
		}
	}
	return -1
}

func TestWholeRunHistogramsHoldEverythingSoFar(t *testing.T) {
	for every, want := range map[int][]int64{
		0:  {1, -1, 3, -1, 5, -1, 7, -1, 9, -1, 11, -1, 15},
		1:  {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15},
		3:  {1, -1, -1, 4, -1, -1, 7, -1, -1, 10, -1, -1, 15},
		-1: {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 15},
	} {
		r := New(Config{WholeRunEvery: every})
		var got []int64
		for sec := range 12 {
			r.Record(sample(time.Duration(sec)*time.Second+time.Millisecond, 1), nil)
			if sec == 11 { // late, into ten seconds that are out already, and into those that are not
				r.Record(sample(3*time.Second, 1), nil)
				r.Record(sample(10*time.Second, 1), nil)
			}
			got = append(got, wholeRun(r.Cut(time.Duration(sec+1)*time.Second, Gauges{})))
		}
		r.Record(sample(12*time.Second, 1), nil)
		got = append(got, wholeRun(r.Finish(13*time.Second, Gauges{})))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("with every %d cuts (-want +got):\n%s", every, d)
		}
	}
}

func TestClampedOncePerLatency(t *testing.T) {
	r := New(Config{Requests: []string{"article"}})
	s := sample(3*time.Hour, 1)
	s.Intended = 0
	r.Record(s, nil) // response 3 h, queueing 3 h less 4 ms
	s = sample(time.Second, 1)
	s.Intended = 2 * time.Second
	r.Record(s, nil) // response -1 s
	iv := r.Finish(4*time.Hour, Gauges{})
	if iv.Clamped != 2 || iv.Negative != 1 {
		t.Errorf("Clamped, Negative = %d, %d, want 2, 1", iv.Clamped, iv.Negative)
	}
}

func TestGeneratorLimited(t *testing.T) {
	for _, c := range []struct {
		name, trouble, says string
		missed, scheduled   int64
		lag                 time.Duration
	}{
		{name: "all is well", scheduled: 100},
		{name: "1 % missed is allowed", scheduled: 99, missed: 1},
		{name: "more is not", scheduled: 97, missed: 3, says: "3 of 100 arrivals were missed"},
		{name: "lag just allowed", scheduled: 1, lag: 49 * time.Millisecond},
		{name: "lag", scheduled: 1, lag: 61 * time.Millisecond, says: "send lag p99 61ms is over 50ms"},
		{name: "trouble", scheduled: 1, trouble: "out of file descriptors", says: "out of file descriptors"},
	} {
		r := New(Config{})
		r.Arrival(0, results.Started, c.scheduled)
		r.Arrival(time.Millisecond, results.Missed, c.missed)
		s := sample(900*time.Millisecond, 1)
		s.Ready = s.Sent - c.lag
		s.Intended = s.Ready
		r.Record(s, nil)
		iv := r.Cut(time.Second, Gauges{Troubles: troubled(0, c.trouble)})
		if got := iv.Seconds[0].Limited; got != c.says {
			t.Errorf("%s: Limited = %q, want %q", c.name, got, c.says)
		}
	}
}

func TestLateArrivalsAreJudgedWithTheRest(t *testing.T) {
	r := New(Config{})
	r.Arrival(0, results.Started, 1000)
	first := r.Cut(time.Second, Gauges{Asked: 1000, Troubles: troubled(0, "short of ports")})
	r.Arrival(999*time.Millisecond, results.Missed, 5)
	late := r.Cut(2*time.Second, Gauges{})
	sum := results.Second{}
	AddSecond(&sum, first.Seconds[0])
	AddSecond(&sum, late.Seconds[0])
	want := results.Second{Asked: 1000, Scheduled: 1005, Missed: 5, Trouble: "short of ports", Limited: "short of ports"}
	if d := cmp.Diff(want, sum); d != "" {
		t.Errorf("5 of 1005 missed (-want +got):\n%s", d)
	}
	if late.Seconds[0].Limited == "" {
		t.Errorf("late alone: %+v, want it limited", late.Seconds[0])
	}
}

// A stall marks each second in which something may have been read late, those
// that are cut already and those that have just begun among them.
func TestStallsMarkTheirSeconds(t *testing.T) {
	r := New(Config{})
	for second := range 8 {
		r.Arrival(time.Duration(second)*time.Second, results.Started, 1)
	}
	sums := map[int]*results.Second{}
	add := func(iv *Interval) {
		for _, s := range iv.Seconds {
			if sums[s.Second] == nil {
				sums[s.Second] = &results.Second{Second: s.Second}
			}
			AddSecond(sums[s.Second], s)
		}
	}
	add(r.Cut(2*time.Second, Gauges{Troubles: troubled(1, "out of ports")}))
	ms := time.Millisecond
	add(r.Cut(5*time.Second, Gauges{Stalls: []results.Stall{
		{From: 1900 * ms, To: 2100 * ms}, {From: 2200 * ms, To: 2300 * ms}, {From: 4700 * ms, To: 4990 * ms},
	}}))
	add(r.Finish(8*time.Second, Gauges{}))
	for second, want := range []string{"", "out of ports; " + results.TroubleStall, results.TroubleStall, "", results.TroubleStall, results.TroubleStall, "", ""} {
		if got := sums[second]; got.Limited != want || got.Trouble != want || got.Scheduled != 1 {
			t.Errorf("second %d: %+v, want it limited by %q, and one arrival", second, got, want)
		}
	}
}

// An account of the machine belongs to the second in which most of its span
// lies, and an exceeded allowance limits that one.
func TestAccountsBelongToTheirSeconds(t *testing.T) {
	r := New(Config{})
	for second := range 4 {
		r.Arrival(time.Duration(second)*time.Second, results.Started, 1)
	}
	account := func(span time.Duration, exceeded int64) Gauges {
		return Gauges{Host: &results.Host{Span: span, Allowances: map[string]int64{"ens5 pps_allowance_exceeded": exceeded}}}
	}
	ms := time.Millisecond
	sums := make([]results.Second, 4)
	for _, iv := range []*Interval{
		r.Cut(1020*ms, account(1020*ms, 0)), r.Cut(2030*ms, account(1010*ms, 7)), r.Finish(3005*ms, account(975*ms, 0)),
	} {
		for _, s := range iv.Seconds {
			AddSecond(&sums[s.Second], s)
		}
	}
	for second, span := range []time.Duration{1020 * ms, 1010 * ms, 975 * ms} {
		s := sums[second]
		if s.Host == nil || s.Host.Span != span || (s.Limited != "") != (second == 1) {
			t.Errorf("second %d: %+v, limited %q; want the account of %v, and the second at 1 limited alone", second, s.Host, s.Limited, span)
		}
	}
	if sums[3].Host != nil {
		t.Errorf("second 3 has an account: %+v", sums[3].Host)
	}
}

func TestTooManyCellsAreFolded(t *testing.T) {
	r := New(Config{Shards: 2, MaxCells: 10})
	for i := range 1000 {
		s := sample(time.Millisecond, uint32(i))
		s.Edge = s.Source
		s.Request = uint16(i % 30)
		s.Status = 500 + uint16(i%2)*3
		r.Record(s, nil)
		r.Sent(0, s.Edge, s.Request)
	}
	iv := r.Cut(time.Second, Gauges{})
	byStatus := map[uint16]int64{}
	for _, c := range iv.Cells {
		byStatus[c.Status] += c.Count
	}
	if byStatus[500] != 500 || byStatus[503] != 500 || len(iv.Cells) > 30 || iv.Seconds[0].Sent != 1000 || len(iv.Sends) > 30 {
		t.Errorf("%d cells with %v, %d sends with %d; want at most 30 with 500 of each, and 1000",
			len(iv.Cells), byStatus, len(iv.Sends), iv.Seconds[0].Sent)
	}
	if iv.Folded < 1900 || iv.Folded > 2000 {
		t.Errorf("Folded = %d, want all but some ten or twenty of 2000", iv.Folded)
	}
}

func TestForeignPOPsAreNoCells(t *testing.T) {
	r := New(Config{})
	for i := range 100 {
		s := sample(0, 0)
		s.POP = fmt.Sprintf("<script>%d", i)
		r.Record(s, nil)
	}
	if iv := r.Cut(time.Second, Gauges{}); len(iv.Cells) != 1 || iv.Cells[0].POP != "" {
		t.Errorf("foreign POPs make %d cells, the first of %q", len(iv.Cells), iv.Cells[0].POP)
	}
}

func TestTenThousandClientsAreExact(t *testing.T) {
	r := New(Config{Shards: 4})
	var all int64
	for i := range uint32(10_000) {
		for range 1 + (i+5)%7 { // 1 to 7 requests
			r.Record(sample(time.Millisecond, i), nil)
			all++
		}
	}
	iv := r.Cut(time.Second, Gauges{})
	if len(iv.Clients) != Busiest+1 || iv.Clients[0].Requests != 7 || iv.Clients[Busiest].Name != "" {
		t.Fatalf("%d tallies, from %+v to %+v", len(iv.Clients), iv.Clients[0], iv.Clients[len(iv.Clients)-1])
	}
	var sum int64
	for _, c := range iv.Clients {
		sum += c.Requests
	}
	if sum != all || iv.Clients[Busiest].Requests != all-7*Busiest {
		t.Errorf("clients add up to %d, the rest is %d; want %d, %d", sum, iv.Clients[Busiest].Requests, all, all-7*Busiest)
	}
	if iv = r.Cut(2*time.Second, Gauges{}); iv.Clients != nil || iv.Prefixes != nil {
		t.Errorf("tallies come again though nothing changed: %d, %d", len(iv.Clients), len(iv.Prefixes))
	}
}

func TestExemplarsAreBounded(t *testing.T) {
	r := New(Config{Shards: 4, SuccessExemplarEvery: 10})
	for i := range 400 {
		s := sample(time.Duration(i)*5*time.Millisecond, uint32(i%4)) // two seconds
		r.Record(s, nil)
		r.Record(failed(s.Done, 502, results.UnknownError), nil)
		r.Record(failed(s.Done, 0, results.Transport), nil)
	}
	iv := r.Cut(2*time.Second, Gauges{})
	got := map[results.Outcome]int{}
	last := time.Duration(0)
	for _, e := range iv.Exemplars {
		got[e.Outcome]++
		if e.At < last {
			t.Errorf("exemplar at %v after one at %v", e.At, last)
		}
		last = e.At
	}
	if d := cmp.Diff(map[results.Outcome]int{results.OK: 40, results.UnknownError: 100, results.Transport: 100}, got); d != "" {
		t.Errorf("exemplars (-want +got):\n%s", d)
	}
}

func TestExemplarsHoldNoSecretsAndNoMoreThanTheyMay(t *testing.T) {
	r := New(Config{Requests: []string{"article"}, Secrets: []string{"psst-psst", "psst"}})
	d := detail{Method: "GET", URL: "https://h/psst?a=1&Signature=hush&Policy=hush&Key-Pair-Id=hush&sessionid=hush&jwt=hush&b=2", Headers: []results.Header{
		{Name: "set-cookie", Value: "session=hush"},
		{Name: "Authorization", Value: "Bearer hush"},
		{Name: "Location", Value: "/x?X-Amz-Signature=hush"},
		{Name: "X-Asked-For", Value: "/x?a=1&Signature=hush&Key-Pair-Id=hush"},
		{Name: "X-Echo", Value: "Bearer psst-psst, psst"},
		{Name: "Server", Value: strings.Repeat("é", 4000)},
	}}
	for range 100 {
		d.Headers = append(d.Headers, results.Header{Name: "X-Filler", Value: "v"})
	}
	r.Record(failed(time.Millisecond, 503, results.UnknownError), d)
	iv := r.Cut(time.Second, Gauges{})
	e := iv.Exemplars[0]
	if text := fmt.Sprint(e); strings.Contains(text, "hush") || strings.Contains(text, "psst") || !strings.Contains(e.URL, "a=1&") || !strings.HasSuffix(e.URL, "&b=2") {
		t.Errorf("stored: %.300s", text)
	}
	if len(e.Headers) != 64 || len(e.Headers[5].Value) > 1027 || e.Request != "article" || e.Status != 503 {
		t.Errorf("%d headers, the long one %d bytes, request %q, status %d", len(e.Headers), len(e.Headers[5].Value), e.Request, e.Status)
	}
}

func TestNotesAreBounded(t *testing.T) {
	r := New(Config{})
	for i := range 12_000 {
		r.Lookup(results.Lookup{At: time.Duration(i)})
		r.Event(results.Event{At: time.Duration(i), Text: strings.Repeat("x", 5000)})
	}
	iv := r.Cut(0, Gauges{})
	if len(iv.Lookups) != mostLookups || len(iv.Events) != mostEvents || iv.LeftOut != (LeftOut{Lookups: 2000, Events: 11_000}) {
		t.Errorf("%d look-ups, %d events, left out %+v", len(iv.Lookups), len(iv.Events), iv.LeftOut)
	}
	if n := len(iv.Events[0].Text); n != mostEventText {
		t.Errorf("an event's text is %d bytes long, want %d", n, mostEventText)
	}
}

func TestStringsMayBeReusedByTheCaller(t *testing.T) {
	r := New(Config{Shards: 1})
	buffer := []byte("/articles/FRA56-P1")
	s := sample(0, 1)
	s.Prefix, s.POP = unsafeString(buffer[:10]), unsafeString(buffer[10:])
	r.Record(s, nil)
	copy(buffer, "################################")
	iv := r.Cut(time.Second, Gauges{})
	if iv.Prefixes[0].Name != "/articles/" || iv.Cells[0].POP != "FRA56-P1" {
		t.Errorf("prefix %q, POP %q changed with the caller's buffer", iv.Prefixes[0].Name, iv.Cells[0].POP)
	}
}

func TestManyAtOnce(t *testing.T) {
	r := New(Config{Shards: 2})
	var wg sync.WaitGroup
	var taken []*Interval
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				at := time.Duration(i) * time.Millisecond
				r.Arrival(at, results.Started, 1)
				r.Sent(at, netip.AddrFrom4([4]byte{127, 0, 0, byte(i)}), 0)
				r.Record(sample(at, uint32(g)), nil)
				if g == 0 && i%100 == 0 {
					taken = append(taken, r.Cut(at, Gauges{}))
				}
			}
		})
	}
	wg.Wait()
	taken = append(taken, r.Finish(2*time.Second, Gauges{}))
	var samples, sent, scheduled int64
	for _, iv := range taken {
		samples += count(iv)
		for _, s := range iv.Seconds {
			sent += s.Sent
			scheduled += s.Scheduled
		}
	}
	if samples != 8000 || sent != 8000 || scheduled != 8000 {
		t.Errorf("samples, sent, scheduled = %d, %d, %d, want 8000 each", samples, sent, scheduled)
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	r := New(Config{Requests: []string{"article"}, SuccessExemplarEvery: -1})
	s := sample(0, 0)
	second := func() {
		for i := range 200 {
			s.Client = uint32(i % 50)
			s.Source = netip.AddrFrom4([4]byte{10, 0, 0, byte(s.Client)})
			s.Status, s.Outcome = 200, results.OK
			r.Record(s, nil)
			r.Arrival(s.Intended, results.Started, 1)
			r.Sent(s.Sent, s.Edge, s.Request)
		}
	}
	second()
	second() // packed counts take their second byte at 256
	if n := testing.AllocsPerRun(10, second); n != 0 {
		t.Errorf("200 samples of known cells allocate %v times", n)
	}
	// Nor does it in later seconds, or in the first of another ten.
	for sec := 1; sec < 2*SpanTen+2; sec++ {
		r.Cut(time.Duration(sec)*time.Second, Gauges{})
		s = sample(time.Duration(sec)*time.Second+time.Second/2, 0)
		if n := allocations(second); sec > 2 && n != 0 {
			t.Errorf("the like in second %d allocates %d times", sec, n)
		}
	}
}

// allocations counts those of f, the first time that it is called included.
func allocations(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// heapAfter returns the heap in use after that many samples in 60 seconds.
func heapAfter(samples int) int64 {
	r := New(Config{Requests: []string{"article"}, Shards: 2})
	for i := range samples {
		at := time.Duration(i) * (60 * time.Second / time.Duration(samples))
		s := sample(at, uint32(i%1000))
		s.Intended -= time.Duration(i%977) * 100 * time.Microsecond
		r.Record(s, nil)
		if i%(samples/60) == 0 {
			r.Cut(at, Gauges{})
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	runtime.KeepAlive(r)
	return int64(m.HeapInuse)
}

func TestMemoryDoesNotGrowWithSamples(t *testing.T) {
	heapAfter(60_000)
	few, many := heapAfter(100_000), heapAfter(2_000_000)
	t.Logf("%d KiB after 100,000 samples, %d KiB after 2,000,000", few>>10, many>>10)
	if many > few+few/20+256<<10 {
		t.Errorf("heap in use %d KiB after 100,000 samples, %d KiB after 2,000,000", few>>10, many>>10)
	}
}

func BenchmarkRecord(b *testing.B) {
	r := New(Config{Requests: []string{"article"}})
	s := sample(0, 0)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		s.Client = uint32(i % 64)
		s.Done = s.Sent + time.Duration(i%4096)*time.Microsecond
		i++
		r.Record(s, nil)
	}
}

func BenchmarkCut(b *testing.B) {
	r := New(Config{Requests: []string{"article"}})
	second := time.Duration(0)
	for b.Loop() {
		b.StopTimer()
		for i := range 1000 {
			s := sample(second+time.Duration(i)*time.Millisecond, uint32(i))
			s.Status = uint16(i)
			r.Record(s, nil)
		}
		second += time.Second
		b.StartTimer()
		r.Cut(second, Gauges{})
	}
}

// An arrival that was started and never sent is one arrival, and unsent.
func TestAbandonedArrivals(t *testing.T) {
	r := New(Config{})
	r.Arrival(0, results.Started, 5)
	r.Arrival(0, results.Held, 1)
	r.Arrival(0, results.Abandoned, 2)
	got := r.Finish(time.Second, Gauges{}).Seconds
	if len(got) != 1 || got[0].Scheduled != 6 || got[0].Unsent != 3 || got[0].Held != 1 {
		t.Errorf("seconds = %+v, want 6 scheduled, 3 unsent, 1 of them held", got)
	}
}

// troubled is the trouble of a second, or none.
func troubled(second int, text string) []results.Trouble {
	if text == "" {
		return nil
	}
	return []results.Trouble{{At: time.Duration(second)*time.Second + time.Millisecond, Text: text}}
}

// After a write that took long, each trouble is of the second in which it was.
func TestTroublesOfEarlierSeconds(t *testing.T) {
	r := New(Config{})
	for i := range 6 {
		r.Record(sample(time.Duration(i)*time.Second+time.Millisecond, 1), nil)
	}
	iv := r.Cut(6*time.Second, Gauges{Troubles: append(troubled(3, "too many open files"), troubled(4, "out of ports")...)})
	for _, s := range iv.Seconds {
		want := map[int]string{3: "too many open files", 4: "out of ports"}[s.Second]
		if s.Trouble != want || s.Limited != want {
			t.Errorf("second %d: trouble %q, limited %q, want %q", s.Second, s.Trouble, s.Limited, want)
		}
	}
}
