package wire

import "net"

// A tlsPump stands between a TLS connection and its socket. During the
// handshake it is the socket. Afterwards TLS gets from it only what the
// socket's reader has put in, and is told that there is nothing yet when that
// is used up: an error that crypto/tls does not remember, as it is temporary.
type tlsPump struct {
	net.Conn
	to interface{ send([]byte) error } // nil during the handshake
	in []byte
}

func (p *tlsPump) Read(b []byte) (int, error) {
	if p.to == nil {
		return p.Conn.Read(b)
	}
	if len(p.in) == 0 {
		return 0, errNothingYet
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

func (p *tlsPump) Write(b []byte) (int, error) {
	if p.to == nil {
		return p.Conn.Write(b)
	}
	if err := p.to.send(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

var errNothingYet net.Error = nothingYet{}

type nothingYet struct{}

func (nothingYet) Error() string   { return "nothing to read yet" }
func (nothingYet) Timeout() bool   { return false }
func (nothingYet) Temporary() bool { return true }
