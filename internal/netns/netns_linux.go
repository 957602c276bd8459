// Package netns gives a test a network of its own: addresses, routes and
// settings that are nobody else's, and that are gone after it.
package netns

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
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

// Inside reports whether the calling test runs in a network namespace with all
// of its goroutines. At first it does not: then Inside runs that one test once
// more, in a process of its own that is in a new namespace with the loopback
// interface up, takes its outcome over, and the test must return:
//
//	if !netns.Inside(t) {
//		return
//	}
//
// It needs the rights of root: without them the test is skipped.
func Inside(t *testing.T) bool {
	t.Helper()
	const mark = "FRONTLOAD_TEST_INSIDE"
	if os.Getenv(mark) == t.Name() {
		Do(t, "ip link set lo up")
		return true
	}
	again := exec.Command(os.Args[0], "-test.run=^"+regexp.QuoteMeta(t.Name())+"$", "-test.v", "-test.timeout=2m")
	again.Env = append(os.Environ(), mark+"="+t.Name())
	again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	out, err := again.CombinedOutput()
	switch {
	case errors.Is(err, unix.EPERM):
		t.Skipf("SKIPPED, NOT PASSED: a network namespace cannot be made here (%v); run as root, or with CAP_SYS_ADMIN", err)
	case err != nil:
		t.Errorf("in a network namespace: %v\n%s", err, out)
	case !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Errorf("in a network namespace the test did not run:\n%s", out)
	}
	return false
}
