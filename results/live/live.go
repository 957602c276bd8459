// Package live shows how a run goes on: on a terminal as two lines that are
// rewritten in place, a third while there are bursts of 503s, elsewhere as a plain line every five seconds.
package live

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"frontload/results/report/plain"
)

// plainEvery is how far apart lines are where there is no terminal.
const plainEvery = 5 * time.Second

// defaultWidth is taken where the terminal does not tell its width.
const defaultWidth = 80

// Status is how a run stands at one moment.
type Status struct {
	Elapsed, Total        time.Duration // Total is zero when the end is open
	Asked, Sent           float64       // requests/s, in the last second
	InFlight              int64         // arrivals queued or awaiting an answer
	OK, Status503, Errors int64         // so far; Errors are those without status 503
	Missed, Unsent        int64         // arrivals, so far
	P99                   time.Duration // response time in the last second; zero when nothing was answered
	Stage                 string        // what the schedule is doing
	Trouble               string        // why the generator is the bottleneck; empty when it is not
	Bursts                []string      // of 503s that go on: cause, place and confidence of each
}

// A View shows statuses and messages. Its methods may be called by many
// goroutines at once. What cannot be written is lost: a view has no errors,
// since a terminal that went away must not end a run.
type View struct {
	w        io.Writer
	terminal bool
	width    func() int

	mu struct {
		sync.Mutex
		drawn   []string // the lines on the terminal below which nothing stands
		last    Status
		shown   bool // last was written
		any     bool // there was a status
		printed time.Duration
		closed  bool
	}
}

// NewView returns a view that writes to w. Terminal says that w understands
// cursor codes; width then tells its columns before each line is drawn, and
// may be nil or return zero where they are not known: 80 are taken.
func NewView(w io.Writer, terminal bool, width func() int) *View {
	return &View{w: w, terminal: terminal, width: width}
}

// Show replaces the status. Without a terminal it writes a line for the first
// status and then for one in every five seconds of the run. After Close it
// does nothing.
func (v *View) Show(s Status) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mu.closed {
		return
	}
	first := !v.mu.any
	v.mu.last, v.mu.any, v.mu.shown = s, true, false
	switch {
	case v.terminal:
		v.write(v.erase() + v.draw())
	case first || s.Elapsed >= v.mu.printed+plainEvery || s.Elapsed < v.mu.printed:
		v.print()
	}
}

// Message writes text, which may have several lines, above the progress. It
// works after Close too.
func (v *View) Message(text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	lines := strings.Split(strings.TrimRight(plain.Text(text), "\n"), "\n")
	if !v.terminal {
		v.write(strings.Join(lines, "\n") + "\n")
		return
	}
	out := v.erase() + strings.Join(lines, clearLine+"\r\n") + clearLine + "\r\n"
	if v.mu.any && !v.mu.closed {
		out += v.draw()
	}
	v.write(out + clearBelow)
}

// Close takes the progress off the terminal, the cursor at the start of its
// first line. Without a terminal it writes the last status if that was not
// written yet. It may be called again.
func (v *View) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.mu.closed {
		return
	}
	v.mu.closed = true
	switch {
	case v.terminal && v.mu.drawn != nil:
		v.write(v.erase() + clearBelow)
		v.mu.drawn = nil
	case !v.terminal && v.mu.any && !v.mu.shown:
		v.print()
	}
}

// print writes the last status as one plain line.
func (v *View) print() {
	v.mu.printed, v.mu.shown = v.mu.last.Elapsed, true
	parts := slices.Concat(v.mu.last.first(), v.mu.last.second(), v.mu.last.third())
	v.write(strings.Join(parts, "  ") + "\n")
}

func (v *View) write(s string) { _, _ = io.WriteString(v.w, s) }
