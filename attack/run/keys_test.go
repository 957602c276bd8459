package run

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"frontload/internal/signed"
	"frontload/results"
	"frontload/results/store"
	"frontload/scenarios"
)

// attackIn runs a scenario whose files are in dir, with environment variables,
// and returns what the run file holds, and its bytes.
func attackIn(t *testing.T, dir, scenario string, env map[string]string) (*results.Run, []byte) {
	t.Helper()
	path := filepath.Join(dir, "test.yaml")
	write(t, path, []byte(scenario))
	s, err := scenarios.Load(path, scenarios.Inputs{Env: func(name string) (string, bool) { v, set := env[name]; return v, set }})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	yaml, err := s.YAML()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "run.db")
	if _, _, err := Run(t.Context(), plan, Options{File: file, Source: "attack", Scenario: string(yaml)}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := store.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	recorded, err := r.Run()
	if err != nil {
		t.Fatal(err)
	}
	return recorded, data
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A doorkeeper answers 403 to what CloudFront would not take for signed.
type doorkeeper struct {
	key crypto.PublicKey

	mu        sync.Mutex
	refused   []string
	resources map[string]int // that let requests in
	ends      map[time.Time]int
	protocols map[string]int
}

func (d *doorkeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	url := "https://" + r.Host + r.RequestURI
	resource, end, err := signed.Check(url, d.key, "K2JCJMDEHXQW5F", time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.protocols[r.Proto]++
	if err != nil {
		d.refused = append(d.refused, err.Error())
		w.WriteHeader(http.StatusForbidden)
		return
	}
	d.resources[resource]++
	d.ends[end]++
	w.Header().Set("Location", url)
	w.Header().Set("X-Asked-For", url)
	w.WriteHeader(http.StatusServiceUnavailable) // so that it is kept whole
}

// newKey returns a key of its kind as a PEM file.
func newKey(t *testing.T, kind string) (crypto.PublicKey, []byte) {
	t.Helper()
	var key crypto.Signer
	var err error
	if kind == "RSA" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Every signed URL is one that CloudFront would let in, whatever varies in it,
// over HTTP/1.1 and HTTP/2, and also where the run is longer than it is valid:
// so a server with the public key finds. None is stored.
func TestSignedURLsAreLetIn(t *testing.T) {
	for protocol, kind := range map[string]string{"h1": "RSA", "h2": "ECDSA"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			public, private := newKey(t, kind)
			d := &doorkeeper{key: public, resources: map[string]int{}, ends: map[time.Time]int{}, protocols: map[string]int{}}
			server := httptest.NewUnstartedServer(d)
			server.EnableHTTP2 = true
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.StartTLS()
			defer server.Close()
			write(t, filepath.Join(dir, "key.pem"), private)
			write(t, filepath.Join(dir, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
			port := server.URL[strings.LastIndex(server.URL, ":"):]
			run, file := attackIn(t, dir, fmt.Sprintf(`
version: 1
target: {url: "https://127.0.0.1%s", host: example.com, ca: ca.pem}
clients: {count: 2, protocol: %s}
requests:
  - {name: fixed, path: "/home?a=1", sign: {key-pair-id: K2JCJMDEHXQW5F, key-file: key.pem, expires: 6s}}
  - {name: varied, path: "/a/{id}", vars: {id: {uniform: {count: 100}}}, sign: {key-pair-id: K2JCJMDEHXQW5F, key-file: key.pem}}
  - {name: bypass, path: /b, cache: bypass, sign: {key-pair-id: K2JCJMDEHXQW5F, key-file: key.pem}}
load: {rate: 100/s, for: 7s}
`, port, protocol), nil)
			d.mu.Lock()
			defer d.mu.Unlock()
			if len(d.refused) > 0 {
				t.Errorf("%d were refused, such as: %s", len(d.refused), d.refused[0])
			}
			want := map[string]string{"h1": "HTTP/1.1", "h2": "HTTP/2.0"}[protocol]
			if n := d.protocols[want]; n < 500 || len(d.protocols) != 1 {
				t.Errorf("protocols: %v, want 700 by %s", d.protocols, want)
			}
			for _, resource := range []string{"https://example.com/home?a=1", "https://example.com/a/*", "https://example.com/b*"} {
				if d.resources[resource] < 100 {
					t.Errorf("%d by %s: %v", d.resources[resource], resource, d.resources)
				}
			}
			if len(d.ends) < 4 { // an hour from the start twice, and every 3 s once more
				t.Errorf("URLs end at %v: those that are valid for 6 s were not renewed in 7 s", d.ends)
			}
			if len(run.Exemplars) == 0 {
				t.Fatal("nothing was kept whole")
			}
			for _, e := range run.Exemplars {
				text := fmt.Sprint(e)
				if !strings.Contains(e.URL, "Signature=(not stored)") || strings.Count(text, "Signature=") != 3 || strings.Count(text, "Signature=(not stored)") != 3 {
					t.Fatalf("kept: %s", text)
				}
			}
			pemLine := bytes.Split(private, []byte("\n"))[1]
			if bytes.Contains(file, pemLine) {
				t.Error("the private key is in the run file")
			}
			if !strings.Contains(run.Info.Plan, "key-file: key.pem") {
				t.Errorf("the plan cannot be run again:\n%s", run.Info.Plan)
			}
		})
	}
}

// Environment variables reach the server in the headers that name them, and
// nothing that is kept, whatever the server gives back.
func TestEnvironmentIsSentAndNeverStored(t *testing.T) {
	t.Parallel()
	env := map[string]string{"TOKEN": "hush-{id}-hush", "POLICY": "hushpolicy{{a}}", "PLAIN": "hush"}
	want := map[string]string{
		"Authorization": "Bearer hush-{id}-hush", "Cookie": "CloudFront-Policy=hushpolicy{{a}}; n=7; lit=hidden", "X-Plain": "<hush> {7",
	}
	var mu sync.Mutex
	seen, wrong := 0, []string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen++
		for name, value := range want {
			if got := r.Header.Get(name); got != value {
				wrong = append(wrong, fmt.Sprintf("%s: %s", name, got))
			}
		}
		w.Header().Set("X-Echo", r.Header.Get("Authorization")+r.Header.Get("X-Plain"))
		w.Header().Set("X-Amz-Cf-Id", r.Header.Get("X-Plain"))
		w.Header().Set("Set-Cookie", r.Header.Get("Cookie"))
		w.Header().Set("Location", "/?x="+r.Header.Get("Cookie"))
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	run, file := attackIn(t, t.TempDir(), fmt.Sprintf(`
version: 1
target: {url: %q}
requests:
  - path: /
    vars: {n: {list: ["7"]}}
    headers:
      Authorization: Bearer ${env:TOKEN}
      Cookie: CloudFront-Policy=${env:POLICY}; n={n}; lit=hidden
      X-Plain: <${env:PLAIN}> {{n}
load: {rate: 50/s, for: 1s}
`, server.URL), env)
	mu.Lock()
	defer mu.Unlock()
	if seen < 30 || len(wrong) > 0 {
		t.Errorf("%d requests; wrong: %.300s", seen, wrong)
	}
	if len(run.Exemplars) == 0 {
		t.Error("nothing was kept whole")
	}
	if bytes.Contains(file, []byte("hush")) || strings.Contains(fmt.Sprint(run), "hush") {
		t.Error("what the environment held is in the run file")
	}
	for _, want := range []string{"Authorization: Bearer ${env:TOKEN}", "Cookie: CloudFront-Policy=${env:POLICY};(hidden){n};(hidden)", "X-Plain: <${env:PLAIN}>"} {
		if !strings.Contains(run.Info.Plan, want) {
			t.Errorf("the plan lacks %q:\n%s", want, run.Info.Plan)
		}
	}
}

// A budget ends a run well before its load does: so many requests come to the
// server, and the run file says why.
func TestBudgetEndsARun(t *testing.T) {
	t.Parallel()
	server := newEdgeServer(t, "127.75.0.1")
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "http://127.75.0.1:%s"}
clients: {count: 3}
requests: [{path: /, expect: 304}]
load: {rate: 200/s, for: 1h}
warmup: 90s
budget: {requests: 1e2, bytes: 1TiB}
`, server.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if n := server.edges["127.75.0.1"]; n != 100 {
		t.Errorf("%d requests came to the server, want 100", n)
	}
	told := 0
	for _, e := range run.Events {
		if e.Kind == results.EventBudget && e.Text == "ended by its budget of 100 requests" {
			told++
		}
	}
	if told != 1 || run.Info.Interrupted || run.Info.Warmup != 90*time.Second {
		t.Errorf("events %v; interrupted %t, warm-up %v", run.Events, run.Info.Interrupted, run.Info.Warmup)
	}
	unexpected := int64(0)
	for c, err := range run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		if c.Outcome == results.Unexpected && c.Status == 200 {
			unexpected += c.Count
		}
	}
	if unexpected != 100 {
		t.Errorf("%d answers were unexpected, want all 100", unexpected)
	}
}
