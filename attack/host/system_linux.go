package host

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"frontload/results"
)

// A system holds the files of /proc that are read each second, open from the
// start, so that a lack of open files does not end the watch.
type system struct {
	stat, statm, sockstat, sockstat6 *os.File // nil where there is none

	socket int // for ethtool; -1 for none
	buffer [4096]byte
}

func (s *system) open() {
	for path, to := range map[string]**os.File{
		"/proc/stat": &s.stat, "/proc/self/statm": &s.statm,
		"/proc/self/net/sockstat": &s.sockstat, "/proc/self/net/sockstat6": &s.sockstat6,
	} {
		*to, _ = os.Open(path) // what cannot be opened is left out
	}
	var err error
	if s.socket, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		s.socket = -1
	}
}

func (s *system) close() {
	for _, f := range []*os.File{s.stat, s.statm, s.sockstat, s.sockstat6} {
		f.Close() // read only; nil is an error that says nothing
	}
	if s.socket >= 0 {
		_ = unix.Close(s.socket)
	}
}

// text returns the beginning of a file of /proc as it is now; it is valid until
// the next call. It is empty where there is no such file.
func (s *system) text(f *os.File) []byte {
	n, err := f.ReadAt(s.buffer[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return s.buffer[:n]
}

// cpus returns how many CPUs the machine has, or zero.
func (s *system) cpus() int {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return countCPUs(text)
}

func (s *system) read() (r reading) {
	machine, err := parseStat(s.text(s.stat))
	r.machine, r.machineOK = machine, err == nil
	var used unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &used) == nil {
		r.process = time.Duration(used.Utime.Nano() + used.Stime.Nano())
		r.processOK = true
	}
	return r
}

// sizes tells how much memory and how many files and sockets are in use.
func (s *system) sizes(h *results.Host) {
	if pages, err := parseStatm(s.text(s.statm)); err == nil {
		h.Resident = new(pages * int64(os.Getpagesize()))
	}
	// Since Linux 6.2 the size of this directory is how many files are open;
	// before it is zero, and to count them would take long.
	var st unix.Stat_t
	if unix.Stat("/proc/self/fd", &st) == nil && st.Size > 0 {
		h.OpenFiles = &st.Size
	}
	four, err4 := parseSockstat(s.text(s.sockstat), "TCP")
	six, err6 := parseSockstat(s.text(s.sockstat6), "TCP6")
	if err4 == nil || err6 == nil {
		h.TCPSockets = new(four + six)
	}
}

// networks returns the interfaces that count their allowances.
func (s *system) networks() []*network {
	if s.socket < 0 {
		return nil
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var found []*network
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		if n, err := newNetwork(i.Name, &kernelTool{socket: s.socket, name: i.Name}); err == nil {
			found = append(found, n)
		}
	}
	return found
}
