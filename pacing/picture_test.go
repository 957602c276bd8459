package pacing

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

// TestPictures draws the schedules in testdata. Each file holds comments (#),
// lines that say what to run, a line of dashes and the picture: a line for
// each interval of the run, a # for each arrival that was sent in it (or for
// as many as "scale" says), an x for each that was due in it and missed.
// After a change that is meant to alter them: go test ./pacing -update.
func TestPictures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("pictures in testdata: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { checkPicture(t, file) })
	}
}

func checkPicture(t *testing.T, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	script, want, _ := strings.Cut(string(content), "----\n")
	p := picture{every: time.Second, scale: 1, arrivals: Uniform, shards: 1}
	for line := range strings.Lines(script) {
		if err := p.read(strings.Fields(line)); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
	}
	got := p.draw(t)
	if *update {
		if err := os.WriteFile(file, []byte(script+"----\n"+got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s draws\n%s\nwant\n%s", file, got, want)
	}
}

// A picture is one run to draw.
type picture struct {
	segments      []Segment
	arrivals      Arrivals
	seed          uint64
	shard, shards int
	every         time.Duration
	scale         int
	clock         virtual
	decisions     []choice
}

// A choice is something that is decided about the course at a time.
type choice struct {
	at   time.Duration
	make func(c *Course, at time.Duration)
}

// A deciding clock is one by which a governor decides, too, as time passes.
type deciding struct {
	*virtual
	course *Course
	left   []choice
}

func (d *deciding) now() time.Duration {
	for len(d.left) > 0 && d.t >= d.left[0].at {
		d.left[0].make(d.course, d.left[0].at)
		d.left = d.left[1:]
	}
	return d.t
}

// read takes one line of a script.
func (p *picture) read(words []string) (err error) {
	if len(words) == 0 || words[0] == "#" {
		return nil
	}
	switch command := strings.Join(words[:1], ""); command {
	case "every":
		p.every, err = time.ParseDuration(words[1])
	case "scale":
		p.scale, err = strconv.Atoi(words[1])
	case "tick":
		p.clock.tick, err = time.ParseDuration(words[1])
	case "poisson":
		p.arrivals = Poisson
		p.seed, err = strconv.ParseUint(words[1], 10, 64)
	case "shard":
		_, err = fmt.Sscanf(words[1], "%d/%d", &p.shard, &p.shards)
	case "stall": // stall AT SPAN
		var s stall
		if s.at, err = time.ParseDuration(words[1]); err == nil {
			s.span, err = time.ParseDuration(words[2])
		}
		p.clock.stalls = append(p.clock.stalls, s)
	case "segment": // segment FROM TO FOR
		err = p.readSegment(words[1:])
	case "guided": // guided START PEAK EVERY HOLD
		err = p.readGuided(words[1:])
	case "hold", "resume", "stop", "back-off": // AT, and SHARE to back off
		err = p.readChoice(command, words[1:])
	default:
		err = fmt.Errorf("unknown command %q", command)
	}
	return err
}

func (p *picture) readSegment(words []string) (err error) {
	var g Segment
	if g.From, err = ParseRate(words[0]); err != nil {
		return err
	}
	if g.To, err = ParseRate(words[1]); err != nil {
		return err
	}
	g.For, err = time.ParseDuration(words[2])
	p.segments = append(p.segments, g)
	return err
}

func (p *picture) readGuided(words []string) (err error) {
	var g Guided
	if g.Start, err = ParseRate(words[0]); err != nil {
		return err
	}
	if g.Peak, err = ParseRate(words[1]); err != nil {
		return err
	}
	if g.Every, err = time.ParseDuration(words[2]); err != nil {
		return err
	}
	if g.Hold, err = time.ParseDuration(words[3]); err != nil {
		return err
	}
	p.segments, err = g.Segments()
	return err
}

func (p *picture) readChoice(what string, words []string) (err error) {
	d := choice{}
	if d.at, err = time.ParseDuration(words[0]); err != nil {
		return err
	}
	switch what {
	case "hold":
		d.make = func(c *Course, at time.Duration) { c.Hold(at) }
	case "resume":
		d.make = func(c *Course, at time.Duration) { c.Resume(at) }
	case "stop":
		d.make = func(c *Course, at time.Duration) { c.Stop(at) }
	case "back-off":
		share, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return err
		}
		d.make = func(c *Course, at time.Duration) { c.BackOff(at, share) }
	}
	p.decisions = append(p.decisions, d)
	return nil
}

// draw runs the script through a gate and returns the picture.
func (p *picture) draw(t *testing.T) string {
	t.Helper()
	s, err := New(p.segments, p.arrivals, p.seed)
	if err != nil {
		t.Fatal(err)
	}
	var sent []departure
	var missed []Arrival
	if p.decisions == nil {
		sent, missed = run(s.Stream(p.shard, p.shards), NewShardGate(s, p.shards), &p.clock)
	} else {
		c := NewCourse(s)
		sent, missed = runCourse(c, &deciding{&p.clock, c, p.decisions})
		s = c.Schedule()
	}
	last := s.Duration() - 1
	for _, d := range sent {
		last = max(last, d.left)
	}
	gone, lost := make([]int, last/p.every+1), make([]int, last/p.every+1)
	for _, d := range sent {
		gone[d.left/p.every]++
	}
	for _, a := range missed {
		lost[a.At/p.every]++
	}
	var b strings.Builder
	fmt.Fprintln(&b, s)
	for i := range gone {
		row := fmt.Sprintf("%6s %4d |%s%s", time.Duration(i)*p.every, gone[i], p.bar("#", gone[i]), p.bar("x", lost[i]))
		fmt.Fprintln(&b, strings.TrimRight(row, " "))
	}
	return b.String()
}

// bar returns a mark for each n, or for as many as the scale says.
func (p *picture) bar(mark string, n int) string {
	return strings.Repeat(mark, (n+p.scale-1)/p.scale)
}
