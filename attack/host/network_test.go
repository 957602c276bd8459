package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"frontload/results"
)

// fakeTool is an interface whose counters stand in a text as ethtool -S prints
// them.
type fakeTool struct {
	labels []string
	counts []uint64
	err    error
}

// ena returns an interface of an EC2 instance.
func ena(t testing.TB) *fakeTool {
	t.Helper()
	tool := &fakeTool{}
	for line := range strings.Lines(string(captured(t, "ena.txt"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		n, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		tool.labels, tool.counts = append(tool.labels, name), append(tool.counts, n)
	}
	return tool
}

func (f *fakeTool) count() (int, error) { return len(f.labels), f.err }

func (f *fakeTool) names(n int) ([]byte, error) {
	b := make([]byte, n*nameSize)
	for i, l := range f.labels[:n] {
		copy(b[i*nameSize:], l)
	}
	return b, f.err
}

func (f *fakeTool) values(to []byte, n int) error {
	for i, v := range f.counts[:n] {
		binary.NativeEndian.PutUint64(to[8*i:], v)
	}
	return f.err
}

// set changes a counter.
func (f *fakeTool) set(name string, v uint64) {
	for i, l := range f.labels {
		if l == name {
			f.counts[i] = v
		}
	}
}

func readNetwork(n *network) map[string]int64 {
	h := &results.Host{}
	n.read(h)
	return h.Allowances
}

// What counts is by how much a counter rose since the second before: what the
// machine suffered before the run is no trouble of it.
func TestAllowancesOfTheSecond(t *testing.T) {
	tool := ena(t)
	n, err := newNetwork("ens5", tool)
	if err != nil {
		t.Fatal(err)
	}
	calm := map[string]int64{
		"ens5 bw_in_allowance_exceeded": 0, "ens5 bw_out_allowance_exceeded": 0, "ens5 pps_allowance_exceeded": 0,
		"ens5 conntrack_allowance_exceeded": 0, "ens5 linklocal_allowance_exceeded": 0,
	}
	if got := readNetwork(n); !cmp.Equal(got, calm) {
		t.Errorf("nothing happened: %v", got)
	}
	tool.set("pps_allowance_exceeded", 150)
	tool.set("bw_in_allowance_exceeded", 1)
	tool.set("conntrack_allowance_available", 1)
	got := readNetwork(n)
	if got["ens5 pps_allowance_exceeded"] != 8 || got["ens5 bw_in_allowance_exceeded"] != 1 || len(got) != 5 {
		t.Errorf("8 and 1 packets more: %v", got)
	}
	if got := readNetwork(n); !cmp.Equal(got, calm) {
		t.Errorf("the second after: %v", got)
	}
	tool.set("pps_allowance_exceeded", 0) // the driver was reset
	if got := readNetwork(n); !cmp.Equal(got, calm) {
		t.Errorf("after a reset: %v", got)
	}
}

// With other queues the counters stand elsewhere.
func TestCountersThatMove(t *testing.T) {
	tool := ena(t)
	n, err := newNetwork("ens5", tool)
	if err != nil {
		t.Fatal(err)
	}
	tool.labels = append([]string{"queue_1_tx_cnt"}, tool.labels...)
	tool.counts = append([]uint64{1 << 40}, tool.counts...)
	if got := readNetwork(n); got != nil {
		t.Errorf("just after: %v, want nothing told", got)
	}
	tool.set("pps_allowance_exceeded", 143)
	if got := readNetwork(n); got["ens5 pps_allowance_exceeded"] != 1 {
		t.Errorf("a second later: %v, want pps 1", got)
	}
	tool.err = errors.New("gone")
	if got := readNetwork(n); got != nil {
		t.Errorf("of an interface that is gone: %v", got)
	}
}

func TestOtherInterfacesTellNothing(t *testing.T) {
	for name, tool := range map[string]*fakeTool{
		"virtio":   {labels: []string{"rx0_packets", "tx0_packets"}, counts: []uint64{1, 2}},
		"none":     {},
		"no ioctl": {err: errors.New("not supported")},
	} {
		if n, err := newNetwork("eth0", tool); err == nil {
			t.Errorf("%s: %+v, want an error", name, n)
		}
	}
}

func TestReadingAllowancesAllocatesLittle(t *testing.T) {
	n, err := newNetwork("ens5", ena(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(100, func() { readNetwork(n) }); got > 5 {
		t.Errorf("a reading allocates %v times, want no more than for the map it tells", got)
	}
}

func FuzzAllowances(f *testing.F) {
	tool := ena(f)
	names, _ := tool.names(len(tool.labels))
	values := make([]byte, 8*len(tool.labels))
	_ = tool.values(values, len(tool.labels))
	f.Add(names, values, len(tool.labels))
	f.Add(names[:40], values[:3], 1<<20)
	f.Fuzz(func(t *testing.T, names, values []byte, count int) {
		raw := &rawTool{names, values, count}
		n, err := newNetwork("ens5", raw)
		if err != nil {
			return
		}
		for name, rise := range readNetwork(n) {
			if rise != 0 || !strings.HasPrefix(name, "ens5 ") || !strings.HasSuffix(name, allowanceSuffix) {
				t.Errorf("%q rose by %d with the same values", name, rise)
			}
		}
	})
}

// rawTool answers with any bytes.
type rawTool struct {
	text, numbers []byte
	n             int
}

func (r *rawTool) count() (int, error)           { return r.n, nil }
func (r *rawTool) names(int) ([]byte, error)     { return bytes.Clone(r.text), nil }
func (r *rawTool) values(to []byte, _ int) error { copy(to, r.numbers); return nil }
