package lab

import "time"

// A flight heap holds requests by when something happens to them next, the
// soonest first; of two at the same time, the one that was put in first.
type flightHeap struct {
	items []heapItem
	count uint64
}

type heapItem struct {
	at     time.Duration
	order  uint64
	flight *flight
}

func (a heapItem) before(b heapItem) bool {
	return a.at < b.at || a.at == b.at && a.order < b.order
}

func (h *flightHeap) push(at time.Duration, f *flight) {
	h.count++
	h.items = append(h.items, heapItem{at, h.count, f})
	i := len(h.items) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !h.items[i].before(h.items[parent]) {
			return
		}
		h.items[i], h.items[parent] = h.items[parent], h.items[i]
		i = parent
	}
}

// pop removes and returns the soonest. The heap must not be empty.
func (h *flightHeap) pop() heapItem {
	top := h.items[0]
	n := len(h.items) - 1
	h.items[0] = h.items[n]
	h.items[n] = heapItem{}
	h.items = h.items[:n]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < n; child++ {
			if h.items[child].before(h.items[least]) {
				least = child
			}
		}
		if least == i {
			return top
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
	}
}
