//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the advisory lock of an open file, which ends when the file is
// closed or the process ends. It reports whether another holds it. flock(2) is
// independent of the locks by which SQLite keeps its own order.
func lock(f *os.File) (held bool) {
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}
