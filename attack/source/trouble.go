package source

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// Trouble puts an error of a connection, be it from dialling, reading or
// writing, into a few fixed words, and says whether the load generator itself
// is to blame, so that nothing may be concluded about the target. The words
// are empty for nil. An error that it does not know is "connect failed" or
// "connection failed", and the target's.
func Trouble(err error) (reason string, generator bool) {
	var denied *DeniedError
	var mixed *FamilyError
	switch {
	case err == nil:
		return "", false
	case errors.As(err, &denied):
		return "not authorised", false
	case errors.As(err, &mixed):
		return "address family mismatch", true
	case errors.Is(err, errors.ErrUnsupported):
		return "source address unsupported", true
	}
	if reason := generatorsTrouble(err); reason != "" {
		return reason, true
	}
	return targetsTrouble(err), false
}

// Remedy says what to do about the generator's own trouble that [Trouble]
// gives as a reason; it is empty for a reason of another kind.
func Remedy(reason string) string {
	switch reason {
	case tooManyFiles:
		return "raise the hard limit on open files (ulimit -Hn, or LimitNOFILE= of a systemd unit), or lower clients.count or clients.connections"
	case outOfPorts:
		return "give the clients more source addresses (clients.addresses), or widen net.ipv4.ip_local_port_range"
	case outOfMemory:
		return "use fewer connections, or raise net.ipv4.tcp_mem"
	case notAvailable:
		return "add the address with `ip address add`, or its prefix with `ip route add local PREFIX dev lo`"
	case blocked:
		return "look at this machine's firewall"
	}
	return ""
}

// The words for what this machine may lack.
const (
	tooManyFiles = "too many open files"
	outOfPorts   = "out of ports"
	outOfMemory  = "out of socket memory"
	notAvailable = "source address not available"
	blocked      = "blocked by this machine"
)

// generatorsTrouble returns the words for what this machine lacks, or nothing.
func generatorsTrouble(err error) string {
	var call *os.SyscallError
	binding := errors.As(err, &call) && call.Syscall == "bind"
	var number syscall.Errno
	errors.As(err, &number)
	switch number {
	case syscall.EMFILE, syscall.ENFILE:
		return tooManyFiles
	case syscall.EADDRNOTAVAIL, syscall.EADDRINUSE:
		if binding && number == syscall.EADDRNOTAVAIL {
			return notAvailable
		}
		return outOfPorts
	case syscall.ENOBUFS, syscall.ENOMEM:
		return outOfMemory
	case syscall.EINVAL:
		return "source address cannot reach target"
	case syscall.EACCES, syscall.EPERM:
		return blocked
	}
	return ""
}

// targetsTrouble returns the words for what came, or did not come, from the
// network.
func targetsTrouble(err error) string {
	phase := "connection"
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		phase = "connect"
	}
	var timed interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, syscall.ECONNREFUSED):
		return phase + " refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return phase + " reset"
	case errors.Is(err, syscall.ENETUNREACH):
		return "network unreachable"
	case errors.Is(err, syscall.EHOSTUNREACH):
		return "host unreachable"
	case errors.As(err, &timed) && timed.Timeout():
		return phase + " timeout"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "connection closed"
	}
	return phase + " failed"
}
