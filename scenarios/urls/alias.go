package urls

import "math/bits"

// An aliasTable draws numbers by their weights in constant time: the alias
// method of A. J. Walker as M. D. Vose builds it ("A linear algorithm for
// generating random numbers with a given distribution", IEEE Transactions on
// Software Engineering 17(9), 1991). A draw chooses a slot, each alike, and
// then its own number or the other one that shares the slot.
type aliasTable []aliasSlot

type aliasSlot struct {
	keep  uint32 // the slot's own number is drawn in keep of 2^32 cases; else the other
	other uint32
}

// newAliasTable returns the table of n weights, n below 2^32; they must not be
// negative, and one must be above zero. What is drawn is right to one part in
// 2^32 of 1/n.
func newAliasTable(n int, weight func(i int) float64) aliasTable {
	sum := 0.0
	for i := range n {
		sum += weight(i)
	}
	t := make(aliasTable, n)
	left := make([]float64, n) // of each number's weight, in slots
	var small, large []uint32
	for i := range n {
		left[i] = weight(i) / sum * float64(n)
		if left[i] < 1 {
			small = append(small, uint32(i))
		} else {
			large = append(large, uint32(i))
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		t[s] = aliasSlot{uint32(left[s] * (1 << 32)), l}
		left[l] -= 1 - left[s]
		if left[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) { // but for rounding their weights are one slot
		t[i] = aliasSlot{1<<32 - 1, i}
	}
	return t
}

// draw returns one of the numbers.
func (t aliasTable) draw(r *stream) int {
	slot, rest := bits.Mul64(r.next(), uint64(len(t)))
	if s := t[slot]; uint32(rest>>32) >= s.keep {
		return int(s.other)
	}
	return int(slot)
}
