package urls

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"frontload/results"
)

func generator(t *testing.T, seed uint64, entries ...Entry) *Generator {
	t.Helper()
	g, err := New(entries, seed)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestEncoding(t *testing.T) {
	odd := "a b/ü?&=%+#"
	encoded := "a%20b%2F%C3%BC%3F%26%3D%25%2B%23"
	for _, c := range []struct {
		name  string
		entry Entry
		want  string
	}{
		{"what may stand stays", Entry{Path: "/a:b@c!$&'()*+,;=-._~/?x=/?:@"}, "/a:b@c!$&'()*+,;=-._~/?x=/?:@"},
		{"what may not is encoded", Entry{Path: "/a b/ü\"<>|?q=a b"}, "/a%20b/%C3%BC%22%3C%3E%7C?q=a%20b"},
		{"escapes stay", Entry{Path: "/a%2fb%7B"}, "/a%2fb%7B"},
		{"a value in a path", Entry{Path: "/x/{v}", Vars: map[string]Var{"v": List{odd}}}, "/x/" + encoded},
		{"a value in a written query", Entry{Path: "/?q={v}", Vars: map[string]Var{"v": List{odd}}}, "/?q=" + encoded},
		{"a value in an added query", Entry{Path: "/", Query: []results.Header{{Name: "q", Value: "{v}"}}, Vars: map[string]Var{"v": List{odd}}}, "/?q=" + encoded},
		{"an added query is plain text", Entry{Path: "/", Query: []results.Header{{Name: "a&b", Value: odd}}}, "/?a%26b=" + encoded},
		{"an added query follows", Entry{Path: "/?a=1", Query: []results.Header{{Name: "b", Value: "2"}, {Name: "c", Value: ""}}}, "/?a=1&b=2&c="},
		{"doubled braces", Entry{Path: "/{{v}}?{{w}}"}, "/%7Bv%7D?%7Bw%7D"},
		{"bypass alone", Entry{Path: "/a", Bypass: true}, "/a?frontload-bypass=7-3"},
		{"bypass after a query", Entry{Path: "/a?b", Bypass: true}, "/a?b&frontload-bypass=7-3"},
		{"a sequence", Entry{Path: "/{n}/{n}", Vars: map[string]Var{"n": Sequence{Start: -1}}}, "/2/2"},
	} {
		c.entry.Weight = 1
		var r Request
		generator(t, 7, c.entry).Next(3, &r)
		if string(r.Target) != c.want {
			t.Errorf("%s: %q, want %q", c.name, string(r.Target), c.want)
		}
		if _, err := url.ParseRequestURI(string(r.Target)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestHeadersAndBody(t *testing.T) {
	g := generator(t, 1, Entry{
		Weight: 1, Method: "POST", Path: "/", Body: []byte(`{"a":{"id":{n}},"b":"{{n}}","c":{}}`),
		Headers: []results.Header{{Name: "X-N", Value: "no {n}; {x"}, {Name: "Accept", Value: "*/*"}},
		Vars:    map[string]Var{"n": Sequence{Start: 5}},
	})
	var r, second Request
	g.Next(0, &r)
	g.Next(1, &second)
	if want := `{"a":{"id":5},"b":"{n}","c":{}}`; string(r.Body) != want {
		t.Errorf("body %s, want %s", r.Body, want)
	}
	if want := []results.Header{{Name: "X-N", Value: "no 5; {x"}, {Name: "Accept", Value: "*/*"}}; !reflect.DeepEqual(r.Header, want) {
		t.Errorf("headers %v, want %v: the next request must not change them", r.Header, want)
	}
	if second.Header[0].Value != "no 6; {x" {
		t.Errorf("second headers %v", second.Header)
	}
}

func TestPrefix(t *testing.T) {
	for path, want := range map[string]string{
		"/": "/", "/a": "/", "/a/": "/a/", "/a/b.html": "/a/", "/a/b/c/d": "/a/b/", "/{v}": "/", "/a/{v}/c": "/a/",
		"/a{v}/b": "/", "/a/b/c/{v}": "/a/b/", "/a/b?c=/d/{v}": "/a/", "/a%2Fb/c": "/a%2Fb/",
	} {
		e := Entry{Weight: 1, Path: path}
		if strings.Contains(path, "{v}") {
			e.Vars = map[string]Var{"v": Uniform{3}}
		}
		var r Request
		generator(t, 1, e).Next(0, &r)
		if r.Prefix != want {
			t.Errorf("prefix of %s is %q, want %q", path, r.Prefix, want)
		}
	}
}

func TestSameValueThroughoutARequest(t *testing.T) {
	g := generator(t, 1, Entry{
		Weight: 1, Path: "/{v}?v={v}", Headers: []results.Header{{Name: "V", Value: "{v}"}},
		Vars: map[string]Var{"v": Uniform{1000}},
	})
	for n := range uint64(50) {
		var r Request
		g.Next(n, &r)
		if want := fmt.Sprintf("/%[1]s?v=%[1]s", r.Header[0].Value); string(r.Target) != want {
			t.Fatalf("request %d: target %s, header %s", n, string(r.Target), r.Header[0].Value)
		}
	}
}

func mixed() []Entry {
	return []Entry{
		{Weight: 3, Path: "/s/{n}", Vars: map[string]Var{"n": Sequence{Start: 10}}},
		{Weight: 0, Path: "/never"},
		{Weight: 1.5, Path: "/z/{a}/{b}", Vars: map[string]Var{"a": Zipf{100, 1.1}, "b": Uniform{7}}, Bypass: true},
		{Weight: 1, Method: "POST", Path: "/l", Body: []byte("{w}"), Vars: map[string]Var{"w": List{"x", "y"}}},
	}
}

// TestShards: however requests are shared out, request n is the same.
func TestShards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		shards := rapid.IntRange(1, 7).Draw(t, "shards")
		whole, err := New(mixed(), seed)
		if err != nil {
			t.Fatal(err)
		}
		parts := make([]*Generator, shards)
		for i := range parts {
			if parts[i], err = New(mixed(), seed); err != nil {
				t.Fatal(err)
			}
		}
		for n := range uint64(200) {
			var a, b Request
			whole.Next(n, &a)
			parts[n%uint64(shards)].Next(n, &b)
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("request %d is %+v, and from its shard %+v", n, a, b)
			}
		}
		var first, again Request
		parts[0].Next(0, &first)
		whole.Next(0, &again)
		if !reflect.DeepEqual(first, again) {
			t.Fatalf("going back to request 0: %+v and %+v", first, again)
		}
	})
}

func TestSequenceHasNoGapsAndBypassNoRepeats(t *testing.T) {
	g := generator(t, 4, mixed()...)
	next, seen := 10, map[string]bool{}
	for n := range uint64(5000) {
		var r Request
		g.Next(n, &r)
		switch r.Index {
		case 0:
			if want := fmt.Sprintf("/s/%d", next); string(r.Target) != want {
				t.Fatalf("request %d: %s, want %s", n, string(r.Target), want)
			}
			next++
		case 1:
			t.Fatalf("request %d is of the entry that has no weight", n)
		case 2:
			if seen[string(r.Target)] {
				t.Fatalf("%s twice", string(r.Target))
			}
			seen[string(r.Target)] = true
		}
	}
}

// chiSquare compares counts with the expected ones; it fails when chance
// alone would go so far off less than once in ten thousand times, by Wilson
// and Hilferty's approximation. Cells that expect few are put together.
func chiSquare(t *testing.T, name string, counts []int, want func(i int) float64, draws int) {
	t.Helper()
	sum, cells := 0.0, 0
	got, expected := 0.0, 0.0
	for i, c := range counts {
		got += float64(c)
		expected += want(i) * float64(draws)
		if expected >= 10 || i == len(counts)-1 {
			if expected > 0 {
				sum += (got - expected) * (got - expected) / expected
				cells++
			} else if got > 0 {
				t.Errorf("%s: %v draws of what has no chance", name, got)
			}
			got, expected = 0, 0
		}
	}
	k := float64(max(cells-1, 1))
	z := (math.Cbrt(sum/k) - (1 - 2/(9*k))) / math.Sqrt(2/(9*k))
	if z > 3.72 {
		t.Errorf("%s: chi-square %.1f with %v degrees of freedom: %.1f sigma off", name, sum, k, z)
	}
}

func TestZipfLaw(t *testing.T) {
	const draws = 200_000
	for _, s := range []float64{0, 0.3, 0.7, 0.999999999, 1, 1.000000001, 1.1, 2, 3.5, 20, 100} {
		for _, n := range []int64{1, 2, 10, 300} {
			law := newZipfSampler(n, s)
			counts := make([]int, n)
			r := stream(uint64(n) + math.Float64bits(s))
			for range draws {
				counts[law.draw(&r)-1]++
			}
			total := 0.0
			for k := range n {
				total += math.Pow(float64(k+1), -s)
			}
			chance := func(i int) float64 { return math.Pow(float64(i+1), -s) / total }
			chiSquare(t, fmt.Sprintf("zipf of %d with exponent %v", n, s), counts, chance, draws)
		}
	}
}

func TestZipfStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, MaxCount).Draw(t, "count")
		s := rapid.Float64Range(0, MaxExponent).Draw(t, "exponent")
		law := newZipfSampler(n, s)
		r := stream(rapid.Uint64().Draw(t, "seed"))
		for range 100 {
			if k := law.draw(&r); k < 1 || k > n {
				t.Fatalf("zipf of %d with exponent %v draws %d", n, s, k)
			}
		}
	})
}

func TestWeightsAndUniformLaw(t *testing.T) {
	const draws = 200_000
	weights := []float64{80, 0, 20, 0.5, 3}
	var entries []Entry
	for i, w := range weights {
		entries = append(entries, Entry{Weight: w, Path: fmt.Sprintf("/%d/{v}", i), Vars: map[string]Var{"v": Uniform{7}}})
	}
	g := generator(t, 99, entries...)
	picks, values := make([]int, len(weights)), make([]int, 7)
	var r Request
	for n := range uint64(draws) {
		g.Next(n, &r)
		picks[r.Index]++
		values[r.Target[len(string(r.Target))-1]-'1']++
	}
	chiSquare(t, "weights", picks, func(i int) float64 { return weights[i] / 103.5 }, draws)
	chiSquare(t, "uniform", values, func(int) float64 { return 1.0 / 7 }, draws)
}

// TestVariablesAreIndependent: two variables of one request, and the same one
// in requests that follow each other, share no pattern.
func TestVariablesAreIndependent(t *testing.T) {
	const draws = 100_000
	g := generator(t, 5, Entry{Weight: 1, Path: "/{a}{b}", Vars: map[string]Var{"a": Uniform{9}, "b": Uniform{9}}})
	together, following := make([]int, 81), make([]int, 81)
	var r Request
	last := 0
	for n := range uint64(draws) {
		g.Next(n, &r)
		a, b := int(r.Target[1]-'1'), int(r.Target[2]-'1')
		together[9*a+b]++
		if n > 0 {
			following[9*a+last]++
		}
		last = a
	}
	chiSquare(t, "two variables", together, func(int) float64 { return 1.0 / 81 }, draws)
	chiSquare(t, "one after the other", following, func(int) float64 { return 1.0 / 81 }, draws-1)
}

func TestNewReportsEveryFault(t *testing.T) {
	_, err := New([]Entry{
		{Weight: -1, Method: "post", Path: "x{a}", Body: []byte("b")},
		{Weight: math.NaN(), Path: "/", Vars: map[string]Var{"v": Zipf{0, -1}, "w": nil}},
		{Weight: 1, Path: "/" + strings.Repeat("x", maxTarget)},
		{Weight: 1, Path: "/{v}", Headers: []results.Header{{Name: "A", Value: "{v}"}}, Vars: map[string]Var{"v": List{"a\r\nX: y"}}},
	}, 1)
	var got []string
	for _, e := range err.(interface{ Unwrap() []error }).Unwrap() {
		var fault *Error
		if !errors.As(e, &fault) {
			t.Fatalf("%T: %v", e, e)
		}
		got = append(got, fmt.Sprint(fault.Entry, " ", fault.Field))
	}
	want := []string{
		"0 weight", "1 weight", "0 method", "0 path", "0 path", "1 vars.v", "1 vars.v.zipf.count",
		"1 vars.v.zipf.exponent", "1 vars.w", "2 path", "3 vars.v",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("faults at\n%q, want\n%q\n%v", got, want, err)
	}
	if _, err := New(nil, 1); err == nil {
		t.Error("New takes no entries at all")
	}
}

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "abc": "(hidden)", "{a}": "{a}", "Bearer {a}-{b}": "(hidden){a}{b}", "{a}x": "(hidden){a}", "{{a}}": "(hidden)",
	} {
		if got, _ := Redact(text, "(hidden)"); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestFixedRequestsAllocateNothing(t *testing.T) {
	g := generator(t, 1, Entry{Weight: 1, Path: "/a?b", Headers: []results.Header{{Name: "A", Value: "b"}}}, Entry{Weight: 1, Path: "/c"})
	var r Request
	n := uint64(0)
	if got := testing.AllocsPerRun(1000, func() { g.Next(n, &r); n++ }); got != 0 {
		t.Errorf("Next allocates %v times", got)
	}
}

func TestVariedTargetsAllocateOnce(t *testing.T) {
	g := generator(t, 1, Entry{Weight: 1, Path: "/{v}", Vars: map[string]Var{"v": Zipf{1 << 20, 1.1}}, Bypass: true})
	var r Request
	n := uint64(0)
	if got := testing.AllocsPerRun(1000, func() { g.Next(n, &r); n++ }); got > 1 {
		t.Errorf("Next allocates %v times, want the target's text only", got)
	}
}

func BenchmarkNext(b *testing.B) {
	g, err := New(mixed(), 1)
	if err != nil {
		b.Fatal(err)
	}
	var r Request
	b.ReportAllocs()
	for n := range uint64(b.N) {
		g.Next(n, &r)
	}
}

// FuzzTemplates: whatever is written, New either refuses it or makes a target
// that is fit to send.
func FuzzTemplates(f *testing.F) {
	for _, s := range []string{"/a/{v}?q={v}", "/{{v}}", "/%41{v", "/é b", "/a#b", "//{v}{v}", "/?{v}&", "/%{v}"} {
		f.Add(s, "x{v}", "a b/c")
	}
	f.Fuzz(func(t *testing.T, path, text, value string) {
		g, err := New([]Entry{{
			Weight: 1, Method: "POST", Path: path, Body: []byte(text),
			Query:   []results.Header{{Name: "q", Value: text}},
			Headers: []results.Header{{Name: "H", Value: text}, {Name: "V", Value: "{v}"}},
			Vars:    map[string]Var{"v": List{value}},
		}}, 1)
		if err != nil {
			return
		}
		var r Request
		g.Next(0, &r)
		if len(r.Target) == 0 || r.Target[0] != '/' || strings.ContainsAny(string(r.Target), " {}#\"<>\\^`|\r\n\t") {
			t.Fatalf("target %q of %q", string(r.Target), path)
		}
		for i := range len(string(r.Target)) {
			if r.Target[i] < '!' || r.Target[i] > '~' {
				t.Fatalf("target %q of %q", string(r.Target), path)
			}
		}
		if _, err := url.ParseQuery(string(r.Target[bytes.IndexByte(r.Target, '?')+1:])); err != nil && !strings.Contains(string(r.Target), ";") {
			t.Fatalf("query of %q: %v", string(r.Target), err)
		}
		if !strings.HasPrefix(string(r.Target), r.Prefix) {
			t.Fatalf("prefix %q of %q", r.Prefix, string(r.Target))
		}
		for _, h := range r.Header {
			if strings.ContainsAny(h.Value, "\r\n\x00") {
				t.Fatalf("header %q", h.Value)
			}
		}
	})
}
