package urls

import "math"

// zipfSampler draws k from 1 to n with a chance in proportion to k^-s, for any
// s of 0 or more, in constant time and memory. It is the rejection-inversion
// of W. Hörmann and G. Derflinger, "Rejection-inversion to generate variates
// from monotone discrete distributions", ACM TOMACS 6(3), 1996:
//
//	h(x)  = x^-s                        the law, continued to the reals
//	H(x)  = (x^(1-s) - 1) / (1-s)       its integral; ln x for s = 1
//	u     = uniform over (H(n+½), H(1½) - h(1)]
//	x     = H⁻¹(u), k = x rounded       accept k if k - x <= near, or
//	                                    else if u >= H(k+½) - h(k)
//
// The law that comes out is exact, but for the rounding of float64.
type zipfSampler struct {
	s, n     float64
	low, top float64 // H(1½) - h(1) and H(n+½): the bounds of u
	near     float64 // 2 - H⁻¹(H(2½) - h(2)): so near below k, x is always accepted
}

func newZipfSampler(n int64, exponent float64) zipfSampler {
	z := zipfSampler{s: exponent, n: float64(n)}
	z.low = z.integral(1.5) - 1
	z.top = z.integral(z.n + 0.5)
	z.near = 2 - z.inverse(z.integral(2.5)-z.h(2))
	return z
}

func (z *zipfSampler) draw(r *stream) int64 {
	for {
		u := z.top + r.float()*(z.low-z.top)
		x := z.inverse(u)
		k := min(max(math.Round(x), 1), z.n)
		if k-x <= z.near || u >= z.integral(k+0.5)-z.h(k) {
			return int64(k)
		}
	}
}

func (z *zipfSampler) h(x float64) float64 { return math.Exp(-z.s * math.Log(x)) }

// integral is H, written as ln x · (e^t - 1)/t with t = (1-s) ln x, which
// holds its precision where s is near 1 and is right at 1 itself.
func (z *zipfSampler) integral(x float64) float64 {
	l := math.Log(x)
	t := (1 - z.s) * l
	if t == 0 {
		return l
	}
	return l * math.Expm1(t) / t
}

// inverse is H⁻¹, written as exp(u · ln(1+t)/t) with t = (1-s) u. Rounding may
// take t below -1, where H has no values: it is then taken as -1.
func (z *zipfSampler) inverse(u float64) float64 {
	t := max((1-z.s)*u, -1)
	if t == 0 {
		return math.Exp(u)
	}
	return math.Exp(u * math.Log1p(t) / t)
}
