//go:build unix

package run

import "golang.org/x/sys/unix"

// mostFiles returns how many files this process may have open.
func mostFiles() (n uint64, known bool) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}
