//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock takes the advisory lock of a file that is open, which ends with the
// process at the latest. It reports whether another holds it. flock(2) is
// independent of the locks by which SQLite keeps its own order.
func lock(f *os.File) (held bool) {
	return errors.Is(unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}
