package lab

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

var resolverAddr = netip.MustParseAddr("127.0.0.9")

// newTestAnswerer gives out n addresses of either family and notes the
// subnets that it was asked for.
func newTestAnswerer(t testing.TB, n int, subnets *[]netip.Prefix) answerer {
	t.Helper()
	a, err := newAnswerer("www.lab.test", func(subnet netip.Prefix, ipv6 bool) ([]netip.Addr, time.Duration) {
		if subnets != nil {
			*subnets = append(*subnets, subnet)
		}
		var addrs []netip.Addr
		for i := range n {
			four := [4]byte{127, 9, byte(i >> 8), byte(i)}
			if ipv6 {
				addrs = append(addrs, netip.AddrFrom16([16]byte{0x20, 1, 14: four[2], 15: four[3]}))
			} else {
				addrs = append(addrs, netip.AddrFrom4(four))
			}
		}
		return addrs, 90 * time.Second
	})
	must(t, err)
	return a
}

func TestAnswerCodes(t *testing.T) {
	name := "www.lab.test."
	for _, tc := range []struct {
		what  string
		q     question
		rcode dnsmessage.RCode
		addrs int
		kind  lookupKind
	}{
		{"addresses", question{name: name, kind: dnsmessage.TypeA}, 0, 2, lookupA},
		{"IPv6 addresses", question{name: name, kind: dnsmessage.TypeAAAA}, 0, 2, lookupAAAA},
		{"another type of the name is empty", question{name: name, kind: dnsmessage.TypeTXT}, 0, 0, lookupOther},
		{"so is any", question{name: name, kind: dnsmessage.TypeALL}, 0, 0, lookupOther},
		{"another name does not exist", question{name: "lab.test.", kind: dnsmessage.TypeA}, dnsmessage.RCodeNameError, 0, lookupA},
		{"nor does a name below", question{name: "a.www.lab.test.", kind: dnsmessage.TypeAAAA}, dnsmessage.RCodeNameError, 0, lookupAAAA},
		{"another class is refused", question{name: name, kind: dnsmessage.TypeA, class: dnsmessage.ClassCHAOS}, dnsmessage.RCodeRefused, 0, lookupOther},
		{"an update is not implemented", question{name: name, kind: dnsmessage.TypeA, opcode: 5}, dnsmessage.RCodeNotImplemented, 0, lookupOther},
		{"EDNS version 1 is not known", question{name: name, kind: dnsmessage.TypeA, size: 512, vers: 1}, rcodeBadVersion, 0, lookupOther},
		{"two OPT records are wrong", question{name: name, kind: dnsmessage.TypeA, size: 512, opts: 1}, dnsmessage.RCodeFormatError, 0, lookupOther},
		{"a bad subnet is wrong", question{name: name, kind: dnsmessage.TypeA, size: 512, subnet: []byte{0, 1, 24, 0, 1}}, dnsmessage.RCodeFormatError, 0, lookupOther},
	} {
		t.Run(tc.what, func(t *testing.T) {
			a := newTestAnswerer(t, 2, nil)
			reply, kind := a.answer(nil, tc.q.pack(t), resolverAddr, false)
			u := unpack(t, reply)
			if u.rcode != tc.rcode || len(u.addrs) != tc.addrs || kind != tc.kind {
				t.Errorf("got code %v, %d addresses, kind %d; want %v, %d, %d", u.rcode, len(u.addrs), kind, tc.rcode, tc.addrs, tc.kind)
			}
			if u.opt != (tc.q.size > 0) {
				t.Errorf("the reply has an OPT record: %v; the query: %v", u.opt, !u.opt)
			}
		})
	}
}

func TestAnswerFormatErrors(t *testing.T) {
	good := question{name: "www.lab.test.", kind: dnsmessage.TypeA}.pack(t)
	two := slices.Clone(good)
	two[5] = 2
	two = append(two, good[12:]...)
	none := slices.Clone(good[:12])
	none[5] = 0
	a := newTestAnswerer(t, 2, nil)
	for what, packet := range map[string][]byte{
		"cut off": good[:len(good)-3], "two questions": two, "no question": none, "header only": good[:12],
	} {
		reply, _ := a.answer(nil, packet, resolverAddr, false)
		if u := unpack(t, reply); u.rcode != dnsmessage.RCodeFormatError {
			t.Errorf("%s: code %v, want FORMERR", what, u.rcode)
		}
	}
	response := slices.Clone(good)
	response[2] |= 0x80
	if reply, _ := a.answer(nil, response, resolverAddr, false); len(reply) != 0 {
		t.Errorf("a reply was answered with %x", reply)
	}
}

func TestAnswerIsCutToWhatTheClientTakes(t *testing.T) {
	for _, tc := range []struct {
		what      string
		addrs     int
		size      int
		stream    bool
		truncated bool
	}{
		{"few fit", 8, 0, false, false},
		{"many do not fit 512 bytes", 60, 0, false, true},
		{"a smaller size counts as 512", 8, 100, false, false},
		{"they fit where the client takes more", 60, 4096, false, false},
		{"but never more than 1,232 bytes", 100, 65535, false, true},
		{"over TCP all fit", 3000, 0, true, false},
		{"but no more than a message can hold", 5000, 0, true, true},
	} {
		t.Run(tc.what, func(t *testing.T) {
			a := newTestAnswerer(t, tc.addrs, nil)
			q := question{name: "www.lab.test.", kind: dnsmessage.TypeA, size: tc.size}
			lead := []byte{7, 7}
			reply, _ := a.answer(lead, q.pack(t), resolverAddr, tc.stream)
			if !bytes.HasPrefix(reply, lead) {
				t.Fatalf("the reply overwrites what was there: %x", reply[:2])
			}
			u := unpack(t, reply[2:])
			want := tc.addrs
			if tc.truncated {
				want = 0
			}
			if u.Truncated != tc.truncated || len(u.addrs) != want {
				t.Errorf("truncated %v with %d addresses in %d bytes, want %v with %d", u.Truncated, len(u.addrs), len(reply)-2, tc.truncated, want)
			}
		})
	}
}

func TestClientSubnet(t *testing.T) {
	name := "www.lab.test."
	for _, tc := range []struct {
		what   string
		data   []byte
		prefix string // what the model is asked for
		echo   []byte
	}{
		{"a /24", []byte{0, 1, 24, 0, 192, 0, 2}, "192.0.2.0/24", []byte{0, 1, 24, 24, 192, 0, 2}},
		{"a /20 has its own scope", []byte{0, 1, 20, 0, 192, 0, 16}, "192.0.16.0/20", []byte{0, 1, 20, 20, 192, 0, 16}},
		{"a /32 is read as its /24", []byte{0, 1, 32, 0, 192, 0, 2, 77}, "192.0.2.0/24", []byte{0, 1, 32, 24, 192, 0, 2, 77}},
		{"a /56", []byte{0, 2, 56, 0, 0x20, 1, 0xd, 0xb8, 0, 1, 2}, "2001:db8:1:200::/56", []byte{0, 2, 56, 56, 0x20, 1, 0xd, 0xb8, 0, 1, 2}},
		{"a /0 hides the client", []byte{0, 1, 0, 0}, "127.0.0.9/32", []byte{0, 1, 0, 0}},
	} {
		t.Run(tc.what, func(t *testing.T) {
			var asked []netip.Prefix
			a := newTestAnswerer(t, 4, &asked)
			q := question{name: name, kind: dnsmessage.TypeA, size: 1232, subnet: tc.data}
			reply, _ := a.answer(nil, q.pack(t), resolverAddr, false)
			u := unpack(t, reply)
			if len(asked) != 1 || asked[0] != netip.MustParsePrefix(tc.prefix) || !bytes.Equal(u.subnet, tc.echo) {
				t.Errorf("the model was asked for %v, the echo is %v; want %s, %v", asked, u.subnet, tc.prefix, tc.echo)
			}
		})
	}
	none := newTestAnswerer(t, 0, nil)
	q := question{name: name, kind: dnsmessage.TypeA, size: 1232, subnet: []byte{0, 1, 24, 0, 192, 0, 2}}
	reply, _ := none.answer(nil, q.pack(t), resolverAddr, false)
	if u := unpack(t, reply); !bytes.Equal(u.subnet, []byte{0, 1, 24, 0, 192, 0, 2}) {
		t.Errorf("an empty answer has the scope of %v, want 0", u.subnet)
	}
}

func TestClientSubnetFaults(t *testing.T) {
	for what, data := range map[string][]byte{
		"too short": {0, 1, 24}, "unknown family": {0, 3, 8, 0, 1}, "a scope": {0, 1, 24, 24, 192, 0, 2},
		"too few bytes": {0, 1, 24, 0, 192, 0}, "too many": {0, 1, 24, 0, 192, 0, 2, 1},
		"too long for IPv4": {0, 1, 33, 0, 192, 0, 2, 1, 0}, "bits beyond the length": {0, 1, 20, 0, 192, 0, 31},
	} {
		if c, err := parseClientSubnet(data); err == nil {
			t.Errorf("%s: parseClientSubnet(%v) = %v, want an error", what, data, c)
		}
	}
}

// FuzzAnswer holds that no packet makes the answerer panic, write more than
// the transport takes, or send back more than 1,232 bytes, and that what it
// sends can be read.
func FuzzAnswer(f *testing.F) {
	f.Add(question{name: "www.lab.test.", kind: dnsmessage.TypeA}.pack(f), false)
	f.Add(question{name: "www.lab.test.", kind: dnsmessage.TypeA, size: 4096, subnet: []byte{0, 1, 24, 0, 1, 2, 3}}.pack(f), true)
	f.Add(question{name: "www.lab.test.", kind: dnsmessage.TypeAAAA, size: 4096, subnet: []byte{0, 2, 128, 0, 10: 0xff, 11: 0xff, 19: 1}}.pack(f), false)
	f.Add([]byte{0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1}, false)
	a := newTestAnswerer(f, 40, nil)
	f.Fuzz(func(t *testing.T, packet []byte, stream bool) {
		reply, _ := a.answer(nil, packet, resolverAddr, stream)
		if len(reply) == 0 {
			return
		}
		limit := maxUDPSize
		if stream {
			limit = maxTCPSize
		}
		if len(reply) > limit {
			t.Errorf("%d bytes answer %d bytes, want at most %d", len(reply), len(packet), limit)
		}
		var m dnsmessage.Message
		if err := m.Unpack(reply); err != nil {
			t.Errorf("the reply %x to %x cannot be read: %v", reply, packet, err)
		}
		if !m.Response || m.ID != uint16(packet[0])<<8|uint16(packet[1]) {
			t.Errorf("the reply's header is %+v", m.Header)
		}
	})
}
