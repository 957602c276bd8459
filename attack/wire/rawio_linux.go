package wire

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readFD and writeFD are read(2) and write(2) on a descriptor that never
// blocks. The scheduler is not told of the call, as it is of others: since the
// call may take longer than the scheduler's patience with system calls, some
// 20 µs, it would hand this goroutine's processor to another thread, and back.

func readFD(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), err
}

func writeFD(fd uintptr, b []byte) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)))
	return int(n), err
}

// unacknowledged returns how many of the bytes sent the peer's TCP has not
// acknowledged (SIOCOUTQ of tcp(7)). It does so of all that it takes for a
// socket that its program still has open, at the latest when that closes it.
func unacknowledged(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.TIOCOUTQ)
	if err != nil {
		return 0
	}
	return n
}
