package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"frontload/scenarios"
)

// site serves pages, and counts what it is asked for.
func site(t *testing.T, answer http.HandlerFunc) (url string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// made makes a scenario of what is at a URL, and returns its plan.
func made(t *testing.T, from string) (*scenarios.Plan, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "s.yaml")
	var out bytes.Buffer
	if err := InitScenario(context.Background(), Init{From: from, File: file}, Output{Out: &out, Err: &out}); err != nil {
		if _, there := os.Stat(file); there == nil {
			t.Errorf("init failed with %v and left a file", err)
		}
		return nil, err
	}
	s, err := scenarios.Load(file, scenarios.Inputs{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Plan()
}

// Of a page one GET is sent, which says who asks.
func TestInitAsksOnce(t *testing.T) {
	agent := ""
	url, asked := site(t, func(w http.ResponseWriter, r *http.Request) {
		agent = r.Method + " " + r.UserAgent()
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href=/a/1><a href=/a/2><img src=/i.png><img src=http://127.0.0.9:1/x.png>`)
	})
	p, err := made(t, url+"/start")
	if err != nil {
		t.Fatal(err)
	}
	if asked.Load() != 1 || !strings.HasPrefix(agent, "GET frontload/") {
		t.Errorf("the page was asked for %d times, with %q", asked.Load(), agent)
	}
	if fmt.Sprint(p.Requests) != "[start page-a image-i-png]" || p.Target.Authorization.Proof != "" {
		t.Errorf("requests %q, authorization %+v", p.Requests, p.Target.Authorization)
	}
}

// Addresses that no run may ask are not asked for a page either.
func TestInitNeverAsksSomeAddresses(t *testing.T) {
	for _, host := range []string{"169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "0.0.0.0", "224.0.0.1"} {
		if _, err := made(t, "http://"+host+":1/"); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "nothing was sent") {
			t.Errorf("init of %s ends with %v, want a refusal", host, err)
		}
	}
}

// Redirects within the site are followed, and no other: nothing is sent there.
func TestInitStaysOnTheSite(t *testing.T) {
	other, otherAsked := site(t, func(http.ResponseWriter, *http.Request) {})
	url, asked := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			http.Redirect(w, r, "/page", http.StatusFound)
		case "/there":
			http.Redirect(w, r, other+"/page", http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		}
	})
	if p, err := made(t, url+"/here"); err != nil || p.Target.URL.String() != url+"/" {
		t.Errorf("a redirect within the site: %v", err)
	}
	for path, want := range map[string]string{"/there": "redirects to another site", "/round": "redirects more than 5 times"} {
		before := asked.Load()
		if _, err := made(t, url+path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
		if n := asked.Load() - before; n > mostRedirects+1 {
			t.Errorf("%s was asked for %d times", path, n)
		}
	}
	if n := otherAsked.Load(); n != 0 {
		t.Errorf("the other site was asked %d times", n)
	}
}

// A proxy that the environment names is not used.
func TestInitUsesNoProxy(t *testing.T) {
	proxy, proxied := site(t, func(http.ResponseWriter, *http.Request) {})
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, proxy)
	}
	t.Setenv("NO_PROXY", "")
	if _, err := made(t, "http://frontload-no-such-host.invalid/"); err == nil {
		t.Error("a host that does not exist has a page")
	}
	if n := proxied.Load(); n != 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}

func TestInitOfASitemap(t *testing.T) {
	var url string
	url, _ = site(t, func(w http.ResponseWriter, r *http.Request) {
		text := `<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`
		for i := range 300 {
			text += fmt.Sprintf("<url><loc>%s/p/%d</loc></url>", url, i)
		}
		text += "</urlset>"
		switch r.URL.Path {
		case "/packed":
			z := gzip.NewWriter(w)
			fmt.Fprint(z, text)
			z.Close()
		case "/index":
			fmt.Fprintf(w, "<sitemapindex><sitemap><loc>%s/one.xml</loc></sitemap></sitemapindex>", url)
		default:
			fmt.Fprint(w, text)
		}
	})
	for _, path := range []string{"/sitemap.xml", "/packed"} {
		p, err := made(t, url+path)
		if err != nil {
			t.Fatal(err)
		}
		paths := map[string]bool{}
		for _, path := range p.Drawn() {
			paths[path] = true
		}
		if len(paths) != 100 || !paths["/p/7"] {
			t.Errorf("%s becomes %d paths, want the first 100", path, len(paths))
		}
	}
	if _, err := made(t, url+"/index"); err == nil || !strings.Contains(err.Error(), url+"/one.xml") {
		t.Errorf("an index: %v, want the name of a sitemap", err)
	}
}

// What no scenario can be made of fails, and leaves no file.
func TestInitFails(t *testing.T) {
	url, _ := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Header().Set("Content-Type", "text/html")
			for range maxFetched>>20 + 2 {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 1<<20)); err != nil {
					return
				}
			}
		case "/bomb":
			z := gzip.NewWriter(w)
			fmt.Fprint(z, "<urlset>")
			for range maxFetched>>20 + 2 {
				z.Write(make([]byte, 1<<20))
			}
			z.Close()
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	})
	for from, want := range map[string]string{
		url + "/long":                              "longer than",
		url + "/forbidden":                         "status 403",
		url + "/" + strings.Repeat("a", 9000):      "longer than CloudFront takes",
		url + "/" + strings.Repeat("%C3%BC", 2000): "longer than CloudFront takes",
		"ftp://127.0.0.1/":                         "not the URL of a page",
		"https:///path":                            "not the URL of a page",
		"http://a:b@127.0.0.1/":                    "leave them out",
	} {
		if _, err := made(t, from); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("init %.60s: %v, want %q", from, err, want)
		}
	}
	// What unpacks to too much is a page that holds nothing, not a sitemap.
	if p, err := made(t, url+"/bomb"); err != nil || len(p.Requests) != 1 {
		t.Errorf("a page that unpacks to too much: %v", err)
	}
	if _, err := made(t, "ftp://127.0.0.1/"); !errors.Is(err, ErrUsage) {
		t.Errorf("a URL of another scheme is no wrong usage: %v", err)
	}
}

// Where the page is slow, an interrupt ends the wait as interrupts do.
func TestInitIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "site.yaml")
	err := InitScenario(ctx, Init{From: server.URL, File: file}, Output{Out: io.Discard, Err: io.Discard})
	if !errors.Is(err, ErrInterrupted) {
		t.Errorf("%v, want ErrInterrupted", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a scenario was written")
	}
}
