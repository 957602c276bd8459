package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	minUDPSize = 512       // what every client takes (RFC 1035)
	maxUDPSize = 1232      // what fits any path without fragments; more goes over TCP
	maxTCPSize = 1<<16 - 1 // what the length in front of a message can say

	rcodeBadVersion dnsmessage.RCode = 16 // BADVERS (RFC 6891)
	maxTTL                           = 7 * 24 * time.Hour
)

// A lookupKind is what a query asked for, as far as it is counted.
type lookupKind uint8

const (
	lookupOther lookupKind = iota
	lookupA
	lookupAAAA
)

// An answerer turns query packets into answer packets. It keeps nothing
// between them.
type answerer struct {
	name    dnsmessage.Name // fully qualified, in lower case
	resolve resolveFunc
}

// newAnswerer fails when name cannot be a DNS name.
func newAnswerer(name string, resolve resolveFunc) (answerer, error) {
	n, err := dnsmessage.NewName(strings.ToLower(strings.TrimSuffix(name, ".")) + ".")
	if err != nil {
		return answerer{}, fmt.Errorf("serve the host name %q: %w", name, err)
	}
	return answerer{name: n, resolve: resolve}, nil
}

// A query is what one packet asks.
type query struct {
	header   dnsmessage.Header
	question dnsmessage.Question
	asked    bool // question was read
	edns     bool // it carries an OPT record
	version  uint8
	size     int // bytes of UDP payload that the client takes
	subnet   clientSubnet
}

// answer appends the reply to packet, which came from the given address, to
// buf, and says what was asked. It appends nothing when packet is too short
// for a header or is itself a reply: to answer those invites loops. stream is
// true for TCP. A reply over UDP never exceeds what the client takes, nor
// 1,232 bytes.
func (a *answerer) answer(buf, packet []byte, from netip.Addr, stream bool) ([]byte, lookupKind) {
	q, rcode, ok := parseQuery(packet)
	if !ok {
		return buf, lookupOther
	}
	limit := min(q.size, maxUDPSize)
	if stream {
		limit = maxTCPSize
	}
	r := response{query: q, rcode: rcode}
	kind := lookupOther
	if rcode == dnsmessage.RCodeSuccess {
		kind = a.fill(&r, from)
	}
	reply, err := r.pack(buf, len(buf)+limit)
	if err != nil {
		return buf, lookupOther
	}
	return reply, kind
}

// fill looks the answer up.
func (a *answerer) fill(r *response, from netip.Addr) lookupKind {
	q := &r.query
	switch {
	case q.version != 0:
		r.rcode = rcodeBadVersion
		return lookupOther
	case q.question.Class != dnsmessage.ClassINET:
		r.rcode = dnsmessage.RCodeRefused
		return lookupOther
	case !strings.EqualFold(q.question.Name.String(), a.name.String()):
		r.rcode = dnsmessage.RCodeNameError
	}
	kind := lookupOther
	switch q.question.Type {
	case dnsmessage.TypeA:
		kind = lookupA
	case dnsmessage.TypeAAAA:
		kind = lookupAAAA
	}
	if r.rcode == dnsmessage.RCodeSuccess && kind != lookupOther {
		addrs, ttl := a.resolve(q.subnet.or(from), kind == lookupAAAA)
		r.set(addrs, ttl, kind == lookupAAAA)
	}
	return kind
}

// parseQuery reads a packet. It reports false when the packet deserves no
// answer, and an rcode other than success when it deserves that one only.
func parseQuery(packet []byte) (query, dnsmessage.RCode, bool) {
	q := query{size: minUDPSize}
	var p dnsmessage.Parser
	header, err := p.Start(packet)
	if err != nil || header.Response {
		return q, 0, false
	}
	q.header = header
	if header.OpCode != 0 {
		return q, dnsmessage.RCodeNotImplemented, true
	}
	if err := q.parse(&p); err != nil {
		return q, dnsmessage.RCodeFormatError, true
	}
	return q, dnsmessage.RCodeSuccess, true
}

// parse reads the one question and, if there is one, the OPT record.
func (q *query) parse(p *dnsmessage.Parser) error {
	var err error
	if q.question, err = p.Question(); err != nil {
		return err
	}
	q.asked = true
	if _, err := p.Question(); !errors.Is(err, dnsmessage.ErrSectionDone) {
		return errors.New("it has more than one question")
	}
	if err := p.SkipAllAnswers(); err != nil {
		return err
	}
	if err := p.SkipAllAuthorities(); err != nil {
		return err
	}
	for {
		h, err := p.AdditionalHeader()
		switch {
		case errors.Is(err, dnsmessage.ErrSectionDone):
			return nil
		case err != nil:
			return err
		case h.Type != dnsmessage.TypeOPT:
			err = p.SkipAdditional()
		default:
			err = q.parseOPT(p, h)
		}
		if err != nil {
			return err
		}
	}
}

// parseOPT reads the OPT record (RFC 6891): its class is the payload size,
// the second byte of its TTL the version.
func (q *query) parseOPT(p *dnsmessage.Parser, h dnsmessage.ResourceHeader) error {
	if q.edns {
		return errors.New("it has more than one OPT record")
	}
	q.edns = true
	q.size = max(minUDPSize, int(h.Class))
	q.version = uint8(h.TTL >> 16)
	opt, err := p.OPTResource()
	if err != nil {
		return err
	}
	for _, o := range opt.Options {
		if o.Code != optionClientSubnet {
			continue
		}
		if q.subnet, err = parseClientSubnet(o.Data); err != nil {
			return err
		}
	}
	return nil
}
