package lab

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"

	"frontload/results"
)

// reply writes the answer out.
func (m *Model) reply(d *answer, a *Ask) Reply {
	r := Reply{
		FirstByte: d.first, Done: d.done, Status: d.kind.info().status,
		Header: m.header(d), Cause: d.cause, Cache: d.cache,
		POP: m.pops[d.pop].name, RequestID: m.requestID(d.number),
	}
	if a.Method != http.MethodHead {
		r.Body = m.body(d)
	}
	return r
}

// header returns the headers of an answer, in CloudFront's order: the origin's
// first, then its own.
func (m *Model) header(d *answer) []results.Header {
	h := make([]results.Header, 0, 14)
	add := func(name, value string) { h = append(h, results.Header{Name: name, Value: value}) }
	info := d.kind.info()
	pop := m.pops[d.pop].name
	add("Content-Type", m.contentType(d))
	add("Content-Length", strconv.Itoa(d.size))
	add("Date", m.Epoch.Add(d.first).UTC().Format(http.TimeFormat))
	s := m.c.tells()
	h = m.ownHeader(h, d)
	xCache := info.xCache
	if s.noReason && info.status != http.StatusOK {
		xCache = "Error"
	}
	if !s.noXCache {
		add("X-Cache", xCache+" from cloudfront")
	}
	add("Via", "1.1 "+m.proxyName(d)+".cloudfront.net (CloudFront)")
	add("X-Amz-Cf-Pop", pop)
	add("X-Amz-Cf-Id", m.requestID(d.number))
	if d.age >= 0 && !(s.noAge && info.status != http.StatusOK) {
		add("Age", strconv.FormatInt(int64(d.age/time.Second), 10))
	}
	if (!s.noTiming || s.goodTiming && info.status == http.StatusOK) && d.kind.byOrigin() {
		add("Server-Timing", m.serverTiming(d, pop))
	}
	return h
}

// authorHeader adds the headers of who wrote the answer.
func (m *Model) authorHeader(h []results.Header, d *answer) []results.Header {
	if !d.kind.byOrigin() {
		return append(h, results.Header{Name: "Server", Value: "CloudFront"})
	}
	id := m.random(d.fetched, saltOrigin)
	switch m.origins[d.origin].kind {
	case kindS3:
		return append(h,
			results.Header{Name: "Server", Value: "AmazonS3"},
			results.Header{Name: "x-amz-request-id", Value: s3RequestID(id)},
			results.Header{Name: "x-amz-id-2", Value: base64.StdEncoding.EncodeToString(id[:])})
	case kindELB:
		return append(h, results.Header{Name: "Server", Value: "awselb/2.0"})
	case kindAPIGateway:
		return append(h,
			results.Header{Name: "x-amzn-RequestId", Value: uuid(id)},
			results.Header{Name: "x-amz-apigw-id", Value: base64.URLEncoding.EncodeToString(id[:11])})
	default:
		return append(h, results.Header{Name: "Server", Value: "nginx"})
	}
}

// serverTiming returns what the response headers policy adds.
func (m *Model) serverTiming(d *answer, pop string) string {
	var b strings.Builder
	b.WriteString(timingWords[d.kind])
	b.WriteString(`,cdn-pop;desc="` + pop + `",cdn-rid;desc="` + m.requestID(d.number) + `"`)
	if d.upstream == 0 {
		b.WriteString(`,cdn-hit-layer;desc="EDGE"`)
		return b.String()
	}
	millis := func(t time.Duration) string { return strconv.FormatInt(t.Milliseconds(), 10) }
	b.WriteString(`,cdn-upstream-layer;desc="EDGE",cdn-upstream-dns;dur=0,cdn-upstream-connect;dur=` + millis(d.connect))
	b.WriteString(`,cdn-upstream-fbl;dur=` + millis(d.upstream))
	return b.String()
}

var timingWords = [answerKinds]string{
	answerHit: "cdn-cache-hit", answerMiss: "cdn-cache-miss", answerRefresh: "cdn-cache-refresh",
	answerStale: "cdn-cache-refresh", answerOriginError: "cdn-cache-miss", answerCachedError: "cdn-cache-hit",
}

func (m *Model) contentType(d *answer) string {
	switch {
	case d.kind.info().status == http.StatusOK:
		return m.c.behaviours[d.behaviour].content
	case m.c.tells().owners(d.kind) || !d.kind.byOrigin():
		return "text/html"
	}
	switch m.origins[d.origin].kind {
	case kindS3:
		return "application/xml"
	case kindAPIGateway:
		return "application/json"
	default:
		return "text/html"
	}
}

// body returns the bytes of an answer's body, d.size of them where the answer
// is good.
func (m *Model) body(d *answer) []byte {
	switch {
	case d.kind.info().status == http.StatusOK:
		return content[:d.size]
	case m.c.tells().page == pageEmpty:
		return nil
	case m.c.tells().owners(d.kind):
		return []byte(customPage)
	case d.kind.byOrigin():
		return m.originPage(d)
	default:
		return []byte(edgePage(d.kind.info(), m.requestID(d.number)))
	}
}

// content is what good answers are cut from. It is never written to.
var content = bytes.Repeat([]byte("Frontload lab: any text serves as content here.\n"), largest/48+1)

// The salts keep apart what is derived from one number.
const (
	saltRequest = iota + 1
	saltOrigin
	saltProxy
	saltClient
)

// random returns 40 bytes that follow from the seed, n and salt alone. Two
// numbers never give the same bytes.
func (m *Model) random(n, salt uint64) [40]byte {
	var b [40]byte
	for i := range 5 {
		// The finalizer of SplitMix64 is a bijection.
		z := n + m.seed*0x9e3779b97f4a7c15 + salt<<56 + uint64(i)<<60
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.BigEndian.PutUint64(b[8*i:], z^z>>31)
	}
	return b
}

// requestID returns the X-Amz-Cf-Id of ask n, of 56 characters.
func (m *Model) requestID(n uint64) string {
	b := m.random(n, saltRequest)
	return base64.URLEncoding.EncodeToString(b[:])
}

// proxyName returns the name that an edge address bears in Via headers.
func (m *Model) proxyName(d *answer) string {
	b := m.random(uint64(d.pop*perPOP+d.edge), saltProxy)
	return strconv.FormatUint(binary.BigEndian.Uint64(b[:]), 16)
}
