package vegeta

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	real "github.com/tsenart/vegeta/v12/lib"
)

var encoders = map[Format]func(io.Writer) real.Encoder{JSON: real.NewJSONEncoder, CSV: real.NewCSVEncoder, Gob: real.NewEncoder}

// results returns some of every kind, as vegeta has them.
func samples() []Result {
	at := time.Date(2026, 11, 3, 12, 0, 0, 123456789, time.UTC)
	return []Result{
		{
			Attack: "spring, launch", Seq: 0, Code: 200, Timestamp: at, Latency: 12 * time.Millisecond, BytesOut: 7, BytesIn: 1234, Body: []byte("<html>\x00\xff"),
			Method: "GET", URL: "https://d111111abcdef8.cloudfront.net/articles/1?q=a,b",
			Headers: http.Header{"X-Amz-Cf-Pop": {"FRA56-P1"}, "Server": {"nginx"}, "Set-Cookie": {"a=1", "b=2"}},
		},
		{
			Seq: 1, Code: 503, Timestamp: at.Add(time.Second), Latency: time.Millisecond, Error: "503 Service Unavailable", Body: []byte("busy"),
			Method: "POST", URL: "https://d111111abcdef8.cloudfront.net/", Headers: http.Header{"X-Cache": {"Error from cloudfront"}},
		},
		{
			Seq: 2, Timestamp: at.Add(2 * time.Second), Latency: 30 * time.Second, Method: "GET", URL: "https://d111111abcdef8.cloudfront.net/\"x\"",
			Error: "Get \"https://d111111abcdef8.cloudfront.net/\": dial tcp: \"quoted\",\n 1700000000000000000,200,second line",
		},
	}
}

// encoded returns results as vegeta itself writes them.
func encoded(t testing.TB, f Format, list []Result) []byte {
	t.Helper()
	var b bytes.Buffer
	encode := encoders[f](&b)
	for i := range list {
		if err := encode.Encode((*real.Result)(&list[i])); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func read(t testing.TB, r io.Reader, f Format) ([]Result, Unread) {
	t.Helper()
	var got []Result
	u, err := Read(r, f, func(one *Result) error {
		got = append(got, *one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, u
}

// normal makes results comparable: an encoding may not tell nothing from none.
func normal(list []Result) []Result {
	for i := range list {
		list[i].Timestamp = list[i].Timestamp.UTC()
		if len(list[i].Body) == 0 {
			list[i].Body = nil
		}
		if len(list[i].Headers) == 0 {
			list[i].Headers = nil
		}
	}
	return list
}

// What vegeta writes is recognised and read as vegeta means it.
func TestReadsWhatVegetaWrites(t *testing.T) {
	for f := range encoders {
		data := encoded(t, f, samples())
		if got := Recognise(data[:min(len(data), 600)]); got != f {
			t.Errorf("format %d is recognised as %d: %.100q", f, got, data)
		}
		got, u := read(t, iotest.OneByteReader(bytes.NewReader(data)), f)
		if d := cmp.Diff(normal(samples()), normal(got)); d != "" || u.Counts != nil {
			t.Errorf("format %d: unread %v (-want +got):\n%s", f, u, d)
		}
		// A last line without its end is a line.
		if got, u := read(t, bytes.NewReader(bytes.TrimRight(data, "\n")), f); len(got) != 3 || u.Counts != nil {
			t.Errorf("format %d without its last line end: %d results, unread %v", f, len(got), u)
		}
	}
}

// A file that is cut short keeps what it holds, wherever it was cut.
func TestCutShort(t *testing.T) {
	for f := range encoders {
		data := encoded(t, f, samples())
		two := len(encoded(t, f, samples()[:2]))
		for end := two + 1; end < len(data)-1; end++ {
			got, u := read(t, bytes.NewReader(data[:end]), f)
			if len(got) < 2 {
				t.Fatalf("format %d, %d of %d bytes: %d results, want 2 at least; unread %v", f, end, len(data), len(got), u)
			}
			if len(got) == 2 && len(u.Counts) != 1 && len(bytes.TrimSpace(data[two:end])) > 0 {
				t.Errorf("format %d, %d of %d bytes: nothing is told of the rest: %v", f, end, len(data), u)
			}
			if len(got) == 2 && u.Counts[badJSON]+u.Counts[damaged] > 0 {
				t.Errorf("format %d, %d of %d bytes: told is %v", f, end, len(data), u)
			}
		}
		broken := io.MultiReader(bytes.NewReader(data), iotest.ErrReader(errors.New("flate: corrupt input")))
		if got, u := read(t, broken, f); len(got) != 3 || u.Counts[damaged] != 1 {
			t.Errorf("format %d, damaged behind its end: %d results, unread %v", f, len(got), u)
		}
	}
}

// Lines that cannot be read cost themselves alone, and are counted with their
// first place.
func TestBadLines(t *testing.T) {
	good := samples()[0]
	for f, bad := range map[Format]map[string]string{
		JSON: {
			"{\"attack\":\"x\",": badJSON, "nonsense": badJSON, "[1]": badJSON, "{}": badJSON, "{\"code\":\"200\"}": badJSON,
			`{"code":200,"timestamp":"2100-01-01T00:00:00Z","latency":5}`:  badValues,
			`{"code":200,"timestamp":"2026-01-01T00:00:00Z","latency":-5}`: badValues,
			`{"code":20000,"timestamp":"2026-01-01T00:00:00Z"}`:            badValues,
		},
		CSV: {
			"nonsense": badCSV, "1700000000000000000,200,5": badCSV, "1700000000000000000,200,5,0,0,\"open quote": badCSV,
			"1700000000000000000,999999,5,0,0,,": badValues, "1700000000000000000,200,-5,0,0,,": badValues, "17,200,5,0,0,,": badValues,
		},
	} {
		line := string(encoded(t, f, []Result{good}))
		for text, why := range bad {
			got, u := read(t, strings.NewReader(line+text+"\n"+line), f)
			if len(got) != 2 || len(u.Counts) != 1 || u.Counts[why] != 1 || u.First[why] != "line 2" {
				t.Errorf("%q between two good lines: %d results, unread %+v, want %q", text, len(got), u, why)
			}
		}
		long := line + strings.Repeat("x", maxLine+1) + "\n" + line
		if got, u := read(t, strings.NewReader(long), f); len(got) != 2 || u.Counts[tooLong] != 1 {
			t.Errorf("with a line that is too long: %d results, unread %+v", len(got), u.Counts)
		}
	}
}

// The rows of older versions, which had fewer columns, are read.
func TestOlderCSV(t *testing.T) {
	for _, row := range []string{
		"1700000000000000000,200,5000000,1,2,\n",
		"1700000000000000000,503,5000000,1,2,503 Service Unavailable,YWJj,name,7\n",
		"1700000000000000000,503,5000000,1,2,,,,8,GET,http://127.0.0.1/\r\n",
	} {
		if Recognise([]byte(row)) != CSV {
			t.Errorf("%q is not recognised", row)
		}
		got, u := read(t, strings.NewReader(row), CSV)
		if len(got) != 1 || u.Counts != nil || got[0].Latency != 5*time.Millisecond || got[0].BytesIn != 2 || got[0].Timestamp.Year() != 2023 {
			t.Errorf("%q: %+v, unread %v", row, got, u)
		}
	}
}

func TestOthersAreNotRecognised(t *testing.T) {
	for _, head := range []string{
		"", "\n", "{", "{}", "#Version: 1.0\n#Fields: date time\n", `{"type":"Metric","data":{"name":"http_reqs"},"metric":"http_reqs"}`,
		`{"latencies":{"total":1},"bytes_in":{"total":3},"requests":3,"code":1}`, "2026-01-01,200,5", "1700000000.123\t1.2.3.4\t0.001\t200\n",
		`{"code":200,"url":"x"}` + "\n", "\x06Result\x01", `{"timestamp":"2026-01-01T00:00:00Z","level":"info"}`,
	} {
		if got := Recognise([]byte(head)); got != None {
			t.Errorf("%q is taken for format %d", head, got)
		}
	}
	if _, err := Read(strings.NewReader(""), None, nil); err == nil {
		t.Error("reading what is none gives no error")
	}
}

// An error of who counts ends the reading.
func TestEachMayFail(t *testing.T) {
	full := errors.New("no space left")
	for f := range encoders {
		n := 0
		_, err := Read(bytes.NewReader(encoded(t, f, samples())), f, func(*Result) error { n++; return full })
		if !errors.Is(err, full) || n != 1 {
			t.Errorf("format %d: %v after %d calls", f, err, n)
		}
	}
}

func FuzzRead(f *testing.F) {
	for format := range encoders {
		data := encoded(f, format, samples())
		f.Add(data)
		f.Add(data[:len(data)/2])
		f.Add(bytes.ReplaceAll(data, []byte("1"), []byte("\"")))
	}
	f.Add([]byte("1700000000000000000,200,5,0,0,\"\n\n\"\"\n1700000000000000000,200,5,0,0,"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = Recognise(data)
		for _, format := range []Format{JSON, CSV, Gob} {
			n := 0
			u, err := Read(bytes.NewReader(data), format, func(r *Result) error {
				if !r.plausible() {
					return fmt.Errorf("counted: %+v", r)
				}
				n++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if lines := bytes.Count(data, []byte("\n")) + 1; format != Gob && n > lines {
				t.Errorf("format %d: %d results in %d lines", format, n, lines)
			}
			for why := range u.Counts {
				if u.First[why] == "" {
					t.Errorf("no first place of %q", why)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for f, name := range map[Format]string{JSON: "json", CSV: "csv", Gob: "gob"} {
		list := make([]Result, 1000)
		for i := range list {
			list[i] = samples()[i%2]
		}
		data := encoded(b, f, list)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				read(b, bytes.NewReader(data), f)
			}
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "results/s")
		})
	}
}
