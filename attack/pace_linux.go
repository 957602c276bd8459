package attack

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sharpen makes the sleeps of the thread end on time: without it the kernel
// adds up to 50 µs to each, to wake up for several things at once
// (PR_SET_TIMERSLACK of prctl(2)). A kernel that refuses leaves them as they
// are, and the send lag shows it.
func sharpen() { unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) }

// blunt takes sharpen back.
func blunt() { unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }

// nap sleeps in the system and not by the runtime's timers, which are late by
// half a millisecond. The scheduler is not told of it, so that the send loop
// keeps its processor; a signal, such as the garbage collector's, ends it
// early.
func nap(span time.Duration) {
	t := syscall.NsecToTimespec(int64(span))
	syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}
