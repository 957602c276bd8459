package scenarios

import (
	"fmt"
	"strconv"

	"frontload/results"
)

// statuses are HTTP statuses and whole kinds of them.
type statuses []statusRange

// statusRange is the statuses from first to last: one, or a kind such as 2xx.
type statusRange struct{ first, last int }

func (r statusRange) String() string {
	if r.first == r.last {
		return strconv.Itoa(r.first)
	}
	return strconv.Itoa(r.first/100) + "xx"
}

func parseStatus(text string) (statusRange, error) {
	if len(text) == 3 && '1' <= text[0] && text[0] <= '5' {
		if text[1:] == "xx" {
			first := 100 * int(text[0]-'0')
			return statusRange{first, first + 99}, nil
		}
		if status, err := strconv.ParseUint(text, 10, 16); err == nil {
			return statusRange{int(status), int(status)}, nil
		}
	}
	return statusRange{}, fmt.Errorf("%q is not an HTTP status: write one from 100 to 599, such as 200, or a kind such as 2xx", text)
}

// statuses reads one status or a list of them.
func (d *decoder) statuses(path string, n *node, to *statuses) {
	if n.kind == scalar {
		*to = statuses{parseScalar(d, path, n, "a status", parseStatus)}
		return
	}
	if !d.want(path, n, sequence, "a status or a list of them, such as [200, 304]") {
		return
	}
	if len(n.items) == 0 {
		d.add(path, "the list is empty: name the statuses that count as ok, such as [200, 304], or leave the key out")
	}
	for i, item := range n.items {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.note(at, nil, item)
		*to = append(*to, parseScalar(d, at, item, "a status", parseStatus))
	}
}

func encodeStatuses(list statuses) *node {
	n := &node{kind: sequence}
	for _, r := range list {
		one := &node{tag: "!!int", text: r.String()}
		if r.first != r.last {
			one.tag = "!!str"
		}
		n.items = append(n.items, one)
	}
	return n
}

// expected compiles what a request expects; nil where it does not say.
func (list statuses) expected() *results.Expected {
	if len(list) == 0 {
		return nil
	}
	e := new(results.Expected)
	for _, r := range list {
		e.Add(r.first, r.last)
	}
	return e
}
