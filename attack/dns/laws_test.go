package dns

import (
	"encoding/binary"
	"errors"
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
	q := question{name: dnsmessage.MustNewName(host + "."), kind: dnsmessage.TypeA, edns: true}
	a := asked{id: 7, name: q.name, kind: q.kind}
	f.Add(response(a, 60, []string{"192.0.2.1", "192.0.2.2"}))
	f.Add(response(a, 60, nil, code(3)))
	f.Add(response(a, 60, nil, func(m *dnsmessage.Message) {
		var h dnsmessage.ResourceHeader
		_ = h.SetEDNS0(1232, 16, false)
		m.Answers = []dnsmessage.Resource{cname(host+".", "b.test.", 9), cname("b.test.", host+".", 9)}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{}}}
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
		if len(r.addrs) > maxAddrs || r.ttl < 0 {
			t.Errorf("parse = %d addresses, TTL %v", len(r.addrs), r.ttl)
		}
		for _, a := range r.addrs {
			if !a.Is4() || a.IsUnspecified() {
				t.Errorf("parse gave the address %v", a)
			}
		}
	})
}
