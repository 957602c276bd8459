package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A question is what one query asks.
type question struct {
	name   dnsmessage.Name
	kind   dnsmessage.Type // A, AAAA or TXT
	subnet netip.Prefix    // EDNS client subnet; invalid for none
	edns   bool            // send the EDNS record at all
}

// A reply is what one response says.
type reply struct {
	rcode     dnsmessage.RCode
	truncated bool // there is more over TCP; the rest is not filled in
	addrs     []netip.Addr
	ttl       time.Duration // the least along the way to the addresses; zero without any
	texts     []string      // of TXT records
}

// Facts of the format, and what is asked of and taken from it.
const (
	ednsPayload     = 1232 // bytes that fit any path unfragmented
	optionSubnet    = 8    // RFC 7871
	subnetBitsV4    = 24   // most of a client's address that is told
	subnetBitsV6    = 56   // RFC 7871, section 11.1
	maxAddrs        = 64   // addresses taken from an answer
	maxRecords      = 256  // records looked at in an answer
	maxAliases      = 16   // CNAMEs followed in an answer
	ttlSignBit      = 1 << 31
	addressFamilyV4 = 1
	addressFamilyV6 = 2
)

var errBadMessage = errors.New("the message is no answer to the query")

// covering returns the subnet that is sent for p: its network, no longer than
// /24 or /56. It is invalid when p is.
func covering(p netip.Prefix) netip.Prefix {
	if !p.IsValid() {
		return netip.Prefix{}
	}
	addr, bits := p.Addr(), p.Bits()
	if addr.Is4In6() && bits >= 96 {
		addr, bits = addr.Unmap(), bits-96
	}
	most := subnetBitsV6
	if addr.Is4() {
		most = subnetBitsV4
	}
	return netip.PrefixFrom(addr, min(bits, most)).Masked()
}

// pack returns the query as bytes.
func (q question) pack(id uint16) ([]byte, error) {
	b := dnsmessage.NewBuilder(make([]byte, 0, 128), dnsmessage.Header{ID: id, RecursionDesired: true})
	err := b.StartQuestions()
	if err == nil {
		err = b.Question(dnsmessage.Question{Name: q.name, Type: q.kind, Class: dnsmessage.ClassINET})
	}
	if err == nil && q.edns {
		err = q.packEDNS(&b)
	}
	if err != nil {
		return nil, err
	}
	return b.Finish()
}

func (q question) packEDNS(b *dnsmessage.Builder) error {
	if err := b.StartAdditionals(); err != nil {
		return err
	}
	var h dnsmessage.ResourceHeader
	if err := h.SetEDNS0(ednsPayload, dnsmessage.RCodeSuccess, false); err != nil {
		return err
	}
	var opt dnsmessage.OPTResource
	if q.subnet.IsValid() {
		opt.Options = []dnsmessage.Option{{Code: optionSubnet, Data: subnetOption(q.subnet)}}
	}
	return b.OPTResource(h, opt)
}

// subnetOption returns the option's data: family, source prefix length, scope
// prefix length 0, and as many bytes of the address as the prefix has (RFC
// 7871, section 6). The prefix must be masked.
func subnetOption(p netip.Prefix) []byte {
	family := uint16(addressFamilyV6)
	if p.Addr().Is4() {
		family = addressFamilyV4
	}
	data := binary.BigEndian.AppendUint16(nil, family)
	data = append(data, byte(p.Bits()), 0)
	return append(data, p.Addr().AsSlice()[:(p.Bits()+7)/8]...)
}

// mayDropEDNS reports whether the server may answer without EDNS what it did
// not understand with it (RFC 6891, section 7). A client subnet is never
// dropped: the answer would be another one.
func (q question) mayDropEDNS(code dnsmessage.RCode) bool {
	return q.edns && !q.subnet.IsValid() &&
		(code == dnsmessage.RCodeFormatError || code == dnsmessage.RCodeNotImplemented)
}

// parse reads a response to the query with the given id. It fails with
// errBadMessage when it is not one or cannot be read.
func parse(msg []byte, id uint16, q question) (reply, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", errBadMessage, err)
	}
	if !h.Response || h.ID != id || h.OpCode != 0 {
		return reply{}, fmt.Errorf("%w: its id or kind differs", errBadMessage)
	}
	if err := checkEcho(&p, h, q); err != nil {
		return reply{}, err
	}
	if h.Truncated {
		return reply{truncated: true}, nil
	}
	r := reply{rcode: h.RCode}
	if r.rcode != dnsmessage.RCodeSuccess {
		return r, nil
	}
	found, err := readRecords(&p, q.kind)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", errBadMessage, err)
	}
	if r.rcode = extended(&p, h.RCode); r.rcode == dnsmessage.RCodeSuccess {
		r.addrs, r.ttl = found.follow(fold(q.name))
		r.texts = found.followText(fold(q.name))
	}
	return r, nil
}

// checkEcho makes sure that the response repeats the question. Errors may
// come without it: some servers do not repeat what they could not read.
func checkEcho(p *dnsmessage.Parser, h dnsmessage.Header, q question) error {
	got, err := p.Question()
	if errors.Is(err, dnsmessage.ErrSectionDone) && h.RCode != dnsmessage.RCodeSuccess {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errBadMessage, err)
	}
	if fold(got.Name) != fold(q.name) || got.Type != q.kind || got.Class != dnsmessage.ClassINET {
		return fmt.Errorf("%w: it answers another question", errBadMessage)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return fmt.Errorf("%w: %w", errBadMessage, err)
	}
	return nil
}

// extended adds the upper bits of the response code that an EDNS record holds
// (RFC 6891, section 6.1.3). What cannot be read there adds nothing.
func extended(p *dnsmessage.Parser, code dnsmessage.RCode) dnsmessage.RCode {
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return code
	}
	for {
		h, err := p.AdditionalHeader()
		if err != nil {
			return code
		}
		if h.Type == dnsmessage.TypeOPT {
			return h.ExtendedRCode(code)
		}
		if p.SkipAdditional() != nil {
			return code
		}
	}
}

// fold returns a name in lower case: DNS does not tell cases apart.
func fold(n dnsmessage.Name) string { return strings.ToLower(n.String()) }
