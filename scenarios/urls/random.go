package urls

import "math/bits"

// stream is a SplitMix64 generator (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014). A stream is cheap enough to
// be made anew for every request, which is what makes request n a function of
// the seed and n alone.
type stream uint64

const golden = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio: SplitMix64's step

// mix is the finaliser of SplitMix64 (Stafford's variant 13): a bijection in
// which every input bit bears on every output bit.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// requestStream returns the stream of request n under the seed.
func requestStream(seed, n uint64) stream {
	return stream(mix(mix(seed+golden) + golden*(n+1)))
}

// variable returns the stream of the request's j-th variable, apart from the
// request's own and from those of the other variables.
func (s stream) variable(j int) stream {
	return stream(mix(uint64(s) ^ mix(uint64(j)+1)))
}

// next returns the next 64 random bits.
func (s *stream) next() uint64 {
	*s += golden
	return mix(uint64(*s))
}

// float returns a number in [0, 1), one of 2^53.
func (s *stream) float() float64 { return float64(s.next()>>11) * 0x1p-53 }

// below returns a number in [0, n), every one with the same chance; n must be
// positive. It is Lemire's method ("Fast random integer generation in an
// interval", 2019), which rejects what would favour some numbers.
func (s *stream) below(n uint64) uint64 {
	hi, lo := bits.Mul64(s.next(), n)
	if lo >= n {
		return hi
	}
	for least := -n % n; lo < least; {
		hi, lo = bits.Mul64(s.next(), n)
	}
	return hi
}
