package urls

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// MaxCount is the most values that Zipf and Uniform may range over: up to it
// every id is a whole number in a float64, with room to add a half.
const MaxCount = 1 << 50

// MaxExponent is the highest exponent of a Zipf law. From 60 on, 1 is drawn
// always as far as float64 can tell.
const MaxExponent = 100

// A Var is where the values of a variable come from: [Zipf], [Uniform],
// [Sequence], [List] or [Weighted].
type Var interface {
	// check reports what is wrong, field by field.
	check() []fieldError
	sampler() sampler
}

// Zipf draws ids from 1 to Count, id k with a chance in proportion to
// k^-Exponent: few are popular and many are rare. Count is at least 1;
// Exponent is 0 (all alike) or more.
type Zipf struct {
	Count    int64
	Exponent float64
}

// Uniform draws ids from 1 to Count, each with the same chance. Count is at
// least 1.
type Uniform struct{ Count int64 }

// Sequence counts up from Start, one for each request of its entry. It may be
// negative; beyond the highest int64 it goes on at the lowest.
type Sequence struct{ Start int64 }

// List draws one of its values, each with the same chance. It holds at least
// one.
type List []string

// Weighted draws one of its values, each in proportion to its weight. It holds
// at least one; there are as many weights, none negative and one above zero.
type Weighted struct {
	Values  []string
	Weights []float64
}

// fieldError says what is wrong with one field of a variable or entry.
type fieldError struct {
	field string // path within the variable or entry, such as "zipf.count"; empty for the whole
	err   error
}

// sampler draws the value of a variable for one request; earlier is how many
// requests of the same entry there were before.
type sampler func(r stream, earlier uint64) value

// value is a variable's value in one request: text, or else a number.
type value struct {
	text   string
	number int64
	isText bool
}

func (z Zipf) check() []fieldError {
	faults := checkCount("zipf.count", z.Count)
	if !(z.Exponent >= 0 && z.Exponent <= MaxExponent) {
		faults = append(faults, fieldError{"zipf.exponent", fmt.Errorf("%v is not an exponent from 0 (all alike) to %d", z.Exponent, MaxExponent)})
	}
	return faults
}

func (u Uniform) check() []fieldError { return checkCount("uniform.count", u.Count) }

func (s Sequence) check() []fieldError { return nil }

func (l List) check() []fieldError {
	if len(l) == 0 {
		return []fieldError{{"", errors.New("the list is empty, and so there is no value to send")}}
	}
	return nil
}

func (w Weighted) check() []fieldError {
	if faults := List(w.Values).check(); faults != nil {
		return faults
	}
	sum := 0.0
	for _, v := range w.Weights {
		if !(v >= 0 && v <= math.MaxFloat32) {
			return []fieldError{{"", fmt.Errorf("%v is not a weight: it must be zero or more, and finite", v)}}
		}
		sum += v
	}
	if sum == 0 || len(w.Weights) != len(w.Values) {
		return []fieldError{{"", errors.New("every weight is zero, and so there is no value to send")}}
	}
	return nil
}

func checkCount(field string, n int64) []fieldError {
	if n < 1 || n > MaxCount {
		return []fieldError{{field, fmt.Errorf("%d is not a number of values from 1 to %d", n, int64(MaxCount))}}
	}
	return nil
}

func (z Zipf) sampler() sampler {
	law := newZipfSampler(z.Count, z.Exponent)
	return func(r stream, _ uint64) value { return value{number: law.draw(&r)} }
}

func (u Uniform) sampler() sampler {
	return func(r stream, _ uint64) value { return value{number: 1 + int64(r.below(uint64(u.Count)))} }
}

func (s Sequence) sampler() sampler {
	return func(_ stream, earlier uint64) value { return value{number: s.Start + int64(earlier)} }
}

func (l List) sampler() sampler {
	return func(r stream, _ uint64) value {
		return value{text: l[r.below(uint64(len(l)))], isText: true}
	}
}

func (w Weighted) sampler() sampler {
	if w.check() != nil {
		return List(w.Values).sampler() // of an entry that is refused
	}
	table := newAliasTable(len(w.Values), func(i int) float64 { return w.Weights[i] })
	return func(r stream, _ uint64) value { return value{text: w.Values[table.draw(&r)], isText: true} }
}

// append adds the value to b, encoded for where it stands.
func (v value) append(b []byte, where place) []byte {
	if !v.isText {
		return strconv.AppendInt(b, v.number, 10)
	}
	if where == inPath || where == inQuery {
		return appendEscaped(b, v.text, unreserved)
	}
	return append(b, v.text...)
}
