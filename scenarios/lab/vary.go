package lab

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// A Variation names the three generators that a case is drawn from: what goes
// wrong, what answers tell, and what the traffic is like. They know nothing of
// each other, so that any may be held back from whoever learns from the others.
type Variation struct{ Fault, Headers, Traffic string }

// A Generator is one that [Variation] can name.
type Generator struct {
	Name    string
	Title   string // what it draws, in words
	Verdict string // of a fault: the verdict that is right, empty where there are several
	Tells   Tells  // of headers
}

// FaultStyles returns the generators of what goes wrong.
func FaultStyles() []Generator { return generators(faultStyles) }

// HeaderStyles returns the generators of what answers tell.
func HeaderStyles() []Generator { return generators(headerStyles) }

// TrafficShapes returns the generators of distributions and loads.
func TrafficShapes() []Generator { return generators(trafficShapes) }

// Tells says how much headers tell of who wrote an error.
type Tells string

// How much they tell.
const (
	TellAll  Tells = "all"  // on every 503 some header or page names its writer
	TellSome Tells = "some" // what is left names no writer for certain, or misleads
	TellNone Tells = "none" // nothing is left
)

// A LogKind is what an access log holds, where a record is made from one.
type LogKind uint8

// The kinds.
const (
	LogNone         LogKind = iota // the record is a load generator's own
	LogFull                        // 33 fields
	LogResults                     // the same, but every error's result type is Error
	LogOldest                      // 12 fields: neither result types nor times
	LogShort                       // 26 fields: no detailed result type, and the whole time only
	LogShortResults                // the same, but every error's result type is Error
)

// A generator draws one aspect of a case.
type generator struct {
	Generator
	draw func(*drawing)
}

func generators(of []generator) []Generator {
	list := make([]Generator, len(of))
	for i, g := range of {
		list[i] = g.Generator
	}
	return list
}

// A drawing is a case while it is drawn.
type drawing struct {
	*Varied
	rng *rand.Rand
}

// A Varied is a case that was drawn.
type Varied struct {
	Case
	For    time.Duration // length of the load
	Unseen time.Duration // of its start nothing is recorded: the fault was there before
	Log    LogKind       // the record is an access log's
	Asked  bool          // the first origin is asked directly once a second
}

// Draw draws a case. The same seed gives the same case. It fails when a
// generator of that name does not exist.
func (v Variation) Draw(seed uint64) (Varied, error) {
	c := &Varied{}
	d := &drawing{c, rand.New(rand.NewPCG(seed, 0x76617279))}
	for _, part := range []struct {
		of   []generator
		name string
	}{{trafficShapes, v.Traffic}, {headerStyles, v.Headers}, {faultStyles, v.Fault}} {
		g, err := byName(part.of, part.name)
		if err != nil {
			return Varied{}, err
		}
		g.draw(d)
	}
	c.Name = fmt.Sprintf("varied-%d", seed)
	c.Title = v.Fault + ", " + v.Headers + ", " + v.Traffic
	return *c, nil
}

func byName(of []generator, name string) (generator, error) {
	for _, g := range of {
		if g.Name == name {
			return g, nil
		}
	}
	return generator{}, fmt.Errorf("the lab has no generator %q", name)
}

// between draws a number.
func (d *drawing) between(from, to float64) float64 { return span{from, to}.draw(d.rng) }

// whole draws a whole number, both ends included.
func (d *drawing) whole(from, to int) int { return from + d.rng.IntN(to-from+1) }

// times draws a duration.
func (d *drawing) times(from, to time.Duration) time.Duration {
	return time.Duration(d.between(float64(from), float64(to)))
}

// maybe is true with probability p.
func (d *drawing) maybe(p float64) bool { return d.rng.Float64() < p }
