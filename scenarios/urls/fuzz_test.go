package urls

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fuzzed reads what the fuzzer makes up, in one format, and holds what every
// recording keeps: each request in it is fit to be sent.
func fuzzed(f *testing.F, format string, samples ...string) {
	for _, name := range samples {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "@") || strings.Contains(text, "sitemapindex") {
			return // no reading of files that the fuzzer makes up
		}
		rec, err := Record(t.Context(), &Source{
			Paths: []string{"-"}, Format: format, Hosts: []string{"www.example.com"}, AllMethods: true,
			Inputs: Inputs{Stdin: strings.NewReader(text)},
		})
		if err != nil {
			return
		}
		var entries []Entry
		sum := 0.0
		for _, g := range rec.Groups {
			sum += g.Share
			entries = append(entries, Entry{Weight: g.Share, Targets: g.Targets})
			g.Targets.All(func(q Target, count uint64) bool {
				checkTarget(t, q, count)
				return true
			})
		}
		if len(entries) == 0 {
			return
		}
		if len(entries) > 32 || sum < 0.999 || sum > 1.001 {
			t.Fatalf("%d names with shares of %v together", len(entries), sum)
		}
		g, err := New(entries, 1)
		if err != nil {
			t.Fatalf("what was recorded is refused: %v", err)
		}
		var r Request
		for n := range uint64(5) {
			if g.Next(n, &r); !strings.HasPrefix(string(r.Target), r.Prefix) || r.Prefix == "" {
				t.Fatalf("prefix %q of %q", r.Prefix, r.Target)
			}
		}
	})
}

func checkTarget(t *testing.T, q Target, count uint64) {
	if count == 0 || !isMethod(q.Method) || len(q.Path) > maxTarget || q.Path == "" || q.Path[0] != '/' {
		t.Fatalf("%d times %s %q", count, q.Method, q.Path)
	}
	for i := range len(q.Path) {
		if c := q.Path[i]; c != '%' && !queryChars.has(c) {
			t.Fatalf("%q is no path that can be sent", q.Path)
		}
	}
	for _, h := range q.Header {
		if !tokenChars.only(h.Name) || h.Name == "" || strings.ContainsAny(h.Value, "\r\n\x00") || ownHeaders[strings.ToLower(h.Name)] != "" {
			t.Fatalf("header %q: %q", h.Name, h.Value)
		}
	}
}

func FuzzList(f *testing.F)    { fuzzed(f, "list", "list.txt") }
func FuzzVegeta(f *testing.F)  { fuzzed(f, "vegeta", "targets.http", "targets.json") }
func FuzzHAR(f *testing.F)     { fuzzed(f, "har", "capture.har") }
func FuzzSitemap(f *testing.F) { fuzzed(f, "sitemap", "sitemap.xml", "products.xml.gz") }
func FuzzLog(f *testing.F)     { fuzzed(f, "access-log", "standard.log", "v2.json.log") }
func FuzzAnyInput(f *testing.F) {
	fuzzed(f, "auto", "list.txt", "targets.json", "sitemap.xml", "standard.log")
}
