package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
)

const (
	// dnsAddress is where the lab's DNS server listens: a loopback address of
	// its own, apart from those of edges and clients.
	dnsAddress = "127.53.0.53"

	dnsConns       = 256              // open TCP connections of the DNS server; more wait
	dnsIdleTimeout = 10 * time.Second // the longest that a TCP connection may be idle or slow (RFC 7766 asks for seconds)
	dnsReadBuffer  = 1 << 20          // bytes that the kernel may hold for the UDP socket: many clients resolve at once
)

// LookupCounts are DNS queries answered, by what they asked for. Queries that
// could be answered with an error only are among Other.
type LookupCounts struct{ A, AAAA, Other int64 }

// A resolveFunc returns what a viewer in subnet is given, and for how long.
type resolveFunc func(subnet netip.Prefix, ipv6 bool) ([]netip.Addr, time.Duration)

// A dnsServer answers queries for one name over UDP and TCP.
type dnsServer struct {
	addr           netip.AddrPort
	answerer       answerer
	udp            *net.UDPConn
	tcp            net.Listener
	a, aaaa, other atomic.Int64
	running        sync.WaitGroup
	mu             sync.Mutex
	conns          map[net.Conn]bool // open TCP connections; nil once closed
}

// newDNSServer listens and begins to answer. The caller must call close.
func newDNSServer(name string, resolve resolveFunc) (*dnsServer, error) {
	answerer, err := newAnswerer(name, resolve)
	if err != nil {
		return nil, err
	}
	d := &dnsServer{answerer: answerer, conns: make(map[net.Conn]bool)}
	for range portTries {
		if err = d.listen(); err == nil {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen for the lab's DNS on %s: %w", dnsAddress, err)
	}
	d.running.Go(d.serveUDP)
	d.running.Go(d.serveTCP)
	return d, nil
}

// listen takes one port for UDP and TCP alike.
func (d *dnsServer) listen() error {
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(dnsAddress), 0)))
	if err != nil {
		return err
	}
	addr := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return errors.Join(err, udp.Close())
	}
	_ = udp.SetReadBuffer(dnsReadBuffer) // the kernel may give less; that is no fault
	d.addr, d.udp, d.tcp = addr, udp, netutil.LimitListener(tcp, dnsConns)
	return nil
}

// serveUDP answers one datagram after the other until the socket is closed.
func (d *dnsServer) serveUDP() {
	query := make([]byte, 64<<10)
	var reply []byte
	for {
		n, from, err := d.udp.ReadFromUDPAddrPort(query)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an error of one datagram, such as an earlier reply refused
		}
		reply = d.reply(reply[:0], query[:n], from.Addr(), false)
		if len(reply) > 0 {
			_, _ = d.udp.WriteToUDPAddrPort(reply, from) // a client that left asks again
		}
	}
}

// serveTCP accepts connections until the listener is closed.
func (d *dnsServer) serveTCP() {
	for {
		conn, err := d.tcp.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors: let some be closed
			continue
		}
		if !d.keep(conn) {
			return
		}
		d.running.Go(func() { d.serveConn(conn) })
	}
}

// keep notes an open connection, or closes it and reports false when the
// server is closed.
func (d *dnsServer) keep(conn net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conns == nil {
		_ = conn.Close()
		return false
	}
	d.conns[conn] = true
	return true
}

// serveConn answers the queries of one connection in turn, each led by its
// length in two bytes (RFC 1035, section 4.2.2).
func (d *dnsServer) serveConn(conn net.Conn) {
	defer func() {
		d.mu.Lock()
		delete(d.conns, conn)
		d.mu.Unlock()
		_ = conn.Close()
	}()
	from, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return
	}
	query, reply := make([]byte, 64<<10), make([]byte, 0, 1<<10)
	for conn.SetDeadline(time.Now().Add(dnsIdleTimeout)) == nil {
		if _, err := io.ReadFull(conn, query[:2]); err != nil {
			return
		}
		n := binary.BigEndian.Uint16(query)
		if _, err := io.ReadFull(conn, query[:n]); err != nil {
			return
		}
		reply = d.reply(append(reply[:0], 0, 0), query[:n], from.AddrPort().Addr(), true)
		if len(reply) <= 2 {
			return // garbage: the stream cannot be trusted any more
		}
		binary.BigEndian.PutUint16(reply, uint16(len(reply)-2))
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// reply appends the answer to query to buf and counts it, or returns buf as
// it is when the query deserves none.
func (d *dnsServer) reply(buf, query []byte, from netip.Addr, stream bool) []byte {
	reply, kind := d.answerer.answer(buf, query, from.Unmap(), stream)
	if len(reply) == len(buf) {
		return buf
	}
	switch kind {
	case lookupA:
		d.a.Add(1)
	case lookupAAAA:
		d.aaaa.Add(1)
	default:
		d.other.Add(1)
	}
	return reply
}

// counts returns the queries answered so far.
func (d *dnsServer) counts() LookupCounts {
	return LookupCounts{A: d.a.Load(), AAAA: d.aaaa.Load(), Other: d.other.Load()}
}

// close stops answering and waits for every goroutine. It may be called once.
func (d *dnsServer) close() error {
	err := errors.Join(d.udp.Close(), d.tcp.Close())
	d.mu.Lock()
	for conn := range d.conns {
		_ = conn.Close() // its goroutine may have closed it already
	}
	d.conns = nil
	d.mu.Unlock()
	d.running.Wait()
	return err
}
