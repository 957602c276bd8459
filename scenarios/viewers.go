package scenarios

import "math"

// NewViewers are the requests that start on a fresh connection, as those of a
// viewer do who was not there before. Such a connection carries one exchange
// and is closed after it. It comes on top of clients.connections, which are
// the client's own, so that it neither waits for one of those nor takes its
// place; arrivals in flight bound how many there are.
type NewViewers struct {
	Share float64 // of all requests, from 0 to 1
	Seed  uint64
}

// Has reports whether request n, counted from 0, is a new viewer's. That
// follows from seed and n alone, on any machine. Every viewerBlock requests in
// a row hold the share exactly, but for the rounding, which is carried over to
// the next ones; which of them they are is drawn by chance, so that they keep
// no step with the turns of clients and edge addresses.
func (v NewViewers) Has(n uint64) bool {
	if v.Share <= 0 {
		return false
	}
	block := n / viewerBlock
	due := func(blocks uint64) float64 { return math.Floor(float64(blocks) * viewerBlock * v.Share) }
	return float64(shuffled(n%viewerBlock, v.Seed+block*golden)) < due(block+1)-due(block)
}

const (
	viewerBits  = 10
	viewerBlock = 1 << viewerBits
	golden      = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio
)

// shuffled returns the place of i in a random order of the numbers below
// viewerBlock that follows from the key. Each step is a bijection: to add, to
// multiply by an odd number, and to fold the upper half of the bits onto the
// lower.
func shuffled(i, key uint64) uint64 {
	const mask = viewerBlock - 1
	for range 4 {
		key = (key ^ key>>30) * 0xbf58476d1ce4e5b9
		key = (key ^ key>>27) * 0x94d049bb133111eb
		key ^= key >> 31
		i = (i + key) & mask
		i = i * (key>>viewerBits | 1) & mask
		i ^= i >> (viewerBits / 2)
	}
	return i
}
