package host

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Settle has all of the program's own code and constants in memory before a
// run, some 30 MB that are shared with the system's file cache: otherwise each
// page is had when something first happens that needs it, on time or not, and
// from the disk if need be. A system that cannot do it, such as a Linux before
// 5.14, does it page by page as before.
func Settle() {
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for _, s := range spansOf(maps, self) {
		unix.Syscall(unix.SYS_MADVISE, s.from, s.to-s.from, unix.MADV_POPULATE_READ)
	}
}

// A span is a part of the memory.
type span struct{ from, to uintptr }

// spansOf reads, from a list as of proc_pid_maps(5), where a file is in memory
// to be read only.
func spansOf(maps io.Reader, file string) []span {
	var spans []span
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var s span
		var access, offset, device, inode string
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x %s %s %s %s", &s.from, &s.to, &access, &offset, &device, &inode); n < 6 || s.from >= s.to {
			continue
		}
		if strings.HasPrefix(access, "r-") && strings.HasSuffix(lines.Text(), " "+file) {
			spans = append(spans, s)
		}
	}
	return spans
}
