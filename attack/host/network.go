package host

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"

	"frontload/results"
)

// Amazon's network adapter (ENA) counts packets that were held up or dropped
// since the instance was over an allowance: of bandwidth in or out, packets a
// second, tracked connections, or packets to local services such as DNS. The
// counters' names end like this; the one of what is left of an allowance does
// not.
const allowanceSuffix = "_allowance_exceeded"

// nameSize is the length of a counter's name as ethtool has it, zeros at its
// end included.
const nameSize = 32

// An ethtool reads the counters of one network interface.
type ethtool interface {
	count() (int, error)           // how many counters it has
	names(n int) ([]byte, error)   // n times nameSize bytes
	values(to []byte, n int) error // n times 8 bytes, in the machine's order
}

// An allowance is one of an interface's counters.
type allowance struct {
	index int
	name  string // with the interface
	last  uint64
	known bool // last was read
}

// A network is one interface that counts its allowances.
type network struct {
	tool       ethtool
	name       string
	counters   int // of the interface
	allowances []allowance
	buffer     []byte
}

// mostCounters bounds what is believed of an interface: those of Amazon's have
// some hundreds.
const mostCounters = 1 << 16

var errNoAllowances = errors.New("the interface counts no allowances")

// newNetwork returns the interface, with its counters read for a first time.
// The error says why they cannot be had: few interfaces have them.
func newNetwork(name string, tool ethtool) (*network, error) {
	n := &network{tool: tool, name: name}
	if err := n.learn(); err != nil {
		return nil, err
	}
	if len(n.allowances) == 0 {
		return nil, errNoAllowances
	}
	n.read(&results.Host{})
	return n, nil
}

// learn finds the allowances among the counters.
func (n *network) learn() error {
	count, err := n.tool.count()
	if err != nil {
		return err
	}
	if count < 0 || count > mostCounters {
		return errNoAllowances
	}
	names, err := n.tool.names(count)
	if err != nil {
		return err
	}
	n.counters, n.allowances = count, findAllowances(n.name, names[:min(len(names), count*nameSize)])
	n.buffer = make([]byte, 8*count)
	return nil
}

// findAllowances returns the counters of exceeded allowances among the names.
func findAllowances(network string, names []byte) []allowance {
	var found []allowance
	for i := 0; (i+1)*nameSize <= len(names); i++ {
		name, _, _ := bytes.Cut(names[i*nameSize:(i+1)*nameSize], []byte{0})
		if bytes.HasSuffix(name, []byte(allowanceSuffix)) {
			found = append(found, allowance{index: i, name: network + " " + strings.ToValidUTF8(string(name), "?")})
		}
	}
	return found
}

// read tells by how much the counters rose since the last call. How many an
// interface has changes with its queues: then they are learnt again, and what
// came between is not told.
func (n *network) read(h *results.Host) {
	count, err := n.tool.count()
	if err != nil {
		return
	}
	if count != n.counters && n.learn() != nil {
		return
	}
	if n.tool.values(n.buffer, n.counters) != nil {
		return
	}
	for i := range n.allowances {
		a := &n.allowances[i]
		value := binary.NativeEndian.Uint64(n.buffer[8*a.index:])
		if a.known {
			if h.Allowances == nil {
				h.Allowances = map[string]int64{}
			}
			h.Allowances[a.name] = int64(rise(value, a.last))
		}
		a.last, a.known = value, true
	}
}
