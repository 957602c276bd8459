//go:build !linux

package wire

import (
	"crypto/tls"
	"net"
)

// collectors read sockets where the system has epoll.
type collectors struct{}

func (*collectors) collect() bool { return false }
func (*collectors) hurry()        {}
func (*collectors) close()        {}

func (*Transport) socketLink(net.Conn, *tls.Conn, *tlsPump) (link, error) { return nil, nil }
