package lab

import (
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A response is the answer to one query before it is packed.
type response struct {
	query query
	rcode dnsmessage.RCode
	addrs []netip.Addr
	ttl   uint32 // seconds
	scope bool   // the answer was made for the client's subnet
}

// set takes the addresses of the family that was asked for. No address is a
// normal answer, with neither an SOA record nor, for a query without one, an
// OPT record.
func (r *response) set(addrs []netip.Addr, ttl time.Duration, ipv6 bool) {
	for _, a := range addrs {
		if a = a.Unmap(); a.IsValid() && a.Is6() == ipv6 {
			r.addrs = append(r.addrs, a.WithZone(""))
		}
	}
	r.ttl = uint32(min(max(ttl, 0), maxTTL) / time.Second)
	// A negative answer is for everybody (RFC 7871, section 7.4).
	r.scope = len(r.addrs) > 0
}

// pack appends the packet to buf. Where that would make it longer than limit,
// counted with what buf holds, it leaves all addresses out and marks the
// packet as truncated, so that the client asks again over TCP.
func (r *response) pack(buf []byte, limit int) ([]byte, error) {
	packet, err := r.build(buf, false)
	if err == nil && len(packet) <= limit {
		return packet, nil
	}
	return r.build(buf, true)
}

// build appends the packet to buf, whole or truncated.
func (r *response) build(buf []byte, truncated bool) ([]byte, error) {
	q := &r.query
	b := dnsmessage.NewBuilder(buf, dnsmessage.Header{
		ID:               q.header.ID,
		Response:         true,
		OpCode:           q.header.OpCode,
		Authoritative:    r.rcode == dnsmessage.RCodeSuccess || r.rcode == dnsmessage.RCodeNameError,
		Truncated:        truncated,
		RecursionDesired: q.header.RecursionDesired,
		RCode:            r.rcode & 0xf,
	})
	b.EnableCompression()
	if err := r.buildQuestion(&b); err != nil {
		return nil, err
	}
	if !truncated {
		if err := r.buildAnswers(&b); err != nil {
			return nil, err
		}
	}
	if err := r.buildOPT(&b); err != nil {
		return nil, err
	}
	return b.Finish()
}

func (r *response) buildQuestion(b *dnsmessage.Builder) error {
	if !r.query.asked {
		return nil
	}
	if err := b.StartQuestions(); err != nil {
		return err
	}
	return b.Question(r.query.question)
}

func (r *response) buildAnswers(b *dnsmessage.Builder) error {
	if len(r.addrs) == 0 {
		return nil
	}
	if err := b.StartAnswers(); err != nil {
		return err
	}
	h := dnsmessage.ResourceHeader{Name: r.query.question.Name, Class: dnsmessage.ClassINET, TTL: r.ttl}
	for _, a := range r.addrs {
		var err error
		if a.Is4() {
			err = b.AResource(h, dnsmessage.AResource{A: a.As4()})
		} else {
			err = b.AAAAResource(h, dnsmessage.AAAAResource{AAAA: a.As16()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// buildOPT answers an OPT record with one, and a client subnet with the same
// subnet and the scope of the answer.
func (r *response) buildOPT(b *dnsmessage.Builder) error {
	if !r.query.edns {
		return nil
	}
	if err := b.StartAdditionals(); err != nil {
		return err
	}
	var h dnsmessage.ResourceHeader
	if err := h.SetEDNS0(maxUDPSize, r.rcode, false); err != nil {
		return err
	}
	var opt dnsmessage.OPTResource
	if r.query.subnet.given {
		opt.Options = []dnsmessage.Option{{Code: optionClientSubnet, Data: r.query.subnet.echo(r.scope)}}
	}
	return b.OPTResource(h, opt)
}
