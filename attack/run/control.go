package run

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"time"

	"frontload/results"
	"frontload/scenarios"
)

const (
	// One request a second is sent to the origin, and never more.
	controlEvery = time.Second
	// So long is an answer awaited.
	controlTimeout = 5 * time.Second
	// More of an answer is not read.
	controlBody = 1 << 20 // bytes
)

// A prober asks the origin itself once a second, past CloudFront. Redirects
// are not followed, and nothing is sent but what HTTP demands.
type prober struct {
	client http.Client
	url    *url.URL
	now    func() time.Duration
	tell   func(results.Control)
}

// newProber returns what asks, or nil where nothing is to be asked.
func (r *runner) newProber() (*prober, error) {
	c := r.plan.Control
	if c == nil {
		return nil, nil
	}
	roots, err := trusted(r.plan.Target.CA)
	if err != nil {
		return nil, err
	}
	return &prober{
		url: c.URL, now: r.engine.Now, tell: r.recorder.Control,
		client: http.Client{
			Timeout:       controlTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{
				DialContext:        r.dialControl,
				TLSClientConfig:    &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
				DisableCompression: true,
				IdleConnTimeout:    10 * controlEvery,
			},
		},
	}, nil
}

// dialControl looks the host of control requests up and connects to the first
// of its addresses that may be asked and answers, whatever it was asked to
// connect to.
func (r *runner) dialControl(ctx context.Context, _, _ string) (net.Conn, error) {
	addrs, err := r.controlAddresses(ctx)
	if err != nil {
		return nil, err
	}
	var last error
	for _, a := range addrs {
		if last = r.controlGate.Allow(a); last != nil {
			continue
		}
		to := netip.AddrPortFrom(a, controlPort(r.plan.Control))
		var conn net.Conn
		if conn, last = new(net.Dialer).DialContext(ctx, "tcp", to.String()); last == nil {
			return conn, nil
		}
	}
	return nil, last
}

// controlPort is the port of control requests.
func controlPort(c *scenarios.Control) uint16 {
	if port, err := strconv.ParseUint(c.URL.Port(), 10, 16); err == nil {
		return uint16(port)
	}
	if c.URL.Scheme == "https" {
		return 443
	}
	return 80
}

// run asks at each second of the run's clock until ctx ends, without waiting
// for earlier answers: at most six are awaited at a time. It returns once
// nothing is.
func (p *prober) run(ctx context.Context) {
	var asking sync.WaitGroup
	defer p.client.CloseIdleConnections()
	defer asking.Wait()
	for {
		asking.Go(func() { p.ask(ctx) })
		next := (p.now()/controlEvery + 1) * controlEvery
		select {
		case <-ctx.Done():
			return
		case <-time.After(next - p.now()):
		}
	}
}

// ask sends one request, and tells what came of it unless the run ended
// meanwhile.
func (p *prober) ask(ctx context.Context) {
	c := results.Control{At: p.now()}
	status, err := p.get(ctx)
	c.Status, c.Took = uint16(status), p.now()-c.At
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		c.Status, c.Err = 0, controlFault(err)
	}
	p.tell(c)
}

func (p *prober) get(ctx context.Context) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url.String(), nil)
	if err != nil {
		return 0, err
	}
	req.Header["User-Agent"] = nil // else the library sends its own
	answer, err := p.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, controlBody))
	return answer.StatusCode, err
}

// controlFault says in words why no whole answer came, without the URL.
func controlFault(err error) string {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Sprintf("no answer within %s", controlTimeout)
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err
	}
	return err.Error()
}

// probe begins to ask the origin. The function that it returns, which may be
// called again, ends that.
func (r *runner) probe() (stop func()) {
	if r.prober == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asking.Go(func() { r.prober.run(ctx) })
	return func() {
		cancel()
		asking.Wait()
	}
}
