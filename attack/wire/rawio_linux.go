package wire

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that the scheduler is not told of. Most do not block. Of those
// that do, the garbage collector or whoever else needs the processor ends one
// by a signal, with EINTR.

func sendto(fd int, b []byte, flags int) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), uintptr(flags), 0, 0)
	return int(n), err
}

func recvmsg(fd int, m *unix.Msghdr, flags int) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(m)), uintptr(flags))
	return int(n), err
}

// epollWait returns how many events there are; with wait it blocks until there
// is one, or until a signal.
func epollWait(fd int, events []unix.EpollEvent, wait bool) int {
	timeout := 0
	if wait {
		timeout = -1
	}
	n, _, err := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), uintptr(timeout), 0, 0)
	if err != 0 {
		return 0
	}
	return int(n)
}

// awaitReadable waits until a descriptor can be read, or for the given time, or
// until a signal.
func awaitReadable(fd int, most time.Duration) bool {
	poll := unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
	span := unix.NsecToTimespec(int64(most))
	n, _, err := syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&poll)), 1, uintptr(unsafe.Pointer(&span)), 0, 0, 0)
	return err == 0 && n == 1
}
