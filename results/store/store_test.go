package store

import (
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"frontload/results"
	"frontload/results/record"
)

var start = time.Date(2026, 11, 3, 12, 0, 0, 123456789, time.UTC)

func info() results.RunInfo {
	return results.RunInfo{
		Name: "spring launch", Source: "attack", Version: "1.2.3", Start: start, Region: "eu-central-1",
		Target: "https://www.example.com", Seed: 1<<64 - 1, Plan: "version: 1\n", Authorization: "attest: we own it", Planned: `{"peak":4}`, Simulated: true,
		Requests: []string{"article", "search", "article", "", "#7"}, ClientLimit: 100, EdgeLimit: 500.5, Warmup: 90 * time.Second,
	}
}

func ended() results.RunInfo {
	i := info()
	i.End, i.Interrupted = start.Add(time.Minute), true
	return i
}

// equal compares runs in everything but their streams of cells, and those by
// second and key.
func equal(t interface{ Fatalf(string, ...any) }, want, got *results.Run) {
	opts := cmp.Options{
		cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(results.Run{}, "Cells"),
		cmpopts.SortSlices(func(a, b results.Send) bool { return fmt.Sprint(a) < fmt.Sprint(b) }),
		cmpopts.SortSlices(func(a, b results.LatencySecond) bool { return fmt.Sprint(a) < fmt.Sprint(b) }),
		cmpopts.SortSlices(func(a, b results.Tally) bool { return a.Name < b.Name }),
	}
	if d := cmp.Diff(want, got, opts); d != "" {
		t.Fatalf("runs differ (-want +got):\n%s", d)
	}
	a, b := collect(t, want.Cells), collect(t, got.Cells)
	if d := cmp.Diff(a, b, cmpopts.EquateComparable(netip.Addr{})); d != "" {
		t.Fatalf("cells differ (-want +got):\n%s", d)
	}
}

type cellAt struct {
	Second int
	Key    results.CellKey
}

func collect(t interface{ Fatalf(string, ...any) }, cells iter.Seq2[results.Cell, error]) map[cellAt]results.Counts {
	out := map[cellAt]results.Counts{}
	last := 0
	for c, err := range cells {
		if err != nil {
			t.Fatalf("read cells: %v", err)
		}
		k := cellAt{c.Second, c.CellKey}
		if _, twice := out[k]; twice || c.Second < last {
			t.Fatalf("cell %+v twice, or out of order", k)
		}
		last, out[k] = c.Second, c.Counts
	}
	return out
}

func sample(done time.Duration, client uint32) *results.Sample {
	return &results.Sample{
		Client: client, Request: uint16(client % 5), Source: netip.AddrFrom4([4]byte{127, 1, byte(client >> 8), byte(client)}),
		Edge: netip.AddrFrom4([4]byte{127, 0, 0, byte(client % 7)}), POP: "FRA56-P1", Prefix: "/a" + fmt.Sprint(client%3) + "/",
		Protocol: results.H2, Written: true, Status: 200, Cache: results.CacheHit, Outcome: results.OK,
		BytesIn: 1000, BytesOut: 100, Intended: done - 5*time.Millisecond, Ready: done - 4*time.Millisecond,
		Sent: done - 4*time.Millisecond, FirstByte: done - time.Millisecond, Done: done,
	}
}

// fill records a few seconds of everything and returns what each cut gave.
func fill(r *record.Recorder, seconds int) []*record.Interval {
	var out []*record.Interval
	for sec := range seconds {
		for i := range 100 {
			at := time.Duration(sec)*time.Second + time.Duration(i)*10*time.Millisecond
			s := sample(at, uint32(i))
			if i%10 == 0 {
				s.Status, s.Outcome, s.Cache = 503, results.EdgeCapacity, results.CacheError
				s.Signals = results.SignalXCacheCapacity | results.SignalServerCloudFront
			}
			r.Arrival(s.Intended, results.Started, 1)
			r.Sent(s.Sent, s.Edge, s.Request)
			r.Record(s, detail{})
		}
		r.Control(results.Control{At: time.Duration(sec) * time.Second, Status: uint16(200 * (sec % 2)), Took: time.Millisecond, Err: []string{"no answer within 5s", ""}[sec%2]})
		r.Event(results.Event{At: time.Duration(sec) * time.Second, Kind: "step", Text: "ramp to 100/s"})
		r.Lookup(results.Lookup{
			At: time.Duration(sec) * time.Second, Client: 3, Resolver: "192.0.2.53:53", Transport: "udp", Subnet: "203.0.113.0/24", Scope: "203.0.0.0/16", Name: "www.example.com.",
			Type: "A", Answer: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}, TTL: time.Minute, Took: time.Millisecond,
		})
		out = append(out, r.Cut(time.Duration(sec+1)*time.Second, record.Gauges{Asked: 100, InFlight: 3, Stage: "hold", Host: host(sec)}))
	}
	return append(out, r.Finish(time.Duration(seconds)*time.Second, record.Gauges{}))
}

// host returns an account that has everything in even seconds, and in odd ones
// what every machine has.
func host(second int) *results.Host {
	h := &results.Host{Span: time.Second, CPUs: 2, ProcessCPU: new(1.25)}
	if second%2 == 0 {
		h.MachineCPUs, h.MachineCPU, h.Steal = 4, new(1.5), new(0.0)
		h.GCLongest, h.GCTotal, h.RunQueueP99, h.Stall = new(time.Millisecond), new(3*time.Millisecond), new(time.Microsecond), new(time.Duration(0))
		h.Resident, h.OpenFiles, h.TCPSockets = new(int64(1<<26)), new(int64(70)), new(int64(64))
		h.Allowances = map[string]int64{"ens5 bw_in_allowance_exceeded": 0, "ens5 pps_allowance_exceeded": 17}
	}
	return h
}

type detail struct{}

func (detail) Exemplar() results.Exemplar {
	return results.Exemplar{
		Method: "GET", URL: "https://www.example.com/a?b=c", RequestID: "abc==",
		Headers: []results.Header{{Name: "Server", Value: "CloudFront"}, {Name: "X-Odd", Value: "<script>\x00\n\"'"}},
	}
}

func newRecorder() *record.Recorder {
	i := info()
	return record.New(record.Config{Region: i.Region, Requests: i.Requests, Shards: 2, SuccessExemplarEvery: 10})
}

func openRun(t *testing.T, path string) *results.Run {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close of the reader: %v", err)
		}
	})
	run, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range list {
		names = append(names, f.Name())
	}
	return names
}

func TestFileHoldsWhatMemoryHolds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a ?#%run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	m := NewMemory(info())
	r := newRecorder()
	for _, iv := range fill(r, 25) {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
		if err := m.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	if err := m.Close(ended()); err != nil {
		t.Fatal(err)
	}
	if got := files(t, filepath.Dir(path)); !slices.Equal(got, []string{filepath.Base(path)}) {
		t.Errorf("after Close there are %q, want the run file alone", got)
	}
	want, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	got := openRun(t, path)
	equal(t, want, got)
	equal(t, got, got) // the cells can be read again
	if d := cmp.Diff(ended(), got.Info); d != "" {
		t.Errorf("info (-want +got):\n%s", d)
	}
	if n := got.Latency[results.LatencyKey{Series: "response", By: "all"}].Count; n != 2500 {
		t.Errorf("response times of the whole run: %d, want 2500", n)
	}
	if n := len(got.Exemplars); n != 25*(10+9) {
		t.Errorf("%d exemplars, want %d", n, 25*(10+9))
	}
	if got := files(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("reading leaves %q", got)
	}
}

func TestHistogramOfTheWholeRun(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range fill(newRecorder(), 25) {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	run, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	key := results.LatencyKey{Series: "response", By: "all"}
	h, err := r.Histogram(key)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(run.Latency[key], h.Quantiles()); d != "" || h.Count() == 0 {
		t.Errorf("quantiles beside the histogram and of it (-beside +of):\n%s", d)
	}
	if h, err := r.Histogram(results.LatencyKey{Series: "nothing", By: "all"}); err != nil || h.Count() != 0 {
		t.Errorf("of what was not recorded there is %v (%v)", h, err)
	}
}

// A run with anything in it, cut and late at any time, comes out as it went in.
func TestTotalsInAreTotalsOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n%2))
		w, err := Create(path, info()) // over the file of an earlier round
		if err != nil {
			rt.Fatal(err)
		}
		m := NewMemory(info())
		r := newRecorder()
		var count, written, missed, held, sent int64
		now := time.Duration(0)
		put := func(iv *record.Interval) {
			if err := w.Append(iv); err != nil {
				rt.Fatal(err)
			}
			_ = m.Append(iv)
		}
		for range rapid.IntRange(0, 40).Draw(rt, "steps") {
			now += time.Duration(rapid.IntRange(0, 1500).Draw(rt, "ms")) * time.Millisecond
			late := time.Duration(rapid.IntRange(0, 20000).Draw(rt, "late")) * time.Millisecond
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				put(r.Cut(now, record.Gauges{Asked: 1}))
			case 1:
				r.Arrival(now-late, results.Missed, 2)
				missed += 2
			case 2:
				r.Arrival(now, results.Held, 1)
				held++
			case 3:
				r.Sent(now-late, netip.Addr{}, 3)
				sent++
			default:
				s := sample(now-late, rapid.Uint32Range(0, 2000).Draw(rt, "client"))
				s.Written = rapid.Bool().Draw(rt, "written")
				s.Intended -= time.Duration(rapid.Int64Range(-1e9, 4e12).Draw(rt, "wait"))
				s.Status = uint16(rapid.IntRange(0, 599).Draw(rt, "status"))
				s.Outcome = results.Outcome(rapid.IntRange(int(results.OK), int(results.Transport)).Draw(rt, "outcome"))
				s.Cache = results.Cache(rapid.IntRange(0, int(results.CacheError)).Draw(rt, "cache"))
				s.Signals = results.Signals(rapid.Uint32Range(0, 1<<21-1).Draw(rt, "signals"))
				count++
				if s.Written {
					written++
				}
				r.Record(s, nil)
			}
		}
		put(r.Finish(now, record.Gauges{}))
		if err := w.Close(ended()); err != nil {
			rt.Fatal(err)
		}
		_ = m.Close(ended())
		reader, err := Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer reader.Close()
		got, err := reader.Run()
		if err != nil {
			rt.Fatal(err)
		}
		want, err := m.Run()
		if err != nil {
			rt.Fatal(err)
		}
		equal(rt, want, got)
		var sum results.Counts
		for c := range got.Cells {
			sum.Add(c.Counts)
		}
		var all, series, sends, clients int64
		all = got.Latency[results.LatencyKey{Series: "response", By: "all"}].Count
		for _, s := range got.Series {
			if s.Series == results.SeriesResponse {
				series += s.Count
			}
		}
		for _, s := range got.Sends {
			sends += s.Count
		}
		for _, c := range got.Clients {
			clients += c.Requests
		}
		var second results.Second
		for _, s := range got.Seconds {
			second.Missed += s.Missed
			second.Unsent += s.Unsent
			second.Scheduled += s.Scheduled
			second.Sent += s.Sent
		}
		if sum.Count != count || all != count || series != count || sum.Written != written || clients != written {
			rt.Fatalf("%d samples, %d of them written: cells %d and %d, histogram %d, by second %d, clients %d",
				count, written, sum.Count, sum.Written, all, series, clients)
		}
		if second.Missed != missed || second.Unsent != held || second.Scheduled != missed+held || second.Sent != sent || sends != sent {
			rt.Fatalf("missed %d, held %d, sent %d: got %+v and %d", missed, held, sent, second, sends)
		}
	})
}

// An edge address's peak takes in all request names, and what came late for a
// second that was stored already.
func TestEdgePeaks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	m := NewMemory(info())
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for _, iv := range []*record.Interval{
		{Sends: []results.Send{{Second: 4, Edge: one, Count: 30}, {Second: 4, Edge: one, Request: 1, Count: 20}, {Second: 5, Edge: one, Count: 60}}},
		{Sends: []results.Send{{Second: 4, Edge: one, Count: 15}, {Second: 5, Edge: two, Count: 9}}},
	} {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
		_ = m.Append(iv)
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := map[netip.Addr]int64{one: 65, two: 9}
	for name, read := range map[string]func() (*results.Run, error){"file": r.Run, "memory": m.Run} {
		if run, err := read(); err != nil || !maps.Equal(run.EdgePeaks, want) {
			t.Errorf("%s: peaks = %v, %v, want %v", name, run.EdgePeaks, err, want)
		}
	}
}

// After a kill the file and its -wal, as they lie there, hold all that was appended.
func TestKilledRunIsWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	m := NewMemory(info())
	intervals := fill(newRecorder(), 13)
	for _, iv := range intervals[:len(intervals)-1] {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
		_ = m.Append(iv)
	}
	want, err := m.Run()
	if err != nil {
		t.Fatal(err)
	}
	dead := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(filepath.Join(dead, "run.db"+suffix), path+suffix); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second reader finds what the first one leaves
		reader, err := Open(filepath.Join(dead, "run.db"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := reader.Run()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, want, got)
		if !got.Info.End.IsZero() {
			t.Errorf("a killed run ended at %v", got.Info.End)
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	copied := &Reader{path: filepath.Join(dead, "run.db")} // as where SQLite can make no files
	if err := copied.openCopy(); err != nil {
		t.Fatal(err)
	}
	got, err := copied.Run()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, want, got)
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(copied.copy); err == nil {
		t.Errorf("the copy in %s is left behind", copied.copy)
	}
	equal(t, want, openRun(t, path)) // while it is still written
	if err := w.Append(intervals[len(intervals)-1]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(ended()); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(filepath.Join(dead, "run.db"), info()); err != nil {
		t.Errorf("Create over a killed run: %v", err)
	}
}

func TestReadableBySQL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.db")
	w, err := Create(path, info())
	if err != nil {
		t.Fatal(err)
	}
	for _, iv := range fill(newRecorder(), 3) {
		if err := w.Append(iv); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := w.conn.QueryContext(t.Context(), "select edge_address, sum(count) from cells where status=503 group by 1 order by 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var edge string
		var n int
		if err := rows.Scan(&edge, &n); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(edge, " ", n))
	}
	want := "127.0.0.0 6, 127.0.0.1 3, 127.0.0.2 3, 127.0.0.3 6, 127.0.0.4 3, 127.0.0.5 3, 127.0.0.6 6"
	if got := strings.Join(lines, ", "); got != want {
		t.Errorf("503s by edge address: %s, want %s", got, want)
	}
}
