package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"frontload/attack/run"
	"frontload/scenarios/propose"
)

const (
	maxFetched    = 50 << 20 // bytes: the most that a sitemap may have
	fetchTimeout  = 15 * time.Second
	mostRedirects = 5
)

// fetched is what one GET was answered with.
type fetched struct {
	url      *url.URL // that answered, after redirects within the site
	body     []byte
	html     bool
	loopback bool // every address of the host is
}

// fetch sends one GET, and follows redirects within the site only. Nothing but
// the host's own addresses is dialled, whatever the environment says of proxies.
func (i Init) fetch(ctx context.Context, u *url.URL) (*fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	addrs, err := i.resolve(ctx, u.Hostname())
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if what := run.NeverAsked(a); what != "" {
			return nil, &kindError{fmt.Errorf("nothing was sent: %s is at %s, %s, which is never asked", u.Hostname(), a, what), ErrRefused}
		}
	}
	roots, err := i.roots()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		DialContext:       dialOnly(u.Hostname(), addrs),
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
		DisableKeepAlives: true,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if !propose.SameSite(next.URL, u) {
			return fmt.Errorf("it redirects to another site, %s: name that one, if it is yours", next.URL.Redacted())
		}
		if len(via) > mostRedirects {
			return fmt.Errorf("it redirects more than %d times", mostRedirects)
		}
		return nil
	}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "frontload/"+strings.Trim(Version(), "()")+" (init: reads one page)")
	f, err := read(client, req)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", u.Redacted(), reasonOf(err))
	}
	f.loopback = allLoopback(addrs)
	return f, nil
}

func read(client *http.Client, req *http.Request) (*fetched, error) {
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it is answered with status %d: name a page that answers 200", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxFetched+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxFetched {
		return nil, fmt.Errorf("it is longer than %d bytes", maxFetched)
	}
	kind := strings.ToLower(resp.Header.Get("Content-Type"))
	return &fetched{url: resp.Request.URL, body: body, html: strings.Contains(kind, "html")}, nil
}

// reasonOf returns what went wrong without the method and URL, which stand
// before it.
func reasonOf(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// resolve returns the addresses of a host, at the resolver that was named.
func (i Init) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr.Unmap()}, nil
	}
	resolver := net.DefaultResolver
	if i.Resolver != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, i.Resolver)
		}}
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", host, err)
	}
	for k := range addrs {
		addrs[k] = addrs[k].Unmap()
	}
	return addrs, nil
}

// dialOnly dials addresses of one host, one after the other, and no other.
func dialOnly(host string, addrs []netip.Addr) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		name, port, err := net.SplitHostPort(address)
		if err != nil || !strings.EqualFold(name, host) {
			return nil, fmt.Errorf("%s is not %s", address, host)
		}
		err = errors.New("it has no address")
		for _, a := range addrs[:min(len(addrs), 4)] {
			var conn net.Conn
			if conn, err = new(net.Dialer).DialContext(ctx, network, net.JoinHostPort(a.String(), port)); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}

func allLoopback(addrs []netip.Addr) bool {
	for _, a := range addrs {
		if !a.IsLoopback() {
			return false
		}
	}
	return len(addrs) > 0
}

// roots returns the system's roots and the one that was named; nil for the
// system's alone.
func (i Init) roots() (*x509.CertPool, error) {
	if i.CA == "" {
		return nil, nil
	}
	data, err := os.ReadFile(i.CA)
	if err != nil {
		return nil, Usage(fmt.Errorf("--ca: %w", err))
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(data) {
		return nil, Usage(fmt.Errorf("--ca %s holds no certificate in PEM form", i.CA))
	}
	return roots, nil
}
