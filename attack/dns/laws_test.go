package dns

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
	"pgregory.net/rapid"
)

func TestMixLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n4, n6 := rapid.IntRange(0, 20).Draw(t, "n4"), rapid.IntRange(0, 20).Draw(t, "n6")
		var in []netip.Addr
		for i := range n4 {
			in = append(in, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		}
		for i := range n6 {
			in = append(in, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i)}))
		}
		shuffled := rapid.Permutation(slices.Concat(in, in[:len(in)/2])).Draw(t, "order") // some twice
		got := mix(shuffled)
		if again := mix(slices.Clone(in)); !slices.Equal(got, again) {
			t.Fatalf("mix depends on the order: %v and %v", got, again)
		}
		if !slices.Equal(slices.SortedFunc(slices.Values(got), netip.Addr.Compare), in) {
			t.Fatalf("mix = %v, want each of %v once", got, in)
		}
		seen := 0
		for i, a := range got {
			if a.Is4() {
				seen++
			}
			if share := float64(i+1) * float64(n4) / float64(len(in)); float64(seen) < share-1 || float64(seen) > share+1 {
				t.Fatalf("%d of the first %d of %v are IPv4, want about %.1f", seen, i+1, got, share)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	subnet := netip.MustParsePrefix("203.0.113.0/24")
	q := question{name: dnsmessage.MustNewName(host + "."), kind: dnsmessage.TypeA, edns: true, subnet: subnet}
	a := asked{id: 7, name: q.name, kind: q.kind}
	f.Add(response(a, 60, []string{"192.0.2.1", "192.0.2.2"}))
	f.Add(response(a, 60, nil, code(3)))
	f.Add(response(a, 60, nil, func(m *dnsmessage.Message) {
		var h dnsmessage.ResourceHeader
		_ = h.SetEDNS0(1232, 16, false)
		m.Answers = []dnsmessage.Resource{cname(host+".", "b.test.", 9), cname("b.test.", host+".", 9)}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{
			Options: []dnsmessage.Option{{Code: optionSubnet, Data: append(subnetOption(subnet)[:3:3], 16, 203, 0, 113)}},
		}}}
	}))
	f.Add(response(a, 60, nil, func(m *dnsmessage.Message) {
		m.Answers = []dnsmessage.Resource{cname(host+".", "b.test.", 9)}
	}))
	f.Add(response(a, 60, nil, code(3), func(m *dnsmessage.Message) {
		m.Authorities = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.name, Class: dnsmessage.ClassINET, TTL: 1 << 31},
			Body:   &dnsmessage.SOAResource{NS: q.name, MBox: q.name, MinTTL: 1<<32 - 1},
		}}
	}))
	query, err := q.pack(7)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(query)
	f.Add(append(response(a, 60, nil)[:4], "\x00\x02000000\x03www\aexample\x04test\x00\x00\x01\x00\x01\xff"...)) // a second question, cut off
	f.Fuzz(func(t *testing.T, msg []byte) {
		r, err := parse(msg, 7, q)
		if err != nil {
			if !errors.Is(err, errBadMessage) {
				t.Errorf("parse: error %v, want one that is errBadMessage", err)
			}
			return
		}
		if len(msg) < 12 || binary.BigEndian.Uint16(msg) != 7 {
			t.Errorf("parse took %x for the answer to query 7", msg)
		}
		if len(r.addrs) > maxAddrs || r.ttl < 0 || r.negative < 0 || r.negative > mostNegative {
			t.Errorf("parse = %d addresses, TTL %v, nothing for %v", len(r.addrs), r.ttl, r.negative)
		}
		if r.alias.Length > 0 && (len(r.addrs) > 0 || r.circle) {
			t.Errorf("parse = addresses %v, circle %v and the alias %v", r.addrs, r.circle, r.alias)
		}
		if r.scope.IsValid() && (r.scope != r.scope.Masked() || !r.scope.Overlaps(subnet)) {
			t.Errorf("parse = the scope %v of a query for %v", r.scope, subnet)
		}
		for _, a := range r.addrs {
			if !a.Is4() || a.IsUnspecified() {
				t.Errorf("parse gave the address %v", a)
			}
		}
	})
}

// Whatever comes over a connection, it ends, and nobody gets another's answer.
func FuzzStream(f *testing.F) {
	q := question{name: dnsmessage.MustNewName(host + "."), kind: dnsmessage.TypeA}
	framed, err := q.framed(7)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(framed)
	f.Add([]byte("\x00\x00\x00\x01\x07\xff\xff"))
	f.Fuzz(func(t *testing.T, input []byte) {
		s := newStream()
		here, there := net.Pipe()
		go func() { _, _ = there.Write(input); there.Close() }()
		answer := make(chan []byte, 1)
		s.awaited[7] = answer
		s.run(t.Context(), func(context.Context) (net.Conn, error) { return here, nil })
		if s.open() || !errors.Is(s.err, errLost) {
			t.Errorf("the stream ended with %v, want errLost", s.err)
		}
		select {
		case msg := <-answer:
			if len(msg) < 2 || binary.BigEndian.Uint16(msg) != 7 || !bytes.Contains(input, msg) {
				t.Errorf("got %x for the answer to query 7, of %x", msg, input)
			}
		default:
		}
	})
}

func FuzzParseResolver(f *testing.F) {
	for _, s := range []string{"system", "192.0.2.53", "[2001:db8::1]:53", "tls://192.0.2.53:853#dns.example", "https://dns.example/dns-query", "tls://[::1%25lo]#%00", "::0%]00", "tls://]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := parseResolver(s)
		if err != nil || e == (endpoint{}) {
			return
		}
		if _, _, err := net.SplitHostPort(e.addr); err != nil {
			t.Errorf("parseResolver(%q) = %+v, which cannot be dialled: %v", s, e, err)
		}
	})
}
