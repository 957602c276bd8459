package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"frontload/internal/netns"
)

// limited is like program, with a limit of the shell's ulimit.
func limited(t *testing.T, dir, limit string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := program(t, dir)
	cmd.Path = "/bin/sh"
	cmd.Args = append([]string{"sh", "-c", "ulimit " + limit + `; exec "$0" "$@"`, os.Args[0]}, args...)
	return cmd
}

// The program raises its own limit on open files as far as it may.
func TestOpenFilesAreRaisedToTheHardLimit(t *testing.T) {
	t.Parallel()
	server := newCallers(t, "tcp4", "127.0.0.1:0")
	cmd := limited(t, t.TempDir(), "-Sn 256", "attack", "--url", "http://"+server.Addr().String(), "--clients", "400",
		"--address", "127.65.0.0/22", "--rate", "400/s", "--for", "2s", "--json", "--quiet", "--out", "run.db")
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(server.connected()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "limits"))
	if err != nil {
		t.Fatal(err)
	}
	var soft, hard int
	files := regexp.MustCompile(`Max open files +\d+ +\d+`).Find(limits)
	if _, err := fmt.Sscanf(string(files), "Max open files %d %d", &soft, &hard); err != nil || soft < hard-1 || soft == 256 {
		t.Errorf("%q (%v): want the soft limit, which was 256, as high as the hard one, or one below as the Go runtime has it", files, err)
	}
	if code := exitOf(t, cmd.Wait()); code != 0 && code != 6 {
		t.Fatalf("exit code %d", code)
	}
	a := decode[runDocument](t, out.Bytes()).Analysis
	if got := len(server.connected()); a.Trust.MissedArrivals == 0 && got != 400 {
		t.Errorf("%d clients connected, want 400", got)
	}
	for _, reason := range a.Trust.Reasons {
		if strings.Contains(reason, "open files") {
			t.Errorf("trust: %s", reason)
		}
	}
}

// A generator that may not open enough files says so before the run, with the
// fix, and afterwards; what it could not send is not the target's failure, and
// the run is not to be believed.
func TestTooFewOpenFiles(t *testing.T) {
	t.Parallel()
	server := newCallers(t, "tcp4", "127.0.0.1:0")
	dir := t.TempDir()
	cmd := limited(t, dir, "-n 64", "attack", "--url", "http://"+server.Addr().String(), "--clients", "200",
		"--address", "127.66.0.0/22", "--rate", "200/s", "--for", "3s", "--json", "--out", "run.db")
	outOf(t, cmd, dir, "too many open files: raise the hard limit on open files (ulimit -Hn",
		"this run may need 600 connections", "only 64 files open: raise the hard limit on open files (ulimit -Hn")
}

// A source address that has no ports left for the target is the generator's
// trouble, and more source addresses are the fix.
func TestOutOfPorts(t *testing.T) {
	t.Parallel()
	netns.Enter(t)
	netns.Set(t, "net.ipv4.ip_local_port_range", "50000 50007")
	server := newCallers(t, "tcp4", "127.0.0.1:0")
	dir := t.TempDir()
	cmd := program(t, dir, "attack", "--url", "http://"+server.Addr().String(), "--clients", "100",
		"--address", "127.0.0.1", "--rate", "200/s", "--for", "3s", "--json", "--out", "run.db")
	outOf(t, cmd, dir, "out of ports: give the clients more source addresses (clients.addresses), or widen net.ipv4.ip_local_port_range")
	if got := len(server.connected()); got != 1 {
		t.Errorf("%d addresses connected, want the one", got)
	}
}

// outOf runs an attack of whose clients many cannot dial for the given
// trouble, and looks at everything that it says of that.
func outOf(t *testing.T, cmd *exec.Cmd, dir, trouble string, before ...string) {
	t.Helper()
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	if code := exitOf(t, cmd.Run()); code != 6 {
		t.Errorf("exit code %d, want 6\n%s", code, &talk)
	}
	for _, want := range before {
		if !strings.Contains(talk.String(), want) {
			t.Errorf("%q is not in\n%s", want, &talk)
		}
	}
	a := decode[runDocument](t, out.Bytes()).Analysis
	if reasons := strings.Join(a.Trust.Reasons, "\n"); a.Trust.OK || a.Trust.LimitedSeconds < 2 || !strings.Contains(reasons, trouble) {
		t.Errorf("trust %+v, want %q in its reasons", a.Trust, trouble)
	}
	if a.Run.Outcomes["transport"] != 0 || a.Run.Outcomes["ok"] == 0 || a.Trust.UnsentArrivals == 0 {
		t.Errorf("outcomes %v and %d unsent: what could not be sent is no failure of the target's", a.Run.Outcomes, a.Trust.UnsentArrivals)
	}
	events, err := exec.Command("sqlite3", filepath.Join(dir, "run.db"), "select text from events where kind = 'trouble'").CombinedOutput()
	if err != nil || !strings.Contains(string(events), trouble) {
		t.Errorf("events of trouble (%v): %s", err, events)
	}
}
