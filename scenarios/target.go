package scenarios

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const maxCA = 1 << 20 // bytes of a PEM file

// target compiles the section target.
func (s *Scenario) target(f *faults) Target {
	m := &s.model.Target
	if !s.origin.has("target.url") {
		f.add("target", "url is missing: say what to load, such as url: https://d111111abcdef8.cloudfront.net")
		return Target{}
	}
	t, err := parseTarget(m.URL)
	if err != nil {
		f.add("target.url", "%v", err)
		return Target{}
	}
	if s.origin.has("target.host") {
		if t.ServerName, err = hostName(m.Host); err != nil {
			f.add("target.host", "%v", err)
		}
		t.Host = m.Host
	}
	if s.origin.has("target.ca") {
		t.CA = s.rootCA(f, m.CA)
	}
	t.Authorization = s.authorization(f, "target.authorization", m.Authorization, "the target may be loaded")
	t.Outside = s.outside(f)
	return t
}

// checkScheme refuses what no more than lacks its scheme, before a URL parser
// takes a host for one.
func checkScheme(text string) error {
	if text != "" && !strings.Contains(text, "://") {
		return fmt.Errorf("%q does not say how to ask: write http://%s or https://%s", text, text, text)
	}
	return nil
}

// parseTarget reads the URL of a target: scheme, host and port.
func parseTarget(text string) (Target, error) {
	if err := checkScheme(text); err != nil {
		return Target{}, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return Target{}, fmt.Errorf("%q is not a URL: %w", text, urlFault(err))
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return Target{}, fmt.Errorf("%q does not begin with https:// or http://", text)
	case u.User != nil:
		return Target{}, fmt.Errorf("a target's URL holds no user and password: send them in a header")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Target{}, fmt.Errorf("%q has more than scheme, host and port: put paths and queries under requests", text)
	}
	t := Target{URL: u, Scheme: u.Scheme, Hostname: u.Hostname(), Host: u.Host, Port: 80}
	if u.Scheme == "https" {
		t.Port = 443
	}
	if text := u.Port(); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return Target{}, fmt.Errorf("%q is not a port from 1 to 65535", text)
		}
		if t.Port == uint16(port) {
			t.Host = strings.TrimSuffix(u.Host, ":"+text)
		}
		t.Port = uint16(port)
	}
	t.Host = strings.TrimSuffix(t.Host, ":")
	u.Path = "/"
	t.ServerName, err = hostName(t.Host)
	return t, err
}

// urlFault returns what was wrong without the URL, which the caller says.
func urlFault(err error) error {
	if e, ok := err.(*url.Error); ok {
		return e.Err
	}
	return err
}

// headerPattern is that of a header's name: a token (RFC 9110, section 5.6.2).
var headerPattern = regexp.MustCompile("^[-!#$%&'*+.^_`|~0-9A-Za-z]{1,256}$")

var hostPattern = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

// hostName checks a host with an optional port and returns it without the
// port and the brackets of an IPv6 address.
func hostName(host string) (string, error) {
	name := host
	if h, port, err := net.SplitHostPort(host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", fmt.Errorf("%q is not a port from 1 to 65535", port)
		}
		name = h
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if addr, err := netip.ParseAddr(name); err == nil && addr.Zone() == "" {
		return name, nil
	}
	for _, r := range name {
		if r >= 0x80 {
			return "", fmt.Errorf("%q is not ASCII: write the host name as DNS has it, with xn--", name)
		}
	}
	if len(name) > 253 || !hostPattern.MatchString(name) {
		return "", fmt.Errorf("%q is not a host name", name)
	}
	if endsInNumber(name) {
		return "", fmt.Errorf("%q ends in a number, as only addresses do: write an IPv4 address as four numbers from 0 to 255, like 192.0.2.1", name)
	}
	return name, nil
}

// endsInNumber reports whether a name's last part is a number, decimal or
// hexadecimal. No top-level domain is, and some programs take such a name for
// an IPv4 address in an old spelling, like 127.1 or 0x7f000001, so that it
// would not be the same host for everyone.
func endsInNumber(name string) bool {
	name = strings.TrimSuffix(name, ".")
	last := name[strings.LastIndexByte(name, '.')+1:]
	if hex, found := strings.CutPrefix(strings.ToLower(last), "0x"); found {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(last, "0123456789") == ""
}

// rootCA reads a PEM file and checks that it holds a certificate.
func (s *Scenario) rootCA(f *faults, path string) []byte {
	data, err := s.file(path, maxCA)
	switch {
	case err != nil:
		f.add("target.ca", "%v", err)
	case !x509.NewCertPool().AppendCertsFromPEM(data):
		f.add("target.ca", "%s holds no certificate in PEM form", path)
	}
	return data
}

// file reads a file that the scenario names, once. Most is the most bytes
// that it may have.
func (s *Scenario) file(path string, most int64) ([]byte, error) {
	if data, ok := s.files[path]; ok {
		return data, nil
	}
	full := path
	if !filepath.IsAbs(path) {
		full = filepath.Join(s.base, path)
	}
	if info, err := os.Stat(full); err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", full)
	}
	file, err := os.Open(full)
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, fmt.Errorf("cannot read the file: %w", err)
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s is longer than %d bytes", full, most)
	}
	s.files[path] = data
	return data, nil
}
