package propose_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontload/scenarios"
	"frontload/scenarios/proof"
	"frontload/scenarios/propose"
)

func parse(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

const page = `<!doctype html><base href="/shop/"><link rel="stylesheet" href="/css/a.css?v=1"><link rel=preload as=font href=x.woff2>
<link rel=canonical href=/elsewhere><script src="//www.example.com/js/a.js"></script><script src=/js/b.js></script><script>var a = "<img src=/no.png>"</script>
<a href=shoes/1>1</a><a href="shoes/2#reviews">2</a><a href=shoes/1>1 again</a><a href="https://WWW.example.com:443/shop/shoes/3">3</a>
<a href=#top>top</a><a href=mailto:a@example.com>mail</a><a href="https://other.example/">other</a><a href="http://www.example.com:8080/">other port</a>
<a href=/account/logout>bye</a><a href="/search?q={x} y&z=ü">search</a><a href="../up">up</a>
<img src=/img/a.png srcset="/img/a@2x.png 2x"><img srcset="/img/b.png 1x, /img/c.png 2x"><img src="data:image/gif;base64,R0"><video poster=/img/p.jpg src=/v.mp4>`

func TestReadPage(t *testing.T) {
	got := propose.ReadPage(parse(t, "https://www.example.com/start"), strings.NewReader(page))
	var urls []string
	for _, u := range got.URLs {
		urls = append(urls, fmt.Sprintf("%s %s", u.Kind, u.Path))
	}
	want := []string{
		"style /css/a.css?v=1", "file /shop/x.woff2", "script /js/a.js", "script /js/b.js",
		"page /shop/shoes/1", "page /shop/shoes/2", "page /shop/shoes/3", "page /search?q=%7Bx%7D%20y&z=%C3%BC", "page /up",
		"image /img/a.png", "image /img/b.png", "file /v.mp4", "image /img/p.jpg",
	}
	if fmt.Sprint(urls) != fmt.Sprint(want) {
		t.Errorf("ReadPage finds\n%s\nwant\n%s", strings.Join(urls, "\n"), strings.Join(want, "\n"))
	}
	if got.Foreign != 3 || got.Left != 1 {
		t.Errorf("ReadPage leaves out %d of other sites and %d that may change something, want 3 and 1", got.Foreign, got.Left)
	}
}

func TestGroup(t *testing.T) {
	var urls []propose.URL
	for i := range 150 {
		urls = append(urls, propose.URL{Kind: propose.Link, Path: fmt.Sprintf("/articles/%d", i)})
	}
	for i := range 40 {
		urls = append(urls, propose.URL{Kind: propose.Link, Path: fmt.Sprintf("/area/%d/x", i)})
	}
	urls = append(urls, propose.URL{Kind: propose.Image, Path: "/img/a.png"}, propose.URL{Kind: propose.Image, Path: "/img/b.png"}, propose.URL{Kind: propose.Image, Path: "/img/b@2x.png"})
	requests, rest := propose.Group(urls, 1)
	if len(requests) != 24 || rest != 19 {
		t.Fatalf("Group makes %d requests and leaves %d URLs, want 24 and 19", len(requests), rest)
	}
	names, byName := map[string]bool{}, map[string]propose.Request{}
	for _, r := range requests {
		if names[r.Name] || r.Weight <= 0 {
			t.Errorf("the request %+v has no name or weight of its own", r)
		}
		names[r.Name], byName[r.Name] = true, r
	}
	if r := byName["page-articles"]; r.Path != "/articles/{file}" || len(r.Files) != 100 || r.Of != 150 || r.Weight != 0.79 {
		t.Errorf("articles are %s with %d of %d files and weight %v", r.Path, len(r.Files), r.Of, r.Weight)
	}
	if r := byName["image-img"]; r.Path != "/img/{file}" || fmt.Sprint(r.Files) != "[a.png b.png]" || r.Weight != 2 {
		t.Errorf("images are %+v", r)
	}
}

func TestReadSitemap(t *testing.T) {
	const pages = `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://www.example.com/a b</loc></url>
<url><loc>https://other.example/</loc></url><url><loc>https://www.example.com/c</loc></url><url><loc>mailto:x</loc></url></urlset>`
	s, err := propose.ReadSitemap(nil, strings.NewReader(pages))
	if err != nil || s.Site.Host != "www.example.com" || fmt.Sprint(s.URLs) != "[{page /a%20b} {page /c}]" || s.Foreign != 1 {
		t.Errorf("ReadSitemap = %+v, %v", s, err)
	}
	for what, text := range map[string]string{
		"name one of them": `<sitemapindex><sitemap><loc>https://www.example.com/1.xml</loc></sitemap></sitemapindex>`,
		"no page":          `<urlset></urlset>`,
		"no sitemap":       `<html></html>`,
	} {
		if _, err := propose.ReadSitemap(parse(t, "https://www.example.com"), strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("ReadSitemap(%s) = %v, want %q", text, err, what)
		}
	}
}

// written returns the scenario of a page, as a file has it.
func written(u *url.URL, html string, loopback bool) string {
	found := propose.ReadPage(u, strings.NewReader(html))
	requests, _ := propose.Group(found.URLs, 1)
	s := propose.Scenario{
		Origin: "a page\nof two lines", Name: u.Hostname(), URL: u.Scheme + "://" + u.Host, Host: u.Hostname(), Loopback: loopback, Token: proof.NewToken(),
		Resolver: "127.0.0.1:5353", Notes: []string{"a note\u2028of two lines"}, Requests: append([]propose.Request{propose.Start(u)}, requests...),
	}
	return s.Text()
}

// What is proposed is a scenario without a fault, whose requests are the page's.
func TestTextLoads(t *testing.T) {
	for _, loopback := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "s.yaml")
		text := written(parse(t, "https://www.example.com/start?a={b}"), page, loopback)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s, err := scenarios.Load(file, scenarios.Inputs{})
		if err != nil {
			t.Fatalf("%v\nin\n%s", err, text)
		}
		p, err := s.Plan()
		if err != nil {
			t.Fatal(err)
		}
		paths := map[string]bool{}
		for _, path := range p.Drawn() {
			paths[path] = true
		}
		for _, want := range []string{"/start?a=%7Bb%7D", "/shop/shoes/3", "/search?q=%7Bx%7D%20y&z=%C3%BC", "/img/a.png", "/js/b.js"} {
			if !paths[want] {
				t.Errorf("%s is not asked for, but only %v", want, paths)
			}
		}
		if p.Guided == loopback {
			t.Errorf("guided is %t where loopback is %t", p.Guided, loopback)
		}
	}
}

// FuzzPage: whatever a page holds, what is proposed has no fault.
func FuzzPage(f *testing.F) {
	f.Add(page, "/start")
	f.Add(`<a href="/%zz"><a href="//"><a href="/a/../{b}/%2e"><img src='/"x\y'><a href="?\u2028">`, "/?{a}")
	f.Add("<base href=http://www.example.com:1/><a href=x>", "")
	f.Add(strings.Repeat("<a href=/a/b/c?d>", 50), "/ü")
	f.Fuzz(func(t *testing.T, html, path string) {
		u, err := url.Parse("http://www.example.com" + path)
		if err != nil || u.User != nil || u.Hostname() != "www.example.com" || propose.Start(u).Path == "" {
			t.Skip()
		}
		text := written(u, html, true)
		if _, err := scenarios.Parse("s.yaml", []byte(text)); err != nil && u.Host == "www.example.com" {
			t.Fatalf("%v\nin\n%s", err, text)
		}
	})
}
