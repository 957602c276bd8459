package lab

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A question is a query as a test writes it.
type question struct {
	name   string
	kind   dnsmessage.Type
	class  dnsmessage.Class // zero means IN
	size   int              // UDP payload of an OPT record; zero for no OPT record
	subnet []byte           // data of a client subnet option; nil for none
	opcode dnsmessage.OpCode
	opts   int // further OPT records
	vers   uint8
}

const testID = 0x1234

func (q question) pack(t testing.TB) []byte {
	t.Helper()
	b := dnsmessage.NewBuilder(nil, dnsmessage.Header{ID: testID, RecursionDesired: true, OpCode: q.opcode})
	class := q.class
	if class == 0 {
		class = dnsmessage.ClassINET
	}
	must(t, b.StartQuestions())
	must(t, b.Question(dnsmessage.Question{Name: dnsmessage.MustNewName(q.name), Type: q.kind, Class: class}))
	if q.size > 0 {
		must(t, b.StartAdditionals())
		for range 1 + q.opts {
			var h dnsmessage.ResourceHeader
			must(t, h.SetEDNS0(q.size, 0, false))
			h.TTL |= uint32(q.vers) << 16
			var opt dnsmessage.OPTResource
			if q.subnet != nil {
				opt.Options = []dnsmessage.Option{{Code: 10, Data: []byte("cookie??")}, {Code: 8, Data: q.subnet}}
			}
			must(t, b.OPTResource(h, opt))
		}
	}
	packet, err := b.Finish()
	must(t, err)
	return packet
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// An unpacked is a reply as a test reads it.
type unpacked struct {
	dnsmessage.Message
	addrs  []netip.Addr
	opt    bool
	rcode  dnsmessage.RCode // with the upper bits of an OPT record
	subnet []byte
}

func unpack(t testing.TB, packet []byte) unpacked {
	t.Helper()
	var u unpacked
	if err := u.Unpack(packet); err != nil {
		t.Fatalf("unpack the reply %x: %v", packet, err)
	}
	if !u.Response || u.ID != testID {
		t.Fatalf("the reply's header is %+v", u.Header)
	}
	u.rcode = u.RCode
	for _, a := range u.Answers {
		switch r := a.Body.(type) {
		case *dnsmessage.AResource:
			u.addrs = append(u.addrs, netip.AddrFrom4(r.A))
		case *dnsmessage.AAAAResource:
			u.addrs = append(u.addrs, netip.AddrFrom16(r.AAAA))
		}
	}
	for _, a := range u.Additionals {
		r, ok := a.Body.(*dnsmessage.OPTResource)
		if !ok {
			t.Fatalf("the reply has an additional record %v", a)
		}
		u.opt = true
		u.rcode = a.Header.ExtendedRCode(u.RCode)
		for _, o := range r.Options {
			if o.Code != 8 {
				t.Errorf("the reply has an option %d", o.Code)
			}
			u.subnet = o.Data
		}
	}
	return u
}

// exchange sends packet over one connection and returns the reply.
func exchange(t *testing.T, conn net.Conn, packet []byte) []byte {
	t.Helper()
	must(t, conn.SetDeadline(time.Now().Add(5*time.Second)))
	reply := make([]byte, 64<<10)
	if conn.RemoteAddr().Network() == "udp" {
		_, err := conn.Write(packet)
		must(t, err)
		n, err := conn.Read(reply)
		must(t, err)
		return reply[:n]
	}
	_, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...))
	must(t, err)
	_, err = io.ReadFull(conn, reply[:2])
	must(t, err)
	n := binary.BigEndian.Uint16(reply)
	_, err = io.ReadFull(conn, reply[:n])
	must(t, err)
	return reply[:n]
}

func dial(t *testing.T, network, source, addr string) net.Conn {
	t.Helper()
	d := net.Dialer{Timeout: 5 * time.Second}
	ip := net.ParseIP(source)
	if d.LocalAddr = net.Addr(&net.UDPAddr{IP: ip}); network == "tcp" {
		d.LocalAddr = &net.TCPAddr{IP: ip}
	}
	conn, err := d.Dial(network, addr)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestDNSAnswersBySubnetAndRotates(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			b := newScripted(0)
			want := slices.Clone(b.addrs)
			s := startServer(t, b, Config{Name: "www.lab.test"})
			conn := dial(t, network, "127.92.0.9", s.Resolver())
			q := question{name: "www.LAB.test.", kind: dnsmessage.TypeA, size: 4096, subnet: []byte{0, 1, 24, 0, 203, 0, 113}}
			for i := range 4 {
				u := unpack(t, exchange(t, conn, q.pack(t)))
				want = append(want[1:], want[0])
				if !slices.Equal(u.addrs, want) {
					t.Errorf("answer %d is %v, want %v", i, u.addrs, want)
				}
				if u.Answers[0].Header.TTL != 60 || u.Answers[0].Header.Name.String() != q.name || !u.Authoritative || u.Questions[0].Name.String() != q.name {
					t.Errorf("answer %d is %+v, want TTL 60 and the name as asked", i, u.Message)
				}
				if !bytes.Equal(u.subnet, []byte{0, 1, 24, 24, 203, 0, 113}) {
					t.Errorf("answer %d echoes the subnet as %v", i, u.subnet)
				}
			}
			u := unpack(t, exchange(t, conn, question{name: "www.lab.test.", kind: dnsmessage.TypeAAAA}.pack(t)))
			if u.rcode != 0 || len(u.Answers)+len(u.Authorities)+len(u.Additionals) != 0 {
				t.Errorf("AAAA: got %+v, want NOERROR and nothing else", u.Message)
			}
			subnets := b.resolves()
			if got, want := subnets[0], netip.MustParsePrefix("203.0.113.0/24"); got != want {
				t.Errorf("the model was asked for %v, want %v", got, want)
			}
			if got, want := subnets[4], netip.MustParsePrefix("127.92.0.9/32"); got != want {
				t.Errorf("without a subnet the model was asked for %v, want the resolver's %v", got, want)
			}
			if got, want := s.LookupCounts(), (LookupCounts{A: 4, AAAA: 1}); got != want || s.Lookups() != 5 {
				t.Errorf("LookupCounts() = %+v, Lookups() = %d, want %+v and 5", got, s.Lookups(), want)
			}
		})
	}
}

func TestDNSIgnoresGarbageAndGoesOn(t *testing.T) {
	b := newScripted(0)
	s := startServer(t, b, Config{})
	conn := dial(t, "udp", "127.92.0.9", s.Resolver())
	for _, garbage := range [][]byte{{}, {1}, bytes.Repeat([]byte{0xff}, 100)} {
		_, err := conn.Write(garbage)
		must(t, err)
	}
	u := unpack(t, exchange(t, conn, question{name: DefaultName + ".", kind: dnsmessage.TypeA}.pack(t)))
	if len(u.addrs) != 3 || s.Lookups() != 1 {
		t.Errorf("after garbage: %v, %d look-ups, want 3 addresses and 1 look-up", u.addrs, s.Lookups())
	}
	stream := dial(t, "tcp", "127.92.0.9", s.Resolver())
	_, err := stream.Write([]byte{0, 1, 9})
	must(t, err)
	must(t, stream.SetDeadline(time.Now().Add(5*time.Second)))
	if n, err := stream.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("garbage over TCP: read %d bytes, %v, want the connection closed", n, err)
	}
}
