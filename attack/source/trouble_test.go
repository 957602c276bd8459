package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestTrouble(t *testing.T) {
	dial := func(call string, number syscall.Errno) error {
		return fmt.Errorf("wrapped: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, number)})
	}
	read := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	tests := []struct {
		err       error
		reason    string
		generator bool
	}{
		{nil, "", false},
		{dial("connect", syscall.ECONNREFUSED), "connect refused", false},
		{dial("connect", syscall.ECONNRESET), "connect reset", false},
		{dial("connect", syscall.ETIMEDOUT), "connect timeout", false},
		{dial("connect", syscall.ENETUNREACH), "network unreachable", false},
		{dial("connect", syscall.EHOSTUNREACH), "host unreachable", false},
		{dial("connect", syscall.EADDRNOTAVAIL), "out of ports", true},
		{dial("bind", syscall.EADDRINUSE), "out of ports", true},
		{dial("bind", syscall.EADDRNOTAVAIL), "source address not available", true},
		{dial("connect", syscall.EINVAL), "source address cannot reach target", true},
		{dial("connect", syscall.EPERM), "blocked by this machine", true},
		{dial("socket", syscall.EMFILE), "too many open files", true},
		{dial("socket", syscall.ENFILE), "too many open files", true},
		{dial("connect", syscall.ENOBUFS), "out of socket memory", true},
		{dial("setsockopt", syscall.EOPNOTSUPP), "source address unsupported", true},
		{dial("connect", syscall.EPROTO), "connect failed", false},
		{&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, "connect timeout", false},
		{read(os.NewSyscallError("read", syscall.ECONNRESET)), "connection reset", false},
		{read(os.NewSyscallError("write", syscall.EPIPE)), "connection reset", false},
		{read(os.ErrDeadlineExceeded), "connection timeout", false},
		{read(io.EOF), "connection closed", false},
		{io.ErrUnexpectedEOF, "connection closed", false},
		{net.ErrClosed, "connection closed", false},
		{context.DeadlineExceeded, "connection timeout", false},
		{context.Canceled, "cancelled", false},
		{errors.New("odd"), "connection failed", false},
	}
	for _, test := range tests {
		reason, generator := Trouble(test.err)
		if reason != test.reason || generator != test.generator {
			t.Errorf("Trouble(%v) = %q, %v, want %q, %v", test.err, reason, generator, test.reason, test.generator)
		}
		if remedy := Remedy(reason); !generator && remedy != "" {
			t.Errorf("Remedy(%q) = %q, though it is the target's trouble", reason, remedy)
		}
	}
}

// What this machine runs out of comes with what to do.
func TestRemedy(t *testing.T) {
	for reason, want := range map[string]string{
		"too many open files":          "ulimit -Hn",
		"out of ports":                 "clients.addresses",
		"out of socket memory":         "net.ipv4.tcp_mem",
		"source address not available": "ip route add local",
		"blocked by this machine":      "firewall",
	} {
		if got := Remedy(reason); !strings.Contains(got, want) {
			t.Errorf("Remedy(%q) = %q, want %q in it", reason, got, want)
		}
	}
}
