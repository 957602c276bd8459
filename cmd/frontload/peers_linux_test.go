package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestAgainstNginx attacks software that is not ours: nginx as a caching edge
// on four addresses that limits its rate with 503s, a second nginx as its
// origin, and dnsmasq as the resolver. The totals must be those of nginx's own
// access log, and the look-ups those of dnsmasq's.
func TestAgainstNginx(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	edges := []string{"127.71.0.1", "127.71.0.2", "127.71.0.3", "127.71.0.4"}
	port := freePort(t, edges...)
	origin := net.JoinHostPort("127.71.0.100", freePort(t, "127.71.0.100"))
	resolver := "127.71.0.53:" + freePort(t, "127.71.0.53")
	startNginx(t, filepath.Join(dir, "origin"), originConfig(origin))
	edgeDir := filepath.Join(dir, "edge")
	startNginx(t, edgeDir, edgeConfig(edges, port, origin, edgeDir))
	lookups := startDnsmasq(t, dir, resolver, "cdn.test", edges)
	waitFor(t, "http://"+net.JoinHostPort(edges[0], port)+"/ready")

	scenario := fmt.Sprintf(`version: 1
target: {url: "http://cdn.test:%s"}
clients:
  count: 5
  addresses: [127.72.0.0/29]
  resolvers: ["%s"]
requests:
  - {name: page, weight: 3, path: "/page/{id}", vars: {id: {zipf: {count: 50, exponent: 1}}}}
  - {name: search, path: "/search", cache: bypass}
load: {rate: 200/s, for: 5s}
`, port, resolver)
	if err := os.WriteFile(filepath.Join(dir, "nginx.yaml"), []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	doc := finish(t, program(t, dir, "attack", "nginx.yaml", "--json", "--quiet", "--out", "run.db"), 0, 6)

	truth := readAccessLog(t, filepath.Join(edgeDir, "access.log"))
	run := doc.Analysis.Run
	t.Logf("nginx logged %+v, by edge address %+v, by client %+v; dnsmasq had %d queries", truth.all, truth.edges, truth.clients, lookups())
	if run.Requests != truth.all.Requests || run.Responses503 != truth.all.Responses503 {
		t.Errorf("%d requests and %d 503s, nginx logged %d and %d", run.Requests, run.Responses503, truth.all.Requests, truth.all.Responses503)
	}
	if truth.all.Responses503 < 100 {
		t.Errorf("nginx answered %d times with 503; the test wants many", truth.all.Responses503)
	}
	compareCounts(t, "edge address", run.Edges, truth.edges)
	compareCounts(t, "client", run.Sources, truth.clients)
	if len(truth.edges) != 4 || len(truth.clients) != 5 {
		t.Errorf("nginx saw %d of its addresses and %d clients, want 4 and 5", len(truth.edges), len(truth.clients))
	}
	for address, c := range truth.edges {
		if share := float64(c.Requests) / float64(truth.all.Requests); share < 0.24 || share > 0.26 {
			t.Errorf("%s got %.1f %% of the requests, want 25 %%", address, 100*share)
		}
	}
	if got := lookups(); got != run.Lookups || got < 2*5 {
		t.Errorf("dnsmasq answered %d queries, %d are recorded; want as many, and two for each of 5 clients at least", got, run.Lookups)
	}
}

func originConfig(listen string) string {
	return fmt.Sprintf(`
	access_log off;
	server {
		listen %s;
		location / { add_header Cache-Control "max-age=60"; return 200 "page $uri\n"; }
	}`, listen)
}

func edgeConfig(edges []string, port, origin, dir string) string {
	var listen strings.Builder
	for _, e := range edges {
		fmt.Fprintf(&listen, "listen %s:%s;\n", e, port)
	}
	return fmt.Sprintf(`
	proxy_cache_path %[1]s/cache keys_zone=cdn:1m;
	limit_req_zone $server_addr zone=edge:1m rate=20r/s;
	limit_req_status 503;
	log_format truth '$server_addr $remote_addr $status $uri';
	access_log %[1]s/access.log truth;
	server {
		%[2]s
		location = /ready { access_log off; return 204; }
		location / {
			limit_req zone=edge burst=5 nodelay;
			proxy_cache cdn;
			proxy_cache_key $uri$is_args$args;
			add_header X-Cache "$upstream_cache_status from nginx";
			proxy_pass http://%[3]s;
		}
	}`, dir, listen.String(), origin)
}

// startNginx starts an nginx of its own in dir, which ends with the test.
func startNginx(t *testing.T, dir, servers string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "cache"), 0o755); err != nil {
		t.Fatal(err)
	}
	account := ""
	if os.Geteuid() == 0 {
		account = "user root;"
	}
	config := fmt.Sprintf(`%[3]s
daemon off;
worker_processes 1;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 512; }
http {
	client_body_temp_path %[1]s/body;
	proxy_temp_path %[1]s/proxy;
	fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi;
	scgi_temp_path %[1]s/scgi;
	keepalive_requests 100000;
	%[2]s
}
`, dir, servers, account)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	startPeer(t, "nginx", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", path)
}

// startDnsmasq serves one name with many addresses, and returns what counts
// the queries that it has had.
func startDnsmasq(t *testing.T, dir, listen, name string, addresses []string) func() int {
	t.Helper()
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	var hosts bytes.Buffer
	for _, a := range addresses {
		fmt.Fprintf(&hosts, "%s %s\n", a, name)
	}
	hostsFile, log := filepath.Join(dir, "hosts"), filepath.Join(dir, "dnsmasq.log")
	if err := os.WriteFile(hostsFile, hosts.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	startPeer(t, "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces",
		"--user="+userName(t), "--pid-file=", "--listen-address="+host, "--port="+port,
		"--addn-hosts="+hostsFile, "--local-ttl=2", "--log-queries", "--log-facility="+log)
	ready := regexp.MustCompile(`read .*hosts`)
	for deadline := time.Now().Add(10 * time.Second); !ready.Match(readFile(t, log)); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("dnsmasq did not start:\n%s", readFile(t, log))
		}
	}
	query := regexp.MustCompile(`query\[(A|AAAA)\] ` + regexp.QuoteMeta(name))
	return func() int { return len(query.FindAll(readFile(t, log), -1)) }
}

// userName returns who runs the test: dnsmasq would become somebody else.
func userName(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// startPeer starts a program of Debian's that ends with the test.
func startPeer(t *testing.T, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = "/usr/sbin/" + name
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s is missing: 'make packages' installs it", name)
		}
	}
	cmd := exec.Command(path, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait() // by the signal
		if t.Failed() {
			t.Logf("%s printed:\n%s", name, out.Bytes())
		}
	})
}

type accessLog struct {
	all            counts
	edges, clients map[string]counts
}

func readAccessLog(t *testing.T, path string) accessLog {
	t.Helper()
	l := accessLog{edges: map[string]counts{}, clients: map[string]counts{}}
	lines := bufio.NewScanner(bytes.NewReader(readFile(t, path)))
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 4 {
			t.Fatalf("nginx logged %q", lines.Text())
		}
		one := counts{Requests: 1}
		if f[2] == "503" {
			one.Responses503 = 1
		}
		l.all = l.all.plus(one)
		l.edges[f[0]] = l.edges[f[0]].plus(one)
		l.clients[f[1]] = l.clients[f[1]].plus(one)
	}
	return l
}

func (c counts) plus(o counts) counts {
	return counts{c.Requests + o.Requests, c.Responses503 + o.Responses503}
}

// freePort returns a port that is free on all of the addresses.
func freePort(t *testing.T, addresses ...string) string {
	t.Helper()
search:
	for range 20 {
		first, err := net.Listen("tcp", addresses[0]+":0")
		if err != nil {
			t.Fatal(err)
		}
		p := port(first.Addr())
		first.Close()
		for _, a := range addresses {
			l, err := net.Listen("tcp", net.JoinHostPort(a, p))
			if err != nil {
				continue search
			}
			l.Close()
		}
		return p
	}
	t.Fatal("no port is free on all of", addresses)
	return ""
}

// waitFor waits until a server answers.
func waitFor(t *testing.T, url string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		res, err := http.Get(url)
		if err == nil {
			res.Body.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
