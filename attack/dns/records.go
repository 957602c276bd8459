package dns

import (
	"errors"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// records are the aliases and addresses of an answer, by owner in lower case.
type records struct {
	alias map[string]alias
	addrs map[string]*addresses

	texts   map[string][]string // of TXT records, where those were asked for
	counted int                 // texts
}

type alias struct {
	to  dnsmessage.Name
	ttl uint32
}

type addresses struct {
	addrs []netip.Addr
	ttl   uint32 // the least
}

// readRecords reads the answer section as far as maxRecords.
func readRecords(p *dnsmessage.Parser, kind dnsmessage.Type) (records, error) {
	found := records{alias: make(map[string]alias), addrs: make(map[string]*addresses)}
	for range maxRecords {
		h, err := p.AnswerHeader()
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			break
		}
		if err != nil {
			return found, err
		}
		if err := found.read(p, h, kind); err != nil {
			return found, err
		}
	}
	return found, nil
}

func (f *records) read(p *dnsmessage.Parser, h dnsmessage.ResourceHeader, kind dnsmessage.Type) error {
	owner := fold(h.Name)
	switch {
	case h.Class == dnsmessage.ClassINET && h.Type == dnsmessage.TypeCNAME:
		r, err := p.CNAMEResource()
		f.alias[owner] = alias{r.CNAME, lifetime(h)}
		return err
	case h.Class == dnsmessage.ClassINET && h.Type == kind && kind == dnsmessage.TypeA:
		r, err := p.AResource()
		f.add(owner, netip.AddrFrom4(r.A), lifetime(h))
		return err
	case h.Class == dnsmessage.ClassINET && h.Type == kind && kind == dnsmessage.TypeAAAA:
		r, err := p.AAAAResource()
		f.add(owner, netip.AddrFrom16(r.AAAA), lifetime(h))
		return err
	case h.Class == dnsmessage.ClassINET && h.Type == kind && kind == dnsmessage.TypeTXT:
		r, err := p.TXTResource()
		f.addText(owner, r.TXT)
		return err
	}
	return p.SkipAnswer()
}

// add takes an address unless no connection can be made to it: blockers answer
// with 0.0.0.0, which the system would take for itself.
func (f records) add(owner string, a netip.Addr, ttl uint32) {
	if a.IsUnspecified() || a.IsMulticast() || a.Is4In6() {
		return
	}
	set := f.addrs[owner]
	if set == nil {
		set = &addresses{ttl: ttl}
		f.addrs[owner] = set
	}
	set.ttl = min(set.ttl, ttl)
	if len(set.addrs) < maxAddrs {
		set.addrs = append(set.addrs, a)
	}
}

// follow fills in the addresses, or the texts, that a name leads to by its
// aliases, and the least TTL on the way; or else the alias that the answer leaves off at, or
// that it leads around in a circle.
func (f records) follow(name string, r *reply) {
	ttl := uint32(ttlSignBit - 1)
	for range maxAliases + 1 {
		if set := f.addrs[name]; set != nil {
			r.addrs, r.ttl, r.alias = set.addrs, time.Duration(min(ttl, set.ttl))*time.Second, dnsmessage.Name{}
			return
		}
		if texts := f.texts[name]; texts != nil {
			r.texts, r.alias = texts, dnsmessage.Name{}
			return
		}
		next, ok := f.alias[name]
		if !ok {
			return
		}
		name, ttl = fold(next.to), min(ttl, next.ttl)
		r.alias, r.ttl = next.to, time.Duration(ttl)*time.Second
	}
	r.alias, r.ttl, r.circle = dnsmessage.Name{}, 0, true
}

// lifetime returns a record's TTL in seconds; one whose highest bit is set
// counts as zero (RFC 2181, section 8).
func lifetime(h dnsmessage.ResourceHeader) uint32 {
	if h.TTL >= ttlSignBit {
		return 0
	}
	return h.TTL
}
