package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// An asker puts one question to one server, once, until ctx ends. Its reply
// may carry any response code.
type asker func(ctx context.Context, server netip.AddrPort, q question) (reply, error)

// maxDatagram is the longest answer that is read from UDP; longer ones are cut
// off and then not understood. Over TCP the format itself sets 64 KiB.
const maxDatagram = 4096

// wire asks over UDP, and over TCP where the answer is too long for that. Each
// query has a socket of its own, connected, so that the kernel refuses what
// others send, and with a random port and a random id.
type wire struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)
}

func (w wire) ask(ctx context.Context, server netip.AddrPort, q question) (reply, error) {
	r, err := w.over(ctx, "udp", server, q, readDatagrams)
	if err != nil || !r.truncated {
		return r, err
	}
	if r, err = w.over(ctx, "tcp", server, q, readStream); err != nil {
		return reply{}, fmt.Errorf("ask over TCP, the answer being too long for UDP: %w", err)
	}
	if r.truncated {
		return reply{}, fmt.Errorf("%w: it is cut off even over TCP", errBadMessage)
	}
	return r, nil
}

// over sends a question by one transport and has receive read the answer.
func (w wire) over(ctx context.Context, network string, server netip.AddrPort, q question,
	receive func(net.Conn, func([]byte) (reply, error)) (reply, error),
) (reply, error) {
	id := uint16(rand.Uint32())
	msg, err := q.pack(id)
	if err != nil {
		return reply{}, fmt.Errorf("pack the query: %w", err)
	}
	if network == "tcp" {
		msg = append(binary.BigEndian.AppendUint16(nil, uint16(len(msg))), msg...)
	}
	conn, err := w.dial(ctx, network, server.String())
	if err != nil {
		return reply{}, because(ctx, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(msg); err != nil {
		return reply{}, because(ctx, err)
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

// readStream reads one message with its length before it (RFC 1035, section
// 4.2.2).
func readStream(conn net.Conn, understand func([]byte) (reply, error)) (reply, error) {
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return reply{}, err
	}
	msg := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, msg); err != nil {
		return reply{}, err
	}
	return understand(msg)
}
