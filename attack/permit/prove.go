package permit

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
	"slices"
	"strings"
	"time"

	"frontload/scenarios/proof"
)

// plainly judges what needs no proof to be judged; kind is zero where nothing
// speaks against the address.
func (g *Gate) plainly(a netip.Addr) (kind Kind, why error) {
	switch what := NeverAsked(a); {
	case what != "":
		return Forbidden, fmt.Errorf("it is %s, which is never asked", what)
	case a.IsLoopback():
		return 0, nil
	case g.outside(a) && !slices.ContainsFunc(g.cfg.Outside, func(p netip.Prefix) bool { return p.Contains(a) }):
		return Outside, errors.New("it is outside CloudFront's ranges")
	case g.cfg.Proof == "" && g.cfg.Attest == "":
		return Unauthorised, errors.New("it is not loopback, and nothing authorises this run to ask it")
	}
	return 0, nil
}

// outside reports whether an address is known not to be CloudFront's.
func (g *Gate) outside(a netip.Addr) bool {
	return g.cfg.Ranges != nil && !g.cfg.Ranges.Contains(a)
}

// prove returns why an address is not proved to be the owner's; late says that
// the run had begun when it was first heard.
func (g *Gate) prove(a netip.Addr, late bool) error {
	if err := g.token(); err != nil {
		return err
	}
	if g.cfg.Proof == proof.DNS {
		if err := g.proveNames(); err != nil {
			return err
		}
		if g.cfg.Scheme != "https" {
			return g.proveByTime(a, late)
		}
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-g.ctx.Done():
		return context.Cause(g.ctx)
	}
	ctx, cancel := context.WithTimeout(g.ctx, proofLimit)
	defer cancel()
	if g.cfg.Proof == proof.WellKnown {
		return g.fetch(ctx, a)
	}
	return g.certificate(ctx, a)
}

// token returns why there is no token to look for. A host must not be named like
// it: machines and name servers that repeat what they are asked for would seem
// to hold it.
func (g *Gate) token() error {
	if g.cfg.Token == "" {
		return fmt.Errorf("no token is said: run `frontload init`, which makes one, and put it under authorization.token or in the environment variable %s", proof.Variable)
	}
	if strings.Contains(plainName(g.cfg.Host), g.cfg.Token) || strings.Contains(plainName(g.cfg.Hostname), g.cfg.Token) {
		return errors.New("the token is part of the host's name, where it proves nothing: take another, from `frontload init`")
	}
	return proof.CheckToken(g.cfg.Token)
}

// proveByTime takes an address that a name had from the start, or that is
// CloudFront's.
func (g *Gate) proveByTime(a netip.Addr, late bool) error {
	if !late || g.cfg.Ranges != nil && g.cfg.Ranges.Contains(a) {
		return nil
	}
	return errors.New("DNS brought it after the run had begun, and over http nothing shows whose it is: use https or proof: well-known, or give --ip-ranges if it is CloudFront's")
}

// names returns the names that must have a record.
func (c *Config) names() ([]string, error) {
	host, hostname := plainName(c.ServerName), plainName(c.Hostname)
	names := []string{host}
	if hostname != host && !ofCloudFront(hostname) {
		names = append(names, hostname)
	}
	for _, n := range names {
		if _, err := netip.ParseAddr(n); err == nil {
			return nil, fmt.Errorf("an IP address such as %s has no record in DNS: use proof: well-known, or attest", n)
		}
		if ofCloudFront(n) {
			return nil, fmt.Errorf("only CloudFront can publish a record under %s: ask for a host of your own (target.host), or use proof: well-known", n)
		}
	}
	return names, nil
}

// plainName returns a host name as DNS compares it.
func plainName(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// ofCloudFront reports whether a name is one that CloudFront gives its
// distributions.
func ofCloudFront(name string) bool { return strings.HasSuffix(name, ".cloudfront.net") }

// proveNames returns why the names' records do not prove them. They are looked
// up once, and again a while after that failed.
func (g *Gate) proveNames() error {
	g.mu.Lock()
	v := g.names
	first := v == nil || v.stale()
	if first {
		v = &verdict{done: make(chan struct{})}
		g.names = v
	}
	g.mu.Unlock()
	if first {
		if err := g.lookUpRecords(); err != nil {
			v.denied = &Denied{Kind: Unproved, Err: err}
		}
		v.at = time.Now()
		close(v.done)
	}
	<-v.done // in proofLimit at the latest
	if v.denied != nil {
		return v.denied.Err
	}
	return nil
}

// lookUpRecords asks every resolver for the record of every name.
func (g *Gate) lookUpRecords() error {
	names, err := g.cfg.names()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(g.ctx, proofLimit)
	defer cancel()
	for _, name := range names {
		failures := make(chan error, len(g.cfg.Resolvers))
		slots := make(chan struct{}, atOnce)
		for _, r := range g.cfg.Resolvers {
			go func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				failures <- g.lookUpRecord(ctx, r, proof.RecordName(name))
			}()
		}
		var failure error
		for range g.cfg.Resolvers {
			if err := <-failures; failure == nil {
				failure = err
			}
		}
		if failure != nil {
			return failure
		}
	}
	if len(g.cfg.Resolvers) == 0 {
		return errors.New("there is no resolver to ask for the record")
	}
	return nil
}

func (g *Gate) lookUpRecord(ctx context.Context, r Resolver, name string) error {
	publish := fmt.Sprintf("publish it as: %s. 60 IN TXT %q", name, proof.Record(g.cfg.Token))
	texts, err := r.TXT(ctx, name)
	switch {
	case err != nil:
		return fmt.Errorf("the token is not at %s: %w; %s", name, err, publish)
	case len(texts) == 0:
		return fmt.Errorf("%s has no TXT record; %s", name, publish)
	case !proof.InRecord(texts, g.cfg.Token):
		return fmt.Errorf("of the TXT records at %s none is the token, but %.80q; %s", name, texts[0], publish)
	}
	return nil
}

// fetch returns why an address does not serve the token.
func (g *Gate) fetch(ctx context.Context, a netip.Addr) error {
	place := url.URL{Scheme: g.cfg.Scheme, Host: g.cfg.Host, Path: proof.Path}
	failed := func(format string, args ...any) error {
		return fmt.Errorf("%s at %s: %w", place.String(), a, fmt.Errorf(format, args...))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place.String(), nil)
	if err != nil {
		return failed("%w", err)
	}
	req.Header.Set("User-Agent", "frontload (looks for a proof of ownership)")
	conn, err := g.cfg.Dial(ctx, netip.AddrPortFrom(a, g.cfg.Port))
	if err != nil {
		return failed("%w", withoutURL(ctx, err))
	}
	defer conn.Close()
	answer, err := g.client(conn).Do(req)
	if err != nil {
		return failed("%w", withoutURL(ctx, err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, proof.MaxFile+1))
	switch {
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return failed("it is a redirect (%d), which proves nothing: serve the file itself", answer.StatusCode)
	case answer.StatusCode != http.StatusOK:
		return failed("it was answered with %d, want 200 and the token on a line of its own: %s", answer.StatusCode, g.cfg.Token)
	case err != nil:
		return failed("%w", withoutURL(ctx, err))
	case len(body) > proof.MaxFile:
		return failed("it is longer than %d bytes", proof.MaxFile)
	case !proof.InFile(body, g.cfg.Token):
		return failed("no line of it is the token: %s", g.cfg.Token)
	}
	return nil
}

// client returns one that has the given connection and no other, whatever it is
// asked for. It takes no proxy, follows nothing and keeps nothing.
func (g *Gate) client(conn net.Conn) *http.Client {
	only := make(chan net.Conn, 1)
	only <- conn
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) {
				select {
				case c := <-only:
					return c, nil
				default:
					return nil, errors.New("the connection was closed")
				}
			},
			TLSClientConfig:        g.tls(),
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}
}

func (g *Gate) tls() *tls.Config {
	return &tls.Config{ServerName: g.cfg.ServerName, RootCAs: g.cfg.Roots, MinVersion: tls.VersionTLS12}
}

// certificate returns why an address does not show a certificate for the host.
// Nothing is asked for there.
func (g *Gate) certificate(ctx context.Context, a netip.Addr) error {
	conn, err := g.cfg.Dial(ctx, netip.AddrPortFrom(a, g.cfg.Port))
	if err != nil {
		return fmt.Errorf("connect to see its certificate: %w", withoutURL(ctx, err))
	}
	defer conn.Close()
	secure := g.tls()
	secure.NextProtos = []string{"h2", "http/1.1"}
	if err := tls.Client(conn, secure).HandshakeContext(ctx); err != nil {
		var cert *tls.CertificateVerificationError
		var other x509.HostnameError
		if errors.As(err, &cert) || errors.As(err, &other) {
			return fmt.Errorf("its certificate does not show that it serves %s: %w", g.cfg.ServerName, err)
		}
		return fmt.Errorf("it shows no certificate for %s: %w", g.cfg.ServerName, withoutURL(ctx, err))
	}
	return nil
}

// withoutURL returns what went wrong without the URL, which the caller says.
func withoutURL(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s", proofLimit)
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		return inURL.Err
	}
	return err
}
