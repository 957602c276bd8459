package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"frontload/attack/source"
	"frontload/results"
)

// Why an exchange ended without a whole answer, beside errors of the network.
var (
	ErrEnded     = errors.New("the run ended before the answer came")
	ErrHeader    = errors.New("the answer's header is too large")
	ErrBody      = errors.New("the answer's body is too large")
	ErrMalformed = errors.New("malformed answer")
	ErrNoStreams = errors.New("the server takes no request on a new connection")

	errLeft = errors.New("the server left before it processed the request")
)

// setError makes the call one that ended without a whole answer.
func (c *Call) setError(err error) {
	c.Err = err
	c.Sample.Outcome = results.Transport
	c.Sample.Reason, c.GeneratorFault = reason(err)
}

// reason sorts an error into a few fixed words, and says whether it was the
// generator's fault.
func reason(err error) (string, bool) {
	var certificate *TLSError
	var malformed *malformedError
	var stream streamError
	switch {
	case errors.Is(err, ErrEnded), errors.Is(err, context.Canceled):
		return "unanswered at the end", false
	case errors.Is(err, ErrHeader):
		return "header too large", false
	case errors.Is(err, ErrNoStreams):
		return "connection takes no request", false
	case errors.Is(err, ErrBody):
		return "body too large", false
	case errors.As(err, &malformed):
		return "malformed answer", false
	case errors.As(err, &certificate) && certificate.Certificate():
		return "tls certificate", false
	case errors.As(err, &certificate) && !isTimeout(err):
		return "tls handshake", false
	case errors.As(err, &stream):
		return "stream reset", false
	}
	word, generator := source.Trouble(err)
	var op *net.OpError
	if generator || errors.As(err, &op) && op.Op == "dial" {
		return word, generator
	}
	return networkReason(err), false
}

func networkReason(err error) string {
	switch {
	case isTimeout(err):
		return "timeout"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed early"
	case errors.Is(err, net.ErrClosed), errors.Is(err, errLeft):
		return "connection closed"
	}
	if word, _ := source.Trouble(err); word != "" {
		return word
	}
	return "transport error"
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// A malformedError is an answer that is no HTTP.
type malformedError struct{ err error }

func (e *malformedError) Error() string        { return fmt.Sprintf("%v: %v", ErrMalformed, e.err) }
func (e *malformedError) Unwrap() error        { return e.err }
func (e *malformedError) Is(target error) bool { return target == ErrMalformed }

// A streamError is a stream of HTTP/2 or HTTP/3 that the server reset.
type streamError struct{ stream, code uint64 }

func (e streamError) Error() string {
	return fmt.Sprintf("the server reset stream %d with code %#x", e.stream, e.code)
}
