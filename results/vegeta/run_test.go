package vegeta

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/results/accesslog"
	"frontload/results/analysis"
)

var begin = time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)

// attack returns the results of an attack of 30 s at 100 requests/s, in which a
// fifth of the searches is answered by S3 with 503 from 10 s to 20 s.
func attack() []Result {
	random := rand.New(rand.NewPCG(1, 1))
	var list []Result
	for i := range 3000 {
		r := Result{
			Attack: "spring", Seq: uint64(i), Code: 200, Timestamp: begin.Add(time.Duration(i) * 10 * time.Millisecond), Latency: 20 * time.Millisecond,
			BytesIn: 100, BytesOut: 10, Method: "GET", URL: fmt.Sprintf("https://d111111abcdef8.cloudfront.net/articles/%d?token=abc", i%50),
			Headers: http.Header{"Server": {"nginx"}, "X-Amz-Cf-Pop": {"FRA56-P1"}, "X-Cache": {"Miss from cloudfront"}, "X-Amz-Cf-Id": {fmt.Sprint("id-", i)}, "Set-Cookie": {"session=secret"}},
		}
		if i%2 == 0 {
			r.URL = "https://d111111abcdef8.cloudfront.net/search?q=x"
		}
		if i%2 == 0 && 1000 <= i && i < 2000 && random.Float64() < 0.4 {
			r.Code, r.Error, r.Body = 503, "503 Service Unavailable", []byte("<Error><Code>SlowDown</Code></Error>")
			r.Headers.Set("Server", "AmazonS3")
			r.Headers.Set("X-Cache", "Error from cloudfront")
		}
		list = append(list, r)
	}
	return list
}

func runOf(t *testing.T, streams ...Stream) *accesslog.Log {
	t.Helper()
	l, err := Run(t.Context(), streams, Options{Version: "1.2.3", TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// The analysis of vegeta's results names the cause of a burst, whatever the
// encoding, the order and the number of files.
func TestAnalysisOfResults(t *testing.T) {
	list := attack()
	shuffled := slices.Clone(list)
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	stream := func(f Format, list []Result) Stream {
		return Stream{Name: "results", Format: f, Reader: bytes.NewReader(encoded(t, f, list))}
	}
	for name, streams := range map[string][]Stream{
		"json":          {stream(JSON, list)},
		"csv":           {stream(CSV, list)},
		"gob":           {stream(Gob, list)},
		"out of order":  {stream(Gob, shuffled)},
		"several files": {stream(CSV, list[2000:]), stream(JSON, list[:1500]), stream(Gob, list[1500:2000])},
	} {
		l := runOf(t, streams...)
		a, err := analysis.Analyze(l.Run)
		if err != nil {
			t.Fatal(err)
		}
		r := a.Run
		if r.Source != Source || r.Name != "spring" || r.Requests != 3000 || r.Bytes != 300_000 || r.Target != "d111111abcdef8.cloudfront.net" || !r.Start.Equal(begin) {
			t.Errorf("%s: %+v", name, r)
		}
		if len(a.Bursts) != 1 {
			t.Fatalf("%s: bursts %+v, want one", name, a.Bursts)
		}
		b := a.Bursts[0]
		if b.Verdict != results.VerdictOriginSaturation || *b.OriginKind != "s3" || b.Scope.Kind != "key-prefix" || b.Scope.Values[0] != "/search" ||
			b.Start.Sub(begin) != 10*time.Second || b.End.Sub(begin) != 20*time.Second {
			t.Errorf("%s: the burst is %+v", name, b)
		}
		if b.Exemplars[0].RequestID == "" || b.Exemplars[0].POP != "FRA56-P1" {
			t.Errorf("%s: its exemplars are %+v", name, b.Exemplars)
		}
		if !slices.Contains(a.Trust.Reasons, noIntended) || !a.Trust.OK {
			t.Errorf("%s: trust %+v", name, a.Trust)
		}
		if q := l.Run.Latency[results.LatencyKey{Series: results.SeriesService, By: "all"}]; q.Count != 3000 || q.P50 < 19*time.Millisecond || q.P50 > 21*time.Millisecond {
			t.Errorf("%s: service time %+v", name, q)
		}
		for _, e := range l.Run.Exemplars {
			if text := fmt.Sprint(e.Headers, e.URL); strings.Contains(text, "secret") || strings.Contains(text, "abc") && strings.Contains(text, "token") {
				t.Fatalf("%s: a secret is kept: %s", name, text)
			}
		}
	}
}

// What a result says is counted as it would be of an answer of our own.
func TestEntries(t *testing.T) {
	at := begin
	for name, c := range map[string]struct {
		result  Result
		outcome results.Outcome
		cache   results.Cache
		signals results.Signals
		reason  string
	}{
		"no answer": {
			Result{Timestamp: at, Error: `Get "http://x/": dial tcp 127.0.0.1:0->127.0.0.1:80: connect: connection refused`},
			results.Transport, results.CacheUnknown, 0, "connect refused",
		},
		"timed out": {
			Result{Timestamp: at, Error: `Get "http://x/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`},
			results.Transport, results.CacheUnknown, 0, "timeout",
		},
		"good": {
			Result{Timestamp: at, Code: 200, Headers: http.Header{"X-Cache": {"Hit from cloudfront"}}}, results.OK, results.CacheHit, 0, "",
		},
		"no headers kept": {Result{Timestamp: at, Code: 503}, results.UnknownError, results.CacheUnknown, 0, ""},
		"no Server": {
			Result{Timestamp: at, Code: 503, Headers: http.Header{"Date": {"x"}}}, results.UnknownError, results.CacheUnknown, results.SignalServerAbsent, "",
		},
		"capacity": {
			Result{Timestamp: at, Code: 503, Headers: http.Header{"Server": {"CloudFront"}, "X-Cache": {"CapacityExceeded from cloudfront"}}},
			results.EdgeCapacity, results.CacheError, results.SignalServerCloudFront | results.SignalXCacheCapacity, "",
		},
		"cached": {
			Result{Timestamp: at, Code: 503, Headers: http.Header{"Server": {"nginx"}, "Age": {"4"}}},
			results.CachedOriginError, results.CacheUnknown, results.SignalServerOther | results.SignalServerSoftware | results.SignalAge, "",
		},
		"asked upstream": {
			Result{Timestamp: at, Code: 503, Headers: http.Header{"Server": {"nginx"}, "Server-Timing": {"cdn-cache-miss", "cdn-upstream-fbl;dur=3"}, "X-Amzn-Requestid": {"r"}}},
			results.OriginAPIGateway, results.CacheMiss, results.SignalServerOther | results.SignalServerSoftware | results.SignalUpstream | results.SignalAPIGatewayIDs, "",
		},
	} {
		e := c.result.entry()
		if e.Outcome != c.outcome || e.Cache != c.cache || e.Signals != c.signals || e.Reason != c.reason {
			t.Errorf("%s: %v, %v, %v, %q, want %v, %v, %v, %q", name, e.Outcome, e.Cache, e.Signals.Names(), e.Reason, c.outcome, c.cache, c.signals.Names(), c.reason)
		}
	}
}

// Requests without an answer are told with their reasons, in the second in
// which they ended.
func TestRequestsWithoutAnswer(t *testing.T) {
	list := []Result{
		{Code: 200, Timestamp: begin, Latency: time.Millisecond, URL: "http://127.0.0.1/"},
		{Timestamp: begin.Add(time.Second), Latency: 3500 * time.Millisecond, URL: "http://127.0.0.1", Error: "context deadline exceeded"},
	}
	l := runOf(t, Stream{Name: "r", Format: CSV, Reader: bytes.NewReader(encoded(t, CSV, list))})
	var cells []results.Cell
	for c, err := range l.Run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		cells = append(cells, c)
	}
	if len(cells) != 2 || cells[0].Second != 0 || cells[1].Second != 4 || cells[1].Outcome != results.Transport {
		t.Errorf("cells: %+v", cells)
	}
	a, err := analysis.Analyze(l.Run)
	if err != nil {
		t.Fatal(err)
	}
	if a.Run.TransportReasons["timeout"] != 1 || a.Run.Name != "r" {
		t.Errorf("%+v", a.Run)
	}
}

func TestUnreadIsToldByFile(t *testing.T) {
	data := encoded(t, JSON, attack()[:10])
	l := runOf(t,
		Stream{"a.json", JSON, bytes.NewReader(append([]byte("{\"code\": oops}\n{]\n"), data...))},
		Stream{"b.json", JSON, bytes.NewReader(data[:len(data)-20])})
	u := l.Run.Unread
	if u.Lines != 3 || u.Reasons[badJSON] != 2 || u.Reasons[cutShort] != 1 || u.First[badJSON] != "a.json, line 1" || u.First[cutShort] != "b.json, line 10" {
		t.Errorf("unread: %+v", u)
	}
	if text := strings.Join(l.Run.Doubts, "\n"); !strings.Contains(text, "2 of vegeta's results could not be read: not a whole JSON object") {
		t.Errorf("doubts: %s", text)
	}
}

func TestRunCanBeStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, []Stream{{"r", Gob, bytes.NewReader(encoded(t, Gob, attack()))}}, Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
}

// Detect gives back what it has looked at, unpacked where it is vegeta's.
func TestDetect(t *testing.T) {
	data := encoded(t, CSV, attack())
	log := []byte("#Version: 1.0\n#Fields: date time sc-status\n")
	for name, c := range map[string]struct {
		in   []byte
		want Format
		out  []byte
	}{
		"plain": {data, CSV, data}, "packed": {packed(t, data), CSV, data}, "a log": {log, None, log}, "a packed log": {packed(t, log), None, packed(t, log)},
		"nothing": {nil, None, nil}, "damaged gzip": {[]byte("\x1f\x8bnonsense"), None, []byte("\x1f\x8bnonsense")},
	} {
		f, r := Detect(bytes.NewReader(c.in))
		got, err := io.ReadAll(r)
		if f != c.want || err != nil || !bytes.Equal(got, c.out) {
			t.Errorf("%s: format %d, %d bytes (%v), want %d and %d", name, f, len(got), err, c.want, len(c.out))
		}
	}
	f, r := Detect(bytes.NewReader(packed(t, data)[:2000]))
	got, u := read(t, r, f)
	if f != CSV || len(got) == 0 || u.Counts[cutShort] != 1 {
		t.Errorf("a packed file that is cut short: format %d, %d results, unread %+v", f, len(got), u)
	}
}

func packed(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
