package pacing

import (
	"math"
	"math/big"
	"time"
)

// A piece is a segment in its place: where it begins in time and on the
// integrated rate, and what the inverse of that integral needs. One that is cut
// short ends before its segment does, and is the same until then.
//
// Both the integral and its inverse are measured from the end of the piece
// where the rate is lower, so that every term is positive and nothing cancels:
//
//	A(x) = x (l + h x) / 10⁹                      the integral
//	x(A) = 2·10⁹ A / (l + √(l² + 4·10⁹ h A))      its inverse
//
// Where:
//
//	x = distance from the lower end, nanoseconds
//	A = arrivals over that distance
//	l = the lower of the two rates, arrivals per second
//	h = half the slope, arrivals per second and nanosecond, never negative
//
// Nothing divides by the slope, so a flat piece and one that starts or ends
// at zero are no special cases. Products are rounded on their own (the
// float64 conversions), since a fused multiply-add would give other times on
// other processors.
type piece struct {
	begin, until time.Duration
	span         time.Duration // of the whole segment
	from, to     float64       // rates per second, at the ends of the whole segment
	start, end   position      // at begin and until
	foot         position      // at the end of the whole segment where the rate is lower
	low, half    float64       // l and h
	falling      bool          // the lower end is the later one
}

// newPiece places g at begin and start; sum, the exact integral so far, grows
// by that of g.
func newPiece(g Segment, begin time.Duration, start position, sum *big.Rat) piece {
	from, to := float64(g.From), float64(g.To)
	area := new(big.Rat).SetFloat64(from)
	area.Add(area, new(big.Rat).SetFloat64(to))
	area.Mul(area, big.NewRat(int64(g.For), 2e9))
	sum.Add(sum, area)
	p := piece{
		begin: begin, until: begin + g.For, span: g.For, from: from, to: to,
		start: start, end: positionOf(sum), foot: start,
		low: min(from, to), half: math.Abs(to-from) / (2 * float64(g.For)), falling: to < from,
	}
	if p.end.before(start) { // which was cut off a whole number by less than rounding
		p.end = start
	}
	if p.falling {
		p.foot = p.end
	}
	return p
}

// cut returns the piece up to t, which must lie in it and after its begin.
// Arrivals before t keep their times.
func (p *piece) cut(t time.Duration) piece {
	short := *p
	short.until = t
	if end := p.position(t); end.before(p.end) { // else rounded beyond it
		short.end = end
	}
	return short
}

// position returns the integral from the start of the schedule to t, which
// must lie in the piece. It is exact but for the last rounding.
func (p *piece) position(t time.Duration) position {
	x := new(big.Rat).SetFrac64(int64(t-p.begin), 1e9) // seconds
	slope := new(big.Rat).SetFloat64(p.to)
	slope.Sub(slope, new(big.Rat).SetFloat64(p.from))
	mean := slope.Mul(slope, big.NewRat(int64(t-p.begin), 2*int64(p.span)))
	mean.Add(mean, new(big.Rat).SetFloat64(p.from))
	return placeOf(mean.Mul(mean, x).Add(mean, p.start.rat()))
}

// rate returns the rate at t, which must lie in the piece.
func (p *piece) rate(t time.Duration) float64 {
	return p.from + (p.to-p.from)*(float64(t-p.begin)/float64(p.span))
}

// expected returns the integral from the start of the schedule to t, which
// must lie in the piece.
func (p *piece) expected(t time.Duration) float64 {
	mean := (p.from + p.rate(t)) / 2
	return p.start.float() + float64(t-p.begin)*mean/1e9
}

// at returns when the integral reaches pos, which must lie in the piece, to
// the nearest nanosecond within it. Later positions never have earlier times.
func (p *piece) at(pos position) time.Duration {
	t := p.begin + p.distance(pos.since(p.foot))
	if p.falling {
		t = p.begin + p.span - p.distance(p.foot.since(pos))
	}
	return min(t, p.until-1)
}

// distance returns x(arrivals) to the nearest nanosecond, at most the whole
// span. The formula comes within a nanosecond or so; the loops then settle
// the rounding by the integral itself, which never decreases, so that no
// rounding error puts two arrivals in the wrong order.
func (p *piece) distance(arrivals float64) time.Duration {
	if arrivals <= 0 {
		return 0
	}
	scaled := arrivals * 1e9
	root := math.Sqrt(float64(p.low*p.low) + float64(4*p.half*scaled))
	x := math.Floor(2*scaled/(p.low+root) + 0.5)
	last := float64(p.span)
	for x < last && p.area(x+0.5) <= arrivals {
		x++
	}
	for x > 0 && p.area(x-0.5) > arrivals {
		x--
	}
	return time.Duration(min(x, last))
}

// area returns A(x).
func (p *piece) area(x float64) float64 {
	return x * (p.low + float64(p.half*x)) / 1e9
}
