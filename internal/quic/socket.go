package quic

import (
	"errors"
	"net"
	"strings"
	"sync/atomic"

	"github.com/quic-go/quic-go"
)

// A udpSocket notes why the system would not send: quic-go then ends the
// connection, and tells why in words only.
type udpSocket struct {
	*net.UDPConn
	failed atomic.Pointer[error]
}

var _ quic.OOBCapablePacketConn = (*udpSocket)(nil)

// WriteMsgUDP is what quic-go sends by.
func (s *udpSocket) WriteMsgUDP(b, oob []byte, to *net.UDPAddr) (n, oobn int, err error) {
	n, oobn, err = s.UDPConn.WriteMsgUDP(b, oob, to)
	if err != nil {
		why := err
		s.failed.Store(&why)
	}
	return n, oobn, err
}

// why returns the system's error where a connection ended for it, and
// otherwise the given one.
func (e *Endpoint) why(err error) error {
	s, isUDP := e.socket.(*udpSocket)
	ended, local := errors.AsType[*quic.TransportError](err)
	if !isUDP || !local || ended.Remote || ended.ErrorCode != quic.InternalError {
		return err
	}
	if failed := s.failed.Load(); failed != nil && strings.Contains(ended.ErrorMessage, (*failed).Error()) {
		return *failed
	}
	return err
}
