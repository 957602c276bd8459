package quic

import (
	"errors"

	"github.com/quic-go/quic-go"
)

// AtLimit reports whether the peer allows no more streams for now.
func AtLimit(err error) bool {
	_, limit := errors.AsType[*quic.StreamLimitReachedError](err)
	return limit
}

// WouldBlock reports whether the peer takes not so much at once.
func WouldBlock(err error) bool { return errors.Is(err, quic.ErrWouldBlock) }

// Reset returns the code with which the peer ended a stream, and whether that
// is what the error says.
func Reset(err error) (code uint64, reset bool) {
	e, ok := errors.AsType[*quic.StreamError](err)
	if !ok || !e.Remote {
		return 0, false
	}
	return uint64(e.ErrorCode), true
}

// Closed returns the code with which the peer's application closed the
// connection, and whether that is what the error says.
func Closed(err error) (code uint64, closed bool) {
	e, ok := errors.AsType[*quic.ApplicationError](err)
	if !ok || !e.Remote {
		return 0, false
	}
	return uint64(e.ErrorCode), true
}

// Handshake reports whether a connection failed for its TLS handshake, or
// since the two sides have no version of QUIC in common.
func Handshake(err error) bool {
	if e, ok := errors.AsType[*quic.TransportError](err); ok {
		return e.ErrorCode.IsCryptoError()
	}
	_, version := errors.AsType[*quic.VersionNegotiationError](err)
	return version
}

// NoAnswer reports whether a connection failed since nothing came from the
// peer for too long before it stood.
func NoAnswer(err error) bool {
	_, silent := errors.AsType[*quic.IdleTimeoutError](err)
	_, slow := errors.AsType[*quic.HandshakeTimeoutError](err)
	return silent || slow
}
