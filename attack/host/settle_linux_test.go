package host

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSpansOf(t *testing.T) {
	const maps = `00400000-01151000 r-xp 00000000 fe:00 5111833                            /opt/load test/frontload
01151000-01f87000 r--p 00d51000 fe:00 5111833                            /opt/load test/frontload
01f87000-02086000 rw-p 01b87000 fe:00 5111833                            /opt/load test/frontload
02086000-040d9000 rw-p 00000000 00:00 0                                  
7f0-7e0 r--p 0 0 0 /opt/load test/frontload
7f515d390000-7f515d400000 r-xp 00000000 fe:00 77                         /usr/lib/libc.so.6
nonsense
`
	want := []span{{0x400000, 0x1151000}, {0x1151000, 0x1f87000}}
	if got := spansOf(strings.NewReader(maps), "/opt/load test/frontload"); !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// Afterwards all of the program is in memory.
func TestSettle(t *testing.T) {
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(page)
	if err := unix.Madvise(page, unix.MADV_POPULATE_READ); err == unix.EINVAL {
		t.Skip("this kernel is older than Linux 5.14 and cannot have pages in memory ahead; runs go on without")
	}
	Settle()
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer smaps.Close()
	var size, resident, kb int64
	ours := false
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		line := lines.Text()
		if strings.Contains(line, "-") && !strings.HasPrefix(line, "VmFlags") {
			ours = len(spansOf(strings.NewReader(line), self)) > 0
		}
		if n, _ := fmt.Sscanf(line, "Size: %d kB", &kb); n == 1 && ours {
			size += kb
		}
		if n, _ := fmt.Sscanf(line, "Rss: %d kB", &kb); n == 1 && ours {
			resident += kb
		}
	}
	if size == 0 || resident < size {
		t.Errorf("%d kB of %d are in memory", resident, size)
	}
}
