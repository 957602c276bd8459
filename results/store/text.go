package store

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"frontload/results"
)

// addressText returns an address as text; empty for none.
func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func parseAddress(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(s)
}

// signalsText returns the names of the signals with a space between.
func signalsText(s results.Signals) string { return strings.Join(s.Names(), " ") }

func parseSignals(text string) (results.Signals, error) {
	var s results.Signals
next:
	for _, name := range strings.Fields(text) {
		for bit := range 32 {
			if names := results.Signals(1 << bit).Names(); len(names) == 1 && names[0] == name {
				s |= 1 << bit
				continue next
			}
		}
		return 0, fmt.Errorf("unknown signal %q", name)
	}
	return s, nil
}

// requestNames translates between a request's index and its text in the file:
// its name, or "#" and its index where the name does not tell it from the others.
type requestNames struct {
	names []string
	index map[string]uint16
}

func newRequestNames(names []string) requestNames {
	r := requestNames{names: names, index: map[string]uint16{}}
	for i, n := range names {
		if _, taken := r.index[n]; !taken {
			r.index[n] = uint16(i)
		}
	}
	return r
}

func (r requestNames) text(i uint16) string {
	if int(i) < len(r.names) {
		if n := r.names[i]; r.index[n] == i && n != "" && n[0] != '#' {
			return n
		}
	}
	return "#" + strconv.Itoa(int(i))
}

func (r requestNames) parse(s string) (uint16, error) {
	if number, ok := strings.CutPrefix(s, "#"); ok {
		i, err := strconv.ParseUint(number, 10, 16)
		return uint16(i), err
	}
	i, ok := r.index[s]
	if !ok {
		return 0, fmt.Errorf("unknown request name %q", s)
	}
	return i, nil
}

// headersText returns header fields as JSON: a list of pairs, in order. Bytes
// that are not UTF-8 become U+FFFD.
func headersText(headers []results.Header) string {
	pairs := make([][2]string, len(headers))
	for i, h := range headers {
		pairs[i] = [2]string{h.Name, h.Value}
	}
	b, _ := json.Marshal(pairs) // strings cannot fail
	return string(b)
}

func parseHeaders(s string) ([]results.Header, error) {
	var pairs [][2]string
	if err := json.Unmarshal([]byte(s), &pairs); err != nil {
		return nil, err
	}
	var out []results.Header
	for _, p := range pairs {
		out = append(out, results.Header{Name: p[0], Value: p[1]})
	}
	return out, nil
}

// addressesText returns addresses with a space between.
func addressesText(list []netip.Addr) string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return strings.Join(texts, " ")
}

func parseAddresses(s string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range strings.Fields(s) {
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
