package record

// A table holds values by key in order of first use. Emptying it keeps its
// memory, so that filling it with the like again allocates nothing.
type table[K comparable, V any] struct {
	index map[K]int32
	keys  []K
	vals  []V
}

// find returns the value of k, or nil when there is none. It is valid until
// the next add.
func (t *table[K, V]) find(k K) *V {
	i, ok := t.index[k]
	if !ok {
		return nil
	}
	return &t.vals[i]
}

// add returns a new, zero value for k, which must not be there yet.
func (t *table[K, V]) add(k K) *V {
	if t.index == nil {
		t.index = make(map[K]int32)
	}
	t.index[k] = int32(len(t.keys))
	t.keys = append(t.keys, k)
	var zero V
	t.vals = append(t.vals, zero)
	return &t.vals[len(t.vals)-1]
}

// at returns the value of k, a new one when there is none.
func (t *table[K, V]) at(k K) *V {
	if v := t.find(k); v != nil {
		return v
	}
	return t.add(k)
}

func (t *table[K, V]) len() int { return len(t.keys) }

func (t *table[K, V]) reset() {
	clear(t.index)
	clear(t.keys)
	t.keys, t.vals = t.keys[:0], t.vals[:0]
}
