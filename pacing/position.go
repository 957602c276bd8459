package pacing

import (
	"math"
	"math/big"
)

// A position is a place on the integrated rate: how many arrivals are due
// before it. It is kept as a whole number and a fraction in [0, 1), so that
// the fraction is as exact after billions of arrivals as it was at the first.
type position struct {
	whole    uint64
	fraction float64
}

// nearWhole is how far a sum may be from a whole number, relative to itself,
// and still be taken for it: the rounding of the rates that were summed, since
// 20/m is no float64.
const nearWhole = 0x1p-52

// positionOf returns the position of an exact sum, which must not be
// negative.
func positionOf(sum *big.Rat) position {
	p := placeOf(sum)
	tolerance := float64(p.whole+1) * nearWhole
	switch {
	case p.fraction <= tolerance:
		return position{p.whole, 0}
	case 1-p.fraction <= tolerance:
		return position{p.whole + 1, 0}
	}
	return p
}

// placeOf is positionOf for a sum that is not taken for a whole number where it
// is only near one.
func placeOf(sum *big.Rat) position {
	floor := new(big.Int).Quo(sum.Num(), sum.Denom())
	rest := new(big.Rat).Sub(sum, new(big.Rat).SetInt(floor))
	fraction, _ := rest.Float64()
	return position{whole: floor.Uint64()}.plus(fraction)
}

// before reports whether p lies before q.
func (p position) before(q position) bool {
	return p.whole < q.whole || p.whole == q.whole && p.fraction < q.fraction
}

// since returns the distance from q to p, in arrivals.
func (p position) since(q position) float64 {
	return float64(int64(p.whole-q.whole)) + (p.fraction - q.fraction)
}

// plus returns the position x arrivals after p; x must not be negative.
func (p position) plus(x float64) position {
	sum := p.fraction + x
	carry := math.Floor(sum)
	return position{p.whole + uint64(carry), sum - carry}
}

// ceil returns the number of whole positions before p, zero among them.
func (p position) ceil() uint64 {
	if p.fraction > 0 {
		return p.whole + 1
	}
	return p.whole
}

// float returns p as one number.
func (p position) float() float64 { return float64(p.whole) + p.fraction }

// rat returns p exactly.
func (p position) rat() *big.Rat {
	whole := new(big.Rat).SetInt(new(big.Int).SetUint64(p.whole))
	return whole.Add(whole, new(big.Rat).SetFloat64(p.fraction))
}
