package host

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// On Linux there is an account of everything but what only some network
// interfaces have.
func TestReadOnThisMachine(t *testing.T) {
	w := New(0)
	defer w.Close()
	if h := w.Read(leastSpan - 1); h != nil {
		t.Errorf("of a moment: %+v, want nothing", h)
	}
	burn(t, 50*time.Millisecond)
	h := w.Read(time.Second)
	if h == nil {
		t.Fatal("no account")
	}
	if h.Span != time.Second || h.CPUs < 1 || h.MachineCPUs < 1 {
		t.Errorf("span %v, %d CPUs of %d", h.Span, h.CPUs, h.MachineCPUs)
	}
	if h.ProcessCPU == nil || *h.ProcessCPU < 0.04 {
		t.Errorf("process CPU %v, want 50 ms of it in what is told to be a second", h.ProcessCPU)
	}
	if h.MachineCPU == nil || *h.MachineCPU <= 0 || *h.MachineCPU > float64(h.MachineCPUs) || h.Steal == nil || *h.Steal < 0 || *h.Steal > 1 {
		t.Errorf("machine CPU %v of %d, steal %v", h.MachineCPU, h.MachineCPUs, h.Steal)
	}
	if h.Resident == nil || *h.Resident < 1<<20 || h.TCPSockets == nil || h.GCLongest == nil {
		t.Errorf("resident %v, TCP sockets %v, GC pause %v", h.Resident, h.TCPSockets, h.GCLongest)
	}
}

// burn uses CPU time of this process, however long it takes to get it.
func burn(t *testing.T, span time.Duration) {
	t.Helper()
	used := func() time.Duration {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for end := used() + span; used() < end; {
	}
}

// Connections show among the process's files and the machine's sockets.
func TestOpenFilesAndSocketsAreCounted(t *testing.T) {
	w := New(0)
	defer w.Close()
	before := w.Read(time.Second)
	if before.OpenFiles == nil {
		t.Skip("this kernel does not tell the number of open files; Linux 6.2 and later do")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 20 {
		c, err := net.Dial("tcp4", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	after := w.Read(2 * time.Second)
	if got := *after.OpenFiles - *before.OpenFiles; got < 20 {
		t.Errorf("%d files more are open, want 20 or more", got)
	}
	if got := *after.TCPSockets; got < 20 {
		t.Errorf("%d TCP sockets, want 20 or more", got)
	}
}

// The kernel answers as the reader of its answers expects, on whatever
// interface of this machine has counters.
func TestKernelTool(t *testing.T) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, i := range interfaces {
		tool := &kernelTool{socket: socket, name: i.Name}
		n, err := tool.count()
		if err != nil || n == 0 {
			continue
		}
		asked++
		names, err := tool.names(n)
		if err != nil || len(names) != n*nameSize || names[0] == 0 {
			t.Errorf("%s: names(%d) = %d bytes, %v", i.Name, n, len(names), err)
		}
		if err := tool.values(make([]byte, 8*n), n); err != nil {
			t.Errorf("%s: values(%d) = %v", i.Name, n, err)
		}
		t.Logf("%s has %d counters, the first is %.32q", i.Name, n, names)
	}
	if asked == 0 {
		t.Skip("no network interface of this machine has counters of its own")
	}
}

func TestReadAllocatesLittle(t *testing.T) {
	w := New(0)
	defer w.Close()
	now := time.Duration(0)
	if n := testing.AllocsPerRun(20, func() { now += time.Second; w.Read(now) }); n > 25 {
		t.Errorf("a reading allocates %v times, want no more than for the figures it tells", n)
	}
}
