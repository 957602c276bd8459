//go:build linux

package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

// A second of ten in which nothing is answered: with a connection for everyone
// the users of that second wait what is left of it, evenly from 1 s to none.
func TestWaitsWithAConnectionForEveryone(t *testing.T) {
	f := freeze{rate: 1000, span: 10 * time.Second, connections: 10_000, service: 1, cycle: 1, from: 4 * time.Second, to: 5 * time.Second}
	s := spectrumOf(f.waits())
	for percent, want := range map[float64]float64{50: 0, 95: 500, 99: 900, 100: 1000} {
		if got := s.at(percent); math.Abs(got-want) > 1 {
			t.Errorf("p%v is %v ms, want %v", percent, got, want)
		}
	}
}

// With one connection the backlog of 1,000 is served at 2,000/s while 1,000/s
// come: the last user of the freeze waits for half a second.
func TestWaitsWithOneConnection(t *testing.T) {
	f := freeze{rate: 1000, span: 10 * time.Second, connections: 1, service: ms / 2, cycle: ms / 2, from: 4 * time.Second, to: 5 * time.Second}
	w := f.waits()
	for user, want := range map[int]time.Duration{3000: ms / 2, 4000: time.Second, 4999: time.Second / 2, 5500: time.Second / 4, 7000: ms / 2} {
		if got := w[user]; (got - want).Abs() > 2*ms {
			t.Errorf("user %d waits %v, want about %v", user, got, want)
		}
	}
}

func TestWaitsAreTheOracles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, least, most int) time.Duration {
			return time.Duration(rapid.IntRange(least, most).Draw(t, name)) * ms
		}
		f := freeze{rate: 250, span: span("span", 1, 60) * 4, connections: rapid.IntRange(1, 7).Draw(t, "connections"), service: span("service", 1, 9)}
		f.cycle = f.service + span("rest", 0, 5)
		f.from = span("from", 0, 200)
		f.to = f.from + span("freeze", 0, 100)
		if got, want := f.waits(), oracle(f); !slices.Equal(got, want) {
			t.Fatalf("%+v\nwaits  %v\noracle %v", f, got, want)
		}
	})
}

// oracle plays the same in steps of a millisecond, in which all times lie:
// users stand in line, and each connection is looked at in each step.
func oracle(f freeze) []time.Duration {
	type connection struct {
		user            int // -1: none
		due, free       time.Duration
		waitsForItsRest bool
	}
	every := time.Second / time.Duration(f.rate)
	waits := make([]time.Duration, int(f.span/every))
	connections := make([]connection, f.connections)
	for i := range connections {
		connections[i].user = -1
	}
	var line []int
	come, answered := 0, 0
	for now := time.Duration(0); answered < len(waits); now += ms {
		frozen := now >= f.from && now < f.to
		if come < len(waits) && now == time.Duration(come)*every {
			line = append(line, come)
			come++
		}
		for i := range connections {
			c := &connections[i]
			if c.user >= 0 && now >= c.due && !frozen {
				waits[c.user] = now - time.Duration(c.user)*every
				answered++
				c.user, c.free, c.waitsForItsRest = -1, now+f.cycle-f.service, true
			}
			c.waitsForItsRest = c.waitsForItsRest && now < c.free
			if c.user < 0 && !c.waitsForItsRest && len(line) > 0 {
				c.user, c.due, line = line[0], now+f.service, line[1:]
			}
		}
	}
	return waits
}

func TestSpectrumIsOfNearestRank(t *testing.T) {
	times := make([]time.Duration, 1000)
	for i := range times {
		times[len(times)-1-i] = time.Duration(i+1) * ms
	}
	s := spectrumOf(times)
	for percent, want := range map[float64]float64{0: 1, 50: 500, 95: 950, 99.9: 999, 99.99: 1000, 100: 1000} {
		if got := s.at(percent); got != want {
			t.Errorf("p%v of 1 to 1,000 ms is %v, want %v", percent, got, want)
		}
	}
	if got := s.at(12.5); !math.IsNaN(got) {
		t.Errorf("a percentile that was not asked is %v, want none", got)
	}
	if s := spectrumOf(nil); len(s) != 0 {
		t.Errorf("of nothing: %v", s)
	}
}

// The server's record of a model's own users is the model.
func TestServedIsWhatTheUsersWaited(t *testing.T) {
	f := freeze{rate: 1000, span: 10 * time.Second, connections: 1, service: ms / 2, cycle: 600 * time.Microsecond, from: 4 * time.Second, to: 5 * time.Second}
	waits := f.waits()
	record := make([]exchange, len(waits))
	for i, w := range waits {
		answered := time.Duration(i)*ms + w
		record[i] = exchange{arrived: answered - f.service, answered: answered}
		if i > 0 {
			record[i].arrived = max(time.Duration(i)*ms, record[i-1].answered+f.cycle-f.service)
		}
	}
	if got := served(record, f.rate, f.span); !slices.Equal(got, waits) {
		t.Error("the record of the model's users tells other waits than the model")
	}
	service, cycle := pace(record, f.rate, f.from, f.to)
	if service != f.service || cycle != f.cycle {
		t.Errorf("its pace is %v and %v, want %v and %v", service, cycle, f.service, f.cycle)
	}
	if got := served(record[:9000], f.rate, f.span); got != nil {
		t.Error("a run that left out a tenth is taken for the schedule's")
	}
}

func TestPaceOfWhatNobodyWaitsFor(t *testing.T) {
	var record []exchange
	for i := range 100 {
		at := time.Duration(i) * ms
		record = append(record, exchange{arrived: at, answered: at + ms/4})
	}
	if service, cycle := pace(record, 1000, 0, time.Second); service != ms/4 || cycle != service {
		t.Errorf("pace is %v and %v, want both %v", service, cycle, ms/4)
	}
	if service, cycle := pace(nil, 1000, 0, time.Second); service != 0 || cycle != 0 {
		t.Errorf("of no exchanges: %v and %v", service, cycle)
	}
}

func TestOff(t *testing.T) {
	from := spectrum{{95, 500}, {99, 900}}
	for _, c := range []struct {
		name string
		said spectrum
		want float64
	}{
		{"the larger of both counts, with its sign", spectrum{{95, 490}, {99, 909}}, -0.02},
		{"what is not told does not", spectrum{{99, 909}}, 0.01},
	} {
		if got := c.said.off(from); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: off by %v, want %v", c.name, got, c.want)
		}
	}
	if got := (spectrum{{50, 1}}).off(from); !math.IsNaN(got) {
		t.Errorf("a tool that tells neither is off by %v, want none", got)
	}
}
