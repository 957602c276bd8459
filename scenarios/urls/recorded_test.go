package urls

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
	"frontload/results/accesslog"
)

var update = flag.Bool("update", false, "write golden files anew")

func record(t testing.TB, s Source) *Recording {
	t.Helper()
	rec, err := Record(t.Context(), &s)
	if err != nil {
		t.Fatalf("Record(%v): %v", s.Paths, err)
	}
	return rec
}

// told writes a recording out.
func told(rec *Recording) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d files, %d requests, %d different\n", rec.Files, rec.Requests, rec.URLs)
	for _, g := range rec.Groups {
		fmt.Fprintf(&b, "%s %.3f\n", g.Name, g.Share)
		g.Targets.All(func(q Target, count uint64) bool {
			fmt.Fprintf(&b, "  %d %s %s\n", count, q.Method, q.Path)
			for _, h := range q.Header {
				fmt.Fprintf(&b, "      %s: %s\n", h.Name, h.Value)
			}
			if q.Body != nil {
				fmt.Fprintf(&b, "      %q\n", q.Body)
			}
			return true
		})
	}
	for _, l := range rec.Left {
		fmt.Fprintf(&b, "left out: %d %s, first %q\n", l.Count, l.Why, l.First)
	}
	return b.String()
}

// What is read of each format, recognised by its content, is in the text beside
// the sample.
func TestFormats(t *testing.T) {
	hosts := []string{"www.example.com", "d111111abcdef8.cloudfront.net:443"}
	for _, s := range []struct {
		golden string
		Source
	}{
		{"list", Source{Paths: []string{"list.txt"}}},
		{"vegeta-http", Source{Paths: []string{"targets.http"}}},
		{"vegeta-json", Source{Paths: []string{"targets.json"}}},
		{"standard-log", Source{Paths: []string{"standard.log"}}},
		{"standard-log-all", Source{Paths: []string{"standard.log"}, AllMethods: true, Name: "all"}},
		{"v2-log", Source{Paths: []string{"v2.json.log"}}},
		{"logs", Source{Paths: []string{"*.log"}}},
		{"har", Source{Paths: []string{"capture.har"}}},
		{"har-all", Source{Paths: []string{"capture.har"}, AllMethods: true}},
		{"sitemap", Source{Paths: []string{"sitemap.xml"}}},
		{"sitemap-index", Source{Paths: []string{"sitemap_index.xml"}}},
		{"sitemap-packed", Source{Paths: []string{"products.xml.gz"}}},
	} {
		s.Hosts, s.Base = hosts, "testdata"
		got := told(record(t, s.Source))
		golden := filepath.Join("testdata", "golden", s.golden+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.golden, diff)
		}
	}
}

// Standard input is read like a file, in every format.
func TestStandardInput(t *testing.T) {
	for _, name := range []string{"list.txt", "targets.json", "standard.log", "v2.json.log", "capture.har", "sitemap.xml", "products.xml.gz"} {
		f, err := os.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want := told(record(t, Source{Paths: []string{name}, Base: "testdata"}))
		got := told(record(t, Source{Paths: []string{"-"}, Base: "testdata", Inputs: Inputs{Stdin: f}}))
		got = strings.ReplaceAll(got, "standard input", filepath.Join("testdata", name))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-as a file +on standard input):\n%s", name, diff)
		}
	}
}

// What the user wrote wrongly is said with its place; what is no recording, with
// what it looks like.
func TestFaultsOfSources(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, text, want string }{
		{"a.txt", "/a\nftp://x/\n", `a.txt:2: "ftp://x/" is no URL to ask for`},
		{"b.txt", "/a\n\nFETCH /b\n", `b.txt:3: "FETCH" is not a method`},
		{"c.txt", "/a%zz\n", `c.txt:1: "%zz" is no escape`},
		{"d.txt", "GET /a\nAccept: x\n@missing.json\n", "d.txt:3: cannot read the body's file"},
		{"e.txt", "GET /a\n@a.txt\n", "e.txt:1: a GET request has no body"},
		{"f.txt", "/a b c\n", "f.txt:1: want a URL, or METHOD URL"},
		{"s.txt", "/a b\n", "s.txt:1: want a URL, or METHOD URL, got \"/a b\": write %20"},
		{"g.json", `{"method":"GET","url":7}` + "\n", "g.json:1: want a target of vegeta's as JSON: url is a number"},
		{"h.json", `{"method":"GET","url":"/","body":"?"}` + "\n", "h.json:1: want a target"},
		{"i.har", `{"log": {"entries": [{"request": {"method": "GET"`, "i.har: the HAR file ends in the middle"},
		{"j.har", `{"log": {"version": "1.2"}}`, `j.har: it is no HAR file that can be read: it has no "entries"`},
		{"k.xml", `<html><body>Not found</body></html>`, "is no sitemap"},
		{"l.xml", `<urlset><url><loc>http://a/</loc>`, "l.xml: it is no XML that can be read"},
		{"m.xml", `<sitemapindex><sitemap><loc>http://a/far.xml</loc></sitemap></sitemapindex>`, "download it to " + filepath.Join(dir, "far.xml")},
		{"n.bin", "\x00\x01\x02", "a binary file"},
		{"t.log", "#Version: 1.0\n#Fields: date time x-event sc-bytes\n", "RTMP"},
		{"u.log", "2026-05-04\t21:02:31\tx\ty\n", "rows of 4 columns that do not say which fields they are"},
		{"o.txt", "", "o.txt: the file is empty"},
		{"p.json", "[1]", "looks like a JSON list"},
		{"q.xml", `<sitemapindex><sitemap><loc>http://a/q.xml</loc></sitemap></sitemapindex>`, "too deep in each other"},
		{"r.txt", strings.Repeat("x", maxListLine+1), "r.txt:1: the line is longer"},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Record(t.Context(), &Source{Paths: []string{path}}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Record() = %v, want %q in it", c.name, err, c.want)
		}
	}
	for path, want := range map[string]string{"none.txt": "no such file", "*.none": "no file is like", "-": "standard input: there is none", "[": "is no pattern for files"} {
		if _, err := Record(t.Context(), &Source{Paths: []string{path}, Base: dir}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: Record() = %v, want %q in it", path, err, want)
		}
	}
}

// Recorded requests are drawn as often as they were recorded, each with its own
// method, headers and body; those of the entry stand in the place of theirs.
func TestRecordedPopularity(t *testing.T) {
	tally := newTally()
	var rows []string
	for i := range 40 {
		path := fmt.Sprintf("/p/%c", 'a'+i%26) + strings.Repeat("x", i/26)
		rows = append(rows, path)
		for range 1 + i*i {
			tally.add(path, shape{method: "GET", header: []results.Header{{Name: "accept", Value: path}, {Name: "X", Value: "own"}}})
		}
	}
	rec := newRecording(tally, "all")
	g := generator(t, 3, Entry{Weight: 1, Targets: rec.Groups[0].Targets, Headers: []results.Header{{Name: "x", Value: "set"}}})
	at, counts := map[string]int{}, make([]int, len(rows))
	for i, path := range rows {
		at[path] = i
	}
	const draws = 200_000
	var r Request
	for n := range uint64(draws) {
		g.Next(n, &r)
		counts[at[string(r.Target)]]++
		want := []results.Header{{Name: "x", Value: "set"}, {Name: "accept", Value: string(r.Target)}}
		if n < 100 && (!reflect.DeepEqual(r.Header, want) || r.Method != "GET" || r.Prefix != "/p/") {
			t.Fatalf("request %+v, want the headers %v", r, want)
		}
	}
	chiSquare(t, "recorded", counts, func(i int) float64 { return float64(1+i*i) / float64(rec.Requests) }, draws)
}

// More than a tally may hold becomes a sample in which shares stay what they
// were, and which keeps to its bounds.
func TestTallyHoldsABoundedSample(t *testing.T) {
	tally := newTally()
	tally.mostRows, tally.mostBytes = 1000, 1<<20
	const requests = 400_000
	for i := range requests {
		path := fmt.Sprintf("/rare/%d", i)
		switch i % 4 {
		case 0, 1:
			path = "/popular"
		case 2:
			path = fmt.Sprintf("/usual/%d", i%64)
		}
		tally.add(path, shape{method: "GET"})
		if len(tally.rows) > 1000 || len(tally.index) != len(tally.rows) {
			t.Fatalf("%d rows and %d in the index after %d requests", len(tally.rows), len(tally.index), i+1)
		}
	}
	rec := newRecording(tally, "all")
	if !rec.Sampled || rec.Requests != requests {
		t.Errorf("sampled %v of %d requests", rec.Sampled, rec.Requests)
	}
	share := map[string]float64{}
	sum := 0.0
	rec.Groups[0].Targets.All(func(q Target, n uint64) bool {
		kind, _, _ := strings.Cut(q.Path[1:], "/")
		share[kind] += float64(n)
		sum += float64(n)
		return true
	})
	for kind, want := range map[string]float64{"popular": 0.5, "usual": 0.25, "rare": 0.25} {
		if got := share[kind] / sum; math.Abs(got-want) > 0.05 {
			t.Errorf("%s is %.3f of the sample, want %v", kind, got, want)
		}
	}
	tally = newTally()
	tally.mostBytes = 1000
	for i := range 100 {
		tally.add("/"+strings.Repeat("y", 100), shape{method: "POST", body: []byte(fmt.Sprintf("%0300d", i))})
		if tally.bytes > 1000 && len(tally.rows) > 1 {
			t.Fatalf("%d bytes in %d rows", tally.bytes, len(tally.rows))
		}
	}
}

func TestHalf(t *testing.T) {
	r := stream(1)
	for _, n := range []uint64{0, 1, 5, 64, 1000, 1 << 20} {
		sum, most := 0.0, uint64(0)
		for range 50 {
			left := half(n, &r)
			sum, most = sum+float64(left), max(most, left)
		}
		if mean := sum / 50; math.Abs(mean-float64(n)/2) > 4*math.Sqrt(float64(n)/4/50)+1e-9 || most > n {
			t.Errorf("half(%d) is %v in the mean, and at most %d", n, mean, most)
		}
	}
}

func TestAliasTable(t *testing.T) {
	const draws = 200_000
	for _, weights := range [][]float64{{1}, {1, 1}, {0, 3, 0}, {1e-9, 1, 1e6}, {5, 1, 1, 1, 1, 1, 90}, {1e300, 1e300}} {
		sum := 0.0
		for _, w := range weights {
			sum += w / 1e300
		}
		table := newAliasTable(len(weights), func(i int) float64 { return weights[i] })
		counts := make([]int, len(weights))
		r := stream(len(weights))
		for range draws {
			counts[table.draw(&r)]++
		}
		chiSquare(t, fmt.Sprint("alias table of ", weights), counts, func(i int) float64 { return weights[i] / 1e300 / sum }, draws)
	}
}

func TestWeightedValues(t *testing.T) {
	g := generator(t, 1, Entry{Weight: 1, Path: "/{v}", Vars: map[string]Var{"v": Weighted{[]string{"a", "b", "c"}, []float64{1, 0, 3}}}})
	counts := map[string]int{}
	var r Request
	for n := range uint64(10_000) {
		g.Next(n, &r)
		counts[string(r.Target)]++
	}
	if counts["/b"] != 0 || counts["/a"] < 2300 || counts["/a"] > 2700 {
		t.Errorf("%v, want a quarter /a and no /b", counts)
	}
	for _, v := range []Weighted{{}, {[]string{"a"}, []float64{0}}, {[]string{"a"}, []float64{-1}}, {[]string{"a"}, []float64{math.NaN()}}} {
		if _, err := New([]Entry{{Weight: 1, Path: "/{v}", Vars: map[string]Var{"v": v}}}, 1); err == nil {
			t.Errorf("New takes %v", v)
		}
	}
}

func TestRecordedRequestsAllocateNothing(t *testing.T) {
	rec := record(t, Source{Paths: []string{"standard.log"}, Base: "testdata"})
	var entries []Entry
	for _, g := range rec.Groups {
		entries = append(entries, Entry{Weight: g.Share, Targets: g.Targets, Hits: 0.5})
	}
	g := generator(t, 1, entries...)
	var r Request
	n := uint64(0)
	if got := testing.AllocsPerRun(1000, func() { g.Next(n, &r); n++ }); got != 0 {
		t.Errorf("Next allocates %v times", got)
	}
}

// a tableOf is a table as a Parquet file of logs has.
type tableOf [][]string

func (t tableOf) Columns() []string { return t[0] }

func (t tableOf) Rows(do func([][]byte) error) error {
	for _, row := range t[1:] {
		var values [][]byte
		for _, v := range row {
			values = append(values, []byte(v))
		}
		if err := do(values); err != nil {
			return err
		}
	}
	return nil
}

// Parquet files are logs like others, where they can be read; several files of
// one pattern are read together, and so is a directory.
func TestLogsOfEveryKind(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.parquet"), []byte("PAR1 and so on"), 0o644); err != nil {
		t.Fatal(err)
	}
	table := tableOf{{"date", "time", "sc_status", "cs_method", "cs_uri_stem", "cs_uri_query", "x_host_header"}, {"2026-05-04", "21:02:31", "200", "GET", "/a", "b=1", "www.example.com"}}
	open := func(io.ReaderAt, int64) (accesslog.Table, error) { return table, nil }
	for _, path := range []string{"a.parquet", "*.parquet", "."} {
		rec := record(t, Source{Paths: []string{path}, Base: dir, Gaps: true, Inputs: Inputs{Parquet: open}})
		if got, want := told(rec), "1 files, 1 requests, 1 different\n/a 1.000\n  1 GET /a?b=1\n"; got != want || !reflect.DeepEqual(rec.Seconds, []int64{1}) {
			t.Errorf("%s: %s with the seconds %v, want %s", path, got, rec.Seconds, want)
		}
	}
	if _, err := Record(t.Context(), &Source{Paths: []string{"a.parquet"}, Base: dir}); err == nil || !strings.Contains(err.Error(), "a Parquet file") {
		t.Errorf("without a reader of Parquet: %v", err)
	}
}

// Rows of a real-time log are read by the fields that are given.
func TestGivenFields(t *testing.T) {
	rec := record(t, Source{
		Paths: []string{"-"}, Format: "access-log", Fields: []string{"timestamp", "c-ip", "sc-status", "cs-uri-stem"},
		Inputs: Inputs{Stdin: strings.NewReader("1777928551.100\t192.0.2.1\t200\t/a\n1777928553.900\t192.0.2.1\t200\t/a\n")}, Gaps: true,
	})
	if got, want := told(rec), "1 files, 2 requests, 1 different\n/a 1.000\n  2 GET /a\n"; got != want || !reflect.DeepEqual(rec.Seconds, []int64{1, 0, 1}) {
		t.Errorf("%s with the seconds %v, want %s", got, rec.Seconds, want)
	}
	far := "1777928551.100\t192.0.2.1\t200\t/a\n1887928553.900\t192.0.2.1\t200\t/a\n"
	if _, err := Record(t.Context(), &Source{Paths: []string{"-"}, Format: "access-log", Fields: []string{"timestamp", "c-ip", "sc-status", "cs-uri-stem"}, Inputs: Inputs{Stdin: strings.NewReader(far)}, Gaps: true}); err == nil || !strings.Contains(err.Error(), "more than a day") {
		t.Errorf("gaps of years: %v", err)
	}
}

// The public samples of others are read too, where they are.
func TestPublicSamples(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "logs")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("SKIPPED: the public samples are not at %s: %v", dir, err)
	}
	for name, want := range map[string]int64{"aws-docs-standard-log-example.log": 6, "opensearch-catalog-cloudfront-raw.log": 40, "aws-clo-microbatch-cloudfront.log.gz": 2, "claygregory-web-1-0.txt": 2, "claygregory-kinesis-1-0.txt": 1} {
		rec := record(t, Source{Paths: []string{name}, Base: dir, AllMethods: true})
		if rec.Requests != want || len(rec.Left) > 0 {
			t.Errorf("%s: %s, want %d requests and none left out", name, told(rec), want)
		}
	}
	if _, err := Record(t.Context(), &Source{Paths: []string{"claygregory-rtmp-1-0.txt"}, Base: dir}); err == nil || !strings.Contains(err.Error(), "RTMP") {
		t.Errorf("a log of RTMP: %v", err)
	}
}
