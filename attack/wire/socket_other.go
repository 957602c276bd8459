//go:build !unix

package wire

import (
	"crypto/tls"
	"net"
)

// newSocketLink returns nil: sockets are only used by themselves where the
// system has descriptors.
func newSocketLink(net.Conn, *tls.Conn, *tlsPump, func(func())) link { return nil }
