package report

import (
	"bytes"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"frontload/results"
)

// pages says where to leave the pages that the tests write, to be looked at.
var pages = flag.String("pages", "", "directory in which to keep the HTML pages")

// render returns the page, and leaves it where -pages says.
func render(t *testing.T, name string, in Input) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, in); err != nil {
		t.Fatalf("HTML(%s) = %v", name, err)
	}
	if *pages != "" {
		if err := os.WriteFile(filepath.Join(*pages, name+".html"), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

// samples are runs of every kind.
func samples() map[string]Input {
	failed := sample(shape{seconds: 10, edges: 3, rate: 60})
	failed.Analysis.Run.Outcomes = map[string]int64{"transport": 600}
	failed.Analysis.Run.Responses, failed.Analysis.Latency = 0, nil
	failed.Run.Series = nil
	for i := range failed.Run.Seconds {
		failed.Run.Seconds[i].Asked = math.NaN()
	}
	lost := sample(shape{seconds: 10, edges: 3, rate: 60})
	lost.Analysis.Run.Outcomes = map[string]int64{"ok": 540, "client-error": 60}
	lost.Analysis.Run.Statuses = map[string]int64{"200": 540, "404": 60}
	lost.Analysis.Findings = []results.Finding{{Say: "60 of 600 requests failed", Do: "mend that"}}
	for _, s := range []int{2, 3, 7} {
		lost.Run.Seconds[s].Limited = "send lag"
	}
	killed := sample(shape{seconds: 10, edges: 3, rate: 60})
	killed.Analysis.Run.Unfinished, killed.Analysis.Run.Simulated, killed.Lab = true, true, "The lab agrees."
	doubted := interrupted(sample(usual))
	doubted.Analysis.Trust = results.Trust{Reasons: []string{"12 of 30 seconds were generator-limited"}, LatencyIsAFloor: true}
	return map[string]Input{
		"usual":    sample(usual),
		"calm":     sample(shape{seconds: 30, edges: 4, rate: 400}),
		"hostile":  poison(sample(usual)),
		"second":   sample(shape{seconds: 1, edges: 3, rate: 60}),
		"failed":   failed,
		"doubted":  doubted,
		"lost":     lost,
		"killed":   killed,
		"guarded":  guarded(sample(usual)),
		"empty":    {Analysis: &results.Analysis{}},
		"no run":   {Analysis: sample(usual).Analysis},
		"no cells": {Analysis: sample(usual).Analysis, Run: &results.Run{}},
	}
}

// allowed are the elements that a page may have: none that runs or loads.
var allowed = strings.Fields(`a html head meta title style body main header section p h1 h2 h3 small span i b strong em
	ul ol li div figure figcaption svg path text circle table thead tbody tr th td dl dt dd cite code pre details summary`)

// attributes are the ones that elements may have: no event handlers, and links
// to AWS's guides alone.
var attributes = strings.Fields(`lang charset http-equiv content name class style role aria-label aria-hidden
	href title rel xmlns xmlns:xlink viewbox viewBox d x y cx cy r transform stroke-dasharray`)

func TestHTMLRunsAndLoadsNothing(t *testing.T) {
	for name, in := range samples() {
		t.Run(name, func(t *testing.T) {
			b := render(t, name, in)
			root, err := html.Parse(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			policy := false
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				if !slices.Contains(allowed, n.Data) {
					t.Errorf("element %s", n.Data)
				}
				for _, a := range n.Attr {
					policy = policy || a.Val == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
					checkAttribute(t, n, a)
				}
				if n.Data == "style" && strings.Contains(n.FirstChild.Data, "url(") {
					t.Error("the style sheet loads something")
				}
			}
			if !policy {
				t.Error("the page has no security policy")
			}
			if bytes.ContainsAny(b, "\x1b\x07") || bytes.ContainsRune(b, '\u202e') {
				t.Error("control characters in the page")
			}
		})
	}
}

func checkAttribute(t *testing.T, n *html.Node, a html.Attribute) {
	t.Helper()
	key := strings.TrimPrefix(a.Namespace+":"+a.Key, ":")
	if !slices.Contains(attributes, key) {
		t.Errorf("attribute %s on %s", key, n.Data)
	}
	if key == "href" && !strings.HasPrefix(a.Val, "https://docs.aws.amazon.com/") && !strings.HasPrefix(a.Val, "https://aws.amazon.com/") {
		t.Errorf("a link to %q", a.Val)
	}
	if key == "style" && (strings.Contains(a.Val, "url(") || strings.Contains(a.Val, "ZgotmplZ")) {
		t.Errorf("style %q on %s", a.Val, n.Data)
	}
}

// Every element that was opened is closed by its own name.
func TestHTMLIsWellFormed(t *testing.T) {
	for name, in := range samples() {
		z := html.NewTokenizer(bytes.NewReader(render(t, name, in)))
		var open []string
		for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
			tag, _ := z.TagName()
			switch {
			case kind == html.StartTagToken && string(tag) != "meta":
				open = append(open, string(tag))
			case kind == html.EndTagToken:
				if len(open) == 0 || open[len(open)-1] != string(tag) {
					t.Fatalf("%s: </%s> closes %v", name, tag, open)
				}
				open = open[:len(open)-1]
			}
		}
		if len(open) > 0 {
			t.Errorf("%s: %v left open", name, open)
		}
	}
}

// A drawing's own text is escaped, whatever it says.
func TestChartsEscapeTheirText(t *testing.T) {
	svg, err := drawBars("bars", []bar{{name: `<script>&"'` + "\x00\x1b", requests: 3, answered: 1}}, wideChart)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(svg); !strings.Contains(s, "&lt;script&gt;&amp;") || strings.ContainsAny(s, "\x00\x1b") {
		t.Errorf("the name of a bar was drawn as %q", s)
	}
}

func TestHTMLSays(t *testing.T) {
	all := samples()
	for name, words := range map[string][]string{
		"usual":   {"The generator kept up", "against the edge", "Burst 1: edge capacity", "Burst 2: origin saturation (S3)", "kX3v9QbP0dT7", "The plan", "no-origin-shield"},
		"calm":    {"No burst of 503s stood out", "To be believed"},
		"doubted": {"Not to be believed", "Interrupted before its end", "lower bound", "12 of 30 seconds"},
		"failed":  {"600 without an answer", "Nothing to show.", "No response time was recorded."},
		"empty":   {"Unnamed run", "Nothing to show."},
		"lost":    {"The generator kept up", `class="card banner bad"`, "60 of 600 requests failed", "<th>404</th><td>60</td><td>10%</td>", "Grey: the load generator was the bottleneck, which counts for no verdict: 2–4, 7–8 s."},
		"guarded": {"Stopped by the guard", "What the guard did", ">8s</th>", ">hold</td><td>the rate stays at 400/s, since burst 1", ">back-off</text>"},
		"killed":  {`class="card banner doubt"`, "No end: killed, or still going on", "Simulated: no request was sent", "The lab agrees."},
	} {
		b := string(render(t, name, all[name]))
		for _, w := range words {
			if !strings.Contains(b, w) {
				t.Errorf("the page of %s lacks %q", name, w)
			}
		}
	}
}

// What a simulation does not tell is not shown as nothing.
func TestHTMLOfASimulation(t *testing.T) {
	in := samples()["usual"]
	const flight = "Arrivals in flight"
	if !strings.Contains(string(render(t, "usual", in)), flight) {
		t.Errorf("the page lacks %q", flight)
	}
	in.Analysis.Run.Simulated = true
	if strings.Contains(string(render(t, "simulated", in)), flight) {
		t.Errorf("the page of a simulation shows %q", flight)
	}
}

// Why a run is not to be believed stands before all that it was to tell.
func TestHTMLSaysDoubtsFirst(t *testing.T) {
	b := string(render(t, "doubted", samples()["doubted"]))
	at := -1
	for _, w := range []string{"Do not believe this run", "12 of 30 seconds were generator-limited", "Two bursts: IAD89-C2", "Good answers", "Latency by class"} {
		i := strings.Index(b, w)
		if i <= at {
			t.Errorf("%q stands at byte %d, want it after byte %d", w, i, at)
		}
		at = max(at, i)
	}
}

// Where the generator watched itself the page shows it, and only there.
func TestHTMLShowsTheGenerator(t *testing.T) {
	in := sample(usual)
	if b := render(t, "unwatched", in); bytes.Contains(b, []byte("The load generator itself")) {
		t.Error("a panel of a generator that nobody watched")
	}
	for i := range in.Run.Seconds {
		s := &in.Run.Seconds[i]
		s.Host = &results.Host{ProcessCPU: new(0.5 + float64(i)/20), GCLongest: new(time.Duration(i) * 100 * time.Microsecond), RunQueueP99: new(200 * time.Microsecond)}
		if i > 0 {
			s.Host.MachineCPU = new(2.0)
		}
		if i >= 20 && i < 24 {
			s.LagP99, s.Limited = 80*time.Millisecond, "send lag p99 80ms is over 50ms"
		}
	}
	b := string(render(t, "watched", in))
	for _, w := range []string{"The load generator itself", "CPUs used", "the whole machine", "Delays of its own", "send lag p99", "var(--limited)"} {
		if !strings.Contains(b, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
}

func TestHTMLOfALongRunIsSmall(t *testing.T) {
	in := sample(shape{seconds: 7200, edges: 25, rate: 1000, bursts: true})
	if b := render(t, "long", in); len(b) > 500_000 {
		t.Errorf("the page of a run of two hours has %d bytes, want at most 500,000", len(b))
	}
}

func TestHTMLOfARunThatItsBudgetEnded(t *testing.T) {
	page := string(render(t, "budget", early(sample(usual))))
	for _, want := range []string{
		"warm-up 10s, which no threshold counts", "ended by its budget of 9 requests",
		"<td>60 (10%), 50 of them unexpected", ">warm-up</text>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
