package dns

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	mediaType = "application/dns-message"
	mostBytes = 1 << 16 // of a message
	webConns  = 8       // most connections to one resolver; HTTP/2 needs one
)

// newWeb returns what carries DNS over HTTPS: it follows no redirect, keeps no
// cookies and knows no proxies.
func newWeb(cfg PoolConfig, trust *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext: cfg.Dial, TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: openSpan, IdleConnTimeout: streamIdle,
		MaxConnsPerHost: webConns, MaxIdleConnsPerHost: webConns, DisableCompression: true,
		HTTP2: &http.HTTP2Config{SendPingTimeout: streamDoubt, PingTimeout: streamDoubt},
	}
}

// A statusError is an answer of HTTP that holds no message.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("it answered HTTP %d", int(e)) }

// overWeb asks by a POST, whose answer no cache on the way may hold.
func (p *Pool) overWeb(ctx context.Context, to endpoint, q question) (reply, error) {
	msg, err := q.pack(0) // RFC 8484, section 4.1
	if err != nil {
		return reply{}, unsentError{err}
	}
	if p.ctx.Err() != nil {
		return reply{}, unsentError{errClosed}
	}
	var sent atomic.Bool
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(w httptrace.WroteRequestInfo) { sent.Store(sent.Load() || w.Err == nil) },
	}), http.MethodPost, to.String(), bytes.NewReader(msg))
	if err != nil {
		return reply{}, unsentError{err}
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept", mediaType)
	answer, err := p.web.RoundTrip(req)
	switch {
	case err != nil && !sent.Load():
		return reply{}, unsentError{because(ctx, err)}
	case err != nil:
		return reply{}, because(ctx, fmt.Errorf("%w: %w", errLost, err))
	}
	defer answer.Body.Close()
	r, err := readWeb(answer, q)
	if err != nil {
		err = because(ctx, err)
	}
	return r, err
}

func readWeb(answer *http.Response, q question) (reply, error) {
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostBytes))
	switch {
	case err != nil:
		return reply{}, fmt.Errorf("%w: %w", errLost, err)
	case answer.StatusCode != http.StatusOK:
		return reply{}, statusError(answer.StatusCode)
	}
	r, err := parse(body, 0, q)
	if age, ageErr := strconv.ParseUint(answer.Header.Get("Age"), 10, 31); ageErr == nil { // RFC 8484, section 5.1
		spent := time.Duration(age) * time.Second
		r.ttl, r.negative = max(0, r.ttl-spent), max(0, r.negative-spent)
	}
	return r, err
}
