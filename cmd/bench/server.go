//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A server is what all tools send to.
type server interface {
	url() string
	certificate() string // path of the certificate to trust; empty without TLS
	requests() (int64, error)
	arrivals() []time.Duration // of the requests since the last call, where it knows; else nil
	stop()
}

func startServer(j job) (server, error) {
	if j.kind == "arrivals" {
		return startArrivals()
	}
	return startNginx(j)
}

// nginx serves 1 KiB from a file with one worker, on the last CPU.
type nginx struct {
	cmd          *exec.Cmd
	path         string
	host, status string
	ca           string
}

// program finds nginx, which Debian keeps where only root looks.
func nginxProgram() (string, error) {
	if path, err := exec.LookPath("nginx"); err == nil {
		return path, nil
	}
	for _, path := range []string{"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("nginx is the server that everything is measured against, and is not installed: apt-get install nginx-light")
}

const nginxConfig = `worker_processes 1;
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 20000; }
http {
  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  http2_max_concurrent_streams 8;
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  server { listen 127.0.0.1:%[2]d; location / { stub_status; } }
  server { listen 127.0.0.1:%[3]d%[4]s backlog=4096; location / { root %[1]s/www; } }
}
`

func startNginx(j job) (*nginx, error) {
	program, err := nginxProgram()
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(2)
	if err != nil {
		return nil, err
	}
	n := &nginx{
		path: "http", host: fmt.Sprintf("127.0.0.1:%d", ports[1]), status: fmt.Sprintf("http://127.0.0.1:%d/", ports[0]),
	}
	tls := ""
	if j.kind != "h1" {
		n.path = "https"
		if n.ca, tls, err = selfSigned(j.dir); err != nil {
			return nil, err
		}
		if j.kind == "h2" {
			tls = " http2" + tls
		}
		tls = " ssl" + tls
	}
	listen, rest, _ := strings.Cut(tls, "\n")
	config := fmt.Sprintf(nginxConfig, j.dir, ports[0], ports[1], listen)
	config = strings.Replace(config, "location / { root", rest+" location / { root", 1)
	if err := os.MkdirAll(filepath.Join(j.dir, "www"), 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(j.dir, "nginx.conf")
	if err := errors.Join(
		os.Chmod(j.dir, 0o755), // its worker is another user
		os.WriteFile(filepath.Join(j.dir, "www", "1k"), []byte(strings.Repeat("x", 1024)), 0o644),
		os.WriteFile(file, []byte(config), 0o644),
	); err != nil {
		return nil, err
	}
	n.cmd = exec.Command(program, "-c", file, "-p", j.dir)
	if err := startOn(n.cmd, serverCPU()); err != nil {
		return nil, err
	}
	for range 100 {
		if _, err = n.requests(); err == nil {
			return n, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	n.stop()
	log, _ := os.ReadFile(filepath.Join(j.dir, "error.log"))
	return nil, fmt.Errorf("nginx does not answer: %w\n%s", err, log)
}

func (n *nginx) url() string               { return n.path + "://" + n.host + "/1k" }
func (n *nginx) certificate() string       { return n.ca }
func (n *nginx) arrivals() []time.Duration { return nil }
func (n *nginx) stop()                     { stopProcess(n.cmd) }

var handled = regexp.MustCompile(`(?m)^ \d+ \d+ (\d+)`)

// requests is how many requests the server has handled, this question
// included.
func (n *nginx) requests() (int64, error) {
	res, err := http.Get(n.status)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	m := handled.FindSubmatch(b)
	if m == nil {
		return 0, fmt.Errorf("nginx's status is %q: it was built without stub_status", b)
	}
	return strconv.ParseInt(string(m[1]), 10, 64)
}

func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// selfSigned writes a certificate and its key, and returns the certificate's
// path and the server's configuration for both.
func selfSigned(dir string) (ca, config string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "frontload bench"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	ca, secret := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	err = errors.Join(
		os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o644),
		os.WriteFile(secret, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
	return ca, fmt.Sprintf("\nssl_certificate %s; ssl_certificate_key %s;", ca, secret), err
}
