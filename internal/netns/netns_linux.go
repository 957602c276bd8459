// Package netns gives a test a network of its own: addresses, routes and
// settings that are nobody else's, and that are gone after it.
package netns

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Enter moves the calling test into a new network namespace in which nothing
// is but the loopback interface, up. Sockets that the test's own goroutine
// opens and processes that it starts are in it; other goroutines are not. It
// lasts until the test ends and those are closed and gone.
//
// It needs the rights of root: without them the test is skipped.
func Enter(t *testing.T) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Skipf("SKIPPED, NOT PASSED: a network namespace cannot be made here (%v); run as root, or with CAP_SYS_ADMIN", err)
	}
	Do(t, "ip link set lo up")
}

// Do runs a command, its words parted by spaces, in the namespace of the
// calling test.
func Do(t *testing.T, command string) {
	t.Helper()
	words := strings.Fields(command)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

// Set sets one of the kernel's network settings, such as
// net.ipv4.ip_local_port_range, in the namespace of the calling test.
func Set(t *testing.T, name, value string) {
	t.Helper()
	path := filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/"))
	if err := os.WriteFile(path, []byte(value), 0); err != nil {
		t.Fatalf("set %s to %q: %v", name, value, err)
	}
}
