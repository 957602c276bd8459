package run

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"frontload/attack/source"
	"frontload/attack/wire"
	"frontload/results"
	"frontload/scenarios"
	"frontload/scenarios/guidance"
)

const (
	headTimeout = 10 * time.Second
	headBytes   = 64 << 10
	headTries   = 1000 // requests of the plan among which one that can be asked by HEAD is sought
)

// head sends one HEAD request to the target, for the first of the plan's
// requests that is a GET or a HEAD, to the first address of the sample that may
// be asked. It asks no other: redirects are not followed, and proxies not used.
// What went wrong stands in the result.
func (r *runner) head(ctx context.Context, s *Sight) *results.Head {
	h := &results.Head{}
	if err := r.sendHead(ctx, s, h); err != nil {
		h.Error = plainly(err)
	}
	return h
}

func (r *runner) sendHead(ctx context.Context, s *Sight, h *results.Head) error {
	if s.Refused != nil {
		return errors.New("nothing was sent, since the target may not be asked")
	}
	addr, ok := r.firstAllowed(s.Sample)
	if !ok {
		return errors.New("nothing was sent, since no address of the target is known")
	}
	h.Address = addr.String()
	unsign, err := r.signURLs()
	if err != nil {
		return err
	}
	defer unsign()
	get, ok := readable(r.plan)
	if !ok {
		return errors.New("nothing was sent, since the plan has neither a GET nor a HEAD request")
	}
	ctx, cancel := context.WithTimeout(ctx, headTimeout)
	defer cancel()
	req, err := headRequest(ctx, r.plan, get)
	if err != nil {
		return err
	}
	h.URL = shown(req.URL)
	transport, err := headTransport(r.plan, addr, r.gate.Allow)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	begin := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	h.Took = float64(time.Since(begin).Microseconds()) / 1000
	note(h, resp)
	return nil
}

// note takes from an answer what is told of it.
func note(h *results.Head, resp *http.Response) {
	h.Status, h.Server, h.XCache = resp.StatusCode, resp.Header.Get("Server"), resp.Header.Get("X-Cache")
	h.POP = resp.Header.Get("X-Amz-Cf-Pop")
	h.CloudFront = h.POP != "" || resp.Header.Get("X-Amz-Cf-Id") != "" || strings.HasSuffix(h.XCache, " from cloudfront")
	if resp.ContentLength >= 0 && resp.Header.Get("Content-Length") != "" {
		h.Length = &resp.ContentLength
	}
}

// shown returns a URL without its query, which may hold secrets.
func shown(u *url.URL) string {
	plain := *u
	if plain.RawQuery = ""; u.RawQuery != "" {
		return plain.String() + "?…"
	}
	return plain.String()
}

// firstAllowed returns the first address of the sample that may be asked.
func (r *runner) firstAllowed(s *guidance.Sample) (netip.Addr, bool) {
	for _, a := range s.Answers {
		for _, addr := range a.Addresses {
			if r.gate.Allow(addr) == nil {
				return addr, true
			}
		}
	}
	return netip.Addr{}, false
}

// plainly returns what went wrong without what stands in the result anyway.
func plainly(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Sprintf("no answer came within %s", headTimeout)
	}
	return err.Error()
}

// readable returns the first request of the plan that only reads.
func readable(plan *scenarios.Plan) (wire.Request, bool) {
	var r wire.Request
	requests := requester{plan}
	for n := range uint64(headTries) {
		if requests.Next(n, &r); r.Method == http.MethodGet || r.Method == http.MethodHead {
			return r, true
		}
	}
	return r, false
}

func headRequest(ctx context.Context, plan *scenarios.Plan, r wire.Request) (*http.Request, error) {
	target := *plan.Target.URL
	path, query, _ := strings.Cut(string(r.Target), "?")
	unescaped, err := url.PathUnescape(path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	target.Path, target.RawPath, target.RawQuery = unescaped, path, query
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, target.String(), nil)
	if err != nil {
		return nil, err
	}
	for _, h := range r.Header {
		req.Header.Add(h.Name, h.Value)
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header["User-Agent"] = nil // else the library sends its own
	}
	req.Host = plan.Target.Host
	return req, nil
}

// headTransport connects to one address, whatever it is asked for.
func headTransport(plan *scenarios.Plan, addr netip.Addr, allow func(netip.Addr) error) (*http.Transport, error) {
	dialer := &source.Dialer{Allow: allow}
	from, _ := plan.Clients.Source(0)
	if from.IsValid() && from.Is4() != addr.Is4() {
		from = netip.Addr{}
	}
	t := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.Dial(ctx, from, netip.AddrPortFrom(addr, plan.Target.Port))
		},
		DisableCompression:     true,
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: headBytes,
		ForceAttemptHTTP2:      plan.Clients.Protocol != results.H1,
	}
	if plan.Target.Scheme != "https" {
		return t, nil
	}
	roots, err := trusted(plan.Target.CA)
	if err != nil {
		return nil, err
	}
	t.TLSClientConfig = &tls.Config{ServerName: plan.Target.ServerName, RootCAs: roots, MinVersion: tls.VersionTLS12}
	return t, nil
}
