//go:build unix && !linux

package wire

import (
	"errors"
	"syscall"
)

// readFD and writeFD are read(2) and write(2) on a descriptor that never
// blocks.

func readFD(fd uintptr, b []byte) (int, syscall.Errno) { return withErrno(syscall.Read(int(fd), b)) }

func writeFD(fd uintptr, b []byte) (int, syscall.Errno) { return withErrno(syscall.Write(int(fd), b)) }

func withErrno(n int, err error) (int, syscall.Errno) {
	var errno syscall.Errno
	errors.As(err, &errno)
	return n, errno
}

// unacknowledged is not known here.
func unacknowledged(int) int { return 0 }
