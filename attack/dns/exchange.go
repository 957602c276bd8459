package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"
)

// maxDatagram is the longest answer that is read from UDP; longer ones are cut
// off and then not understood. Over TCP the format itself sets 64 KiB.
const maxDatagram = 4096

// overSocket asks over UDP, or over TCP where q is to go by stream. Each query
// has a socket of its own, connected, so that the kernel refuses what others
// send, and with a random port and a random id.
func (p *Pool) overSocket(ctx context.Context, to endpoint, q question) (reply, error) {
	id := uint16(rand.Uint32())
	network, pack, receive := "udp", q.pack, readDatagrams
	if q.byStream || to.via == overTCP {
		network, pack, receive = "tcp", q.framed, readStream
	}
	msg, err := pack(id)
	if err != nil {
		return reply{}, unsentError{fmt.Errorf("pack the query: %w", err)}
	}
	conn, err := p.cfg.Dial(ctx, network, to.addr)
	if err != nil {
		return reply{}, unsentError{because(ctx, err)}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(msg); err != nil {
		return reply{}, unsentError{because(ctx, err)}
	}
	r, err := receive(conn, func(msg []byte) (reply, error) { return parse(msg, id, q) })
	if err != nil {
		return reply{}, because(ctx, err)
	}
	return r, nil
}

// because tells why ctx ended where that is why err came: a deadline of the
// connection follows it.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	if cause == nil {
		return err
	}
	if errors.Is(err, errBadMessage) {
		return fmt.Errorf("%w after %w", cause, err)
	}
	return cause
}

// readDatagrams reads packets until one is the answer. Others, be they
// garbage, late, or forged, are passed over; the last of them is told of when
// no answer comes.
func readDatagrams(conn net.Conn, understand func([]byte) (reply, error)) (reply, error) {
	buf := make([]byte, maxDatagram)
	var bad error
	for {
		n, err := conn.Read(buf)
		if err != nil && bad != nil {
			return reply{}, bad
		}
		if err != nil {
			return reply{}, err
		}
		r, err := understand(buf[:n])
		if err == nil {
			return r, nil
		}
		bad = err
	}
}

// readStream reads the one message that a connection is for.
func readStream(conn net.Conn, understand func([]byte) (reply, error)) (reply, error) {
	msg, err := readMessage(conn)
	if err != nil {
		return reply{}, fmt.Errorf("%w: %w", errLost, err)
	}
	return understand(msg)
}
