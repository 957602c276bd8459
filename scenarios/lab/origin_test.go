package lab

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// slowQueue is the same queue by stepping through time: no closed form.
type slowQueue struct {
	until  []time.Duration // by server
	starts []time.Duration // of all who waited
}

func (q *slowQueue) ask(now, service time.Duration, servers, most int, patient time.Duration) (time.Duration, bool) {
	waiting := 0
	for _, s := range q.starts {
		if s > now {
			waiting++
		}
	}
	best := 0
	for i := range servers {
		if q.until[i] < q.until[best] {
			best = i
		}
	}
	wait := max(0, q.until[best]-now)
	if wait > 0 && (waiting >= most || wait > patient) {
		return 0, false
	}
	if wait > 0 {
		q.starts = append(q.starts, now+wait)
	}
	q.until[best] = now + wait + service
	return wait, true
}

func TestOriginQueueAgreesWithStepping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := originConfig{
			kind: kindCustom, servers: rapid.IntRange(1, 5).Draw(t, "servers"), queue: rapid.IntRange(0, 6).Draw(t, "queue"),
			patient: time.Duration(rapid.IntRange(0, 300).Draw(t, "patient")) * time.Millisecond,
		}
		lost := fault{start: time.Second, end: 2 * time.Second, level: float64(rapid.IntRange(1, c.servers).Draw(t, "left"))}
		o := newOrigin(c, lost)
		q := slowQueue{until: make([]time.Duration, c.servers)}
		now := time.Duration(0)
		for _, gap := range rapid.SliceOfN(rapid.IntRange(0, 60), 1, 150).Draw(t, "gaps") {
			now += time.Duration(gap) * time.Millisecond
			service := time.Duration(rapid.IntRange(1, 200).Draw(t, "service")) * time.Millisecond
			servers := c.servers
			if now >= lost.start && now < lost.end {
				servers = int(lost.level)
			}
			got, ok := o.enqueue(now, service)
			want, wantOK := q.ask(now, service, servers, c.queue, c.patient)
			if got != want || ok != wantOK {
				t.Fatalf("at %v: enqueue waits %v, %t, want %v, %t", now, got, ok, want, wantOK)
			}
		}
	})
}

// An origin never answers more than its servers can in the time.
func TestOriginCapacityIsNeverExceeded(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	o := newOrigin(originConfig{kind: kindELB, service: 50 * time.Millisecond, servers: 4, queue: 40, patient: time.Second}, fault{})
	answered := 0
	for now := time.Duration(0); now < 10*time.Second; now += 2 * time.Millisecond {
		if _, ok := o.ask(now, "/", false, rng); ok {
			answered++
		}
	}
	// 80 a second, and those still waiting or being served at the end.
	if most := 80*10 + 40 + 4; answered > most || answered < 800 {
		t.Errorf("%d answers of 500/s offered for 10s, want 800 to %d", answered, most)
	}
	if o.requests != 5000 || o.errors != int64(5000-answered) {
		t.Errorf("counted %d requests, %d errors, want 5000 and %d", o.requests, o.errors, 5000-answered)
	}
}

func TestKeyPrefixesAreLimitedApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	o := newOrigin(originConfig{kind: kindS3, service: time.Millisecond, prefix: 20, patient: 500 * time.Millisecond}, fault{})
	img, files := 0, 0
	for now := time.Duration(0); now < 10*time.Second; now += 10 * time.Millisecond {
		if _, ok := o.ask(now, "/img/1.jpg", false, rng); ok {
			img++
		}
		if now%(100*time.Millisecond) == 0 {
			if _, ok := o.ask(now, "/files/1", false, rng); ok {
				files++
			}
		}
	}
	if img < 200 || img > 20*10+prefixBurst+10 {
		t.Errorf("%d of 1000 images answered, want about 200", img)
	}
	if files != 100 {
		t.Errorf("%d of 100 files answered at 10/s, want all", files)
	}
}

func TestKeyPrefixesOfTheCasesDiffer(t *testing.T) {
	seen := map[int]string{}
	for _, path := range []string{"/img/1.jpg", "/files/1"} {
		if was, ok := seen[partition(path)]; ok {
			t.Errorf("%s and %s share a partition", was, path)
		}
		seen[partition(path)] = path
	}
}
