package lab

import "frontload/results"

// A shapeKey names answers that differ in ids, times and sizes only.
type shapeKey struct {
	kind   answerKind
	origin int
}

// A shape is what such answers have in common.
type shape struct {
	size int // bytes of an error's body
	head int // bytes of the headers

	cache   results.Cache // what a viewer makes of the headers and the body
	signals results.Signals
	outcome results.Outcome
}

// shape returns the shape of an answer, from the first of its kind on.
func (m *Model) shape(d *answer) shape {
	key := shapeKey{d.kind, d.origin}
	s, ok := m.shapes[key]
	if !ok {
		s = m.measure(d)
		m.shapes[key] = s
	}
	return s
}

// measure writes an answer out and reads it as a load generator would.
func (m *Model) measure(d *answer) shape {
	body := m.body(d)
	s := shape{size: len(body)}
	whole := *d
	whole.size = s.size
	header := m.header(&whole)
	s.head = headSize(header)
	a := results.Answer{Status: d.kind.info().status, Body: body}
	readHeader(&a, header)
	s.cache, s.signals = a.Cache(), a.Signals()
	s.outcome = a.Outcome(s.signals)
	return s
}

// headSize returns the bytes of headers, as HTTP/1.1 would write them.
func headSize(header []results.Header) int {
	size := 0
	for _, h := range header {
		size += len(h.Name) + len(h.Value) + len(": \r\n")
	}
	return size
}

// readHeader takes from an answer's headers what bears on who wrote it.
func readHeader(a *results.Answer, header []results.Header) {
	for _, h := range header {
		switch h.Name {
		case "Server":
			a.Server = h.Value
		case "X-Cache":
			a.XCache = h.Value
		case "X-Amz-Cf-Pop":
			a.POP = h.Value
		case "X-Amz-Cf-Id":
			a.RequestID = h.Value
		case "Age":
			a.Age = h.Value
		case "Server-Timing":
			a.ServerTiming = h.Value
		case "x-amz-request-id", "x-amz-id-2":
			a.S3ID = h.Value
		case "x-amzn-RequestId", "x-amz-apigw-id":
			a.GatewayID = h.Value
		case markerName:
			a.Marked = true
		}
	}
}
