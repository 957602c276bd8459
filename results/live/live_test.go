package live

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"frontload/results/report/plain"
)

var running = Status{
	Elapsed: 12 * time.Second, Total: 30 * time.Second, Asked: 400, Sent: 399.5, InFlight: 12, OK: 4100, Status503: 31, Errors: 2,
	P99: 12300 * time.Microsecond, Stage: "ramp to 500/s",
}

// screen is a terminal of a few columns that understands what a view writes.
// It counts the lines that it had to wrap.
type screen struct {
	t        *testing.T
	columns  int
	rows     [][]rune
	row, col int
	wrapped  int
}

func (s *screen) Write(b []byte) (int, error) {
	text := []rune(string(b))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; r {
		case '\r':
			s.col = 0
		case '\n':
			s.row++
		case '\x1b':
			n, code := 0, text[i+2:]
			for unicode.IsDigit(code[0]) {
				n, code = n*10+int(code[0]-'0'), code[1:]
				i++
			}
			i += 2
			s.code(code[0], n)
		default:
			s.put(r)
		}
	}
	return len(b), nil
}

func (s *screen) code(code rune, n int) {
	s.grow()
	switch code {
	case 'A':
		s.row = max(0, s.row-n)
	case 'K':
		s.rows[s.row] = s.rows[s.row][:min(s.col, len(s.rows[s.row]))]
	case 'J':
		s.rows[s.row] = s.rows[s.row][:min(s.col, len(s.rows[s.row]))]
		s.rows = s.rows[:s.row+1]
	default:
		s.t.Errorf("the view wrote the unknown code %q", code)
	}
}

func (s *screen) grow() {
	for len(s.rows) <= s.row {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) put(r rune) {
	if s.col == s.columns {
		s.row, s.col = s.row+1, 0
		s.wrapped++
	}
	s.grow()
	line := s.rows[s.row]
	for len(line) <= s.col {
		line = append(line, ' ')
	}
	line[s.col] = r
	s.rows[s.row] = line
	s.col++
}

func (s *screen) text() string {
	var lines []string
	for _, l := range s.rows {
		lines = append(lines, string(l))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestTerminalIsRewrittenInPlace(t *testing.T) {
	s := &screen{t: t, columns: 100}
	v := NewView(s, true, func() int { return s.columns })
	v.Show(running)
	later := running
	later.Elapsed, later.Stage, later.Missed = 13*time.Second, "", 4
	v.Show(later)
	want := "13s of 30s  asked 400/s  sent 400/s  in flight 12  p99 12.3 ms\nok 4,100  503 31  errors 2  missed 4"
	if got := s.text(); got != want {
		t.Errorf("the terminal shows\n%s\nwant\n%s", got, want)
	}
	v.Message("holding: 503s rise\nsee the report")
	if got, want := s.text(), "holding: 503s rise\nsee the report\n"+want; got != want {
		t.Errorf("after a message the terminal shows\n%s\nwant\n%s", got, want)
	}
	v.Close()
	v.Show(running)
	v.Close()
	if got, want := s.text(), "holding: 503s rise\nsee the report"; got != want || s.col != 0 {
		t.Errorf("after Close the terminal shows\n%s\nwith the cursor in column %d, want\n%s", got, s.col, want)
	}
	v.Message("done")
	if got := s.text(); !strings.HasSuffix(got, "see the report\ndone") {
		t.Errorf("a message after Close shows as\n%s", got)
	}
}

// Bursts have a line of their own while they last.
func TestBurstsHaveALine(t *testing.T) {
	s := &screen{t: t, columns: 70}
	v := NewView(s, true, func() int { return s.columns })
	calm := running
	calm.Stage, calm.P99 = "", 0
	burst := calm
	burst.Bursts = []string{"edge capacity at FRA56-P1, 97% sure", "origin saturation for search, 91% sure"}
	two := "12s of 30s  asked 400/s  sent 400/s  in flight 12\nok 4,100  503 31  errors 2"
	for _, step := range []struct {
		show Status
		want string
	}{
		{calm, two},
		{burst, two + "\nburst: edge capacity at FRA56-P1, 97% sure  burst: origin saturation…"},
		{calm, two},
	} {
		v.Show(step.show)
		if got := s.text(); got != step.want {
			t.Errorf("the terminal shows\n%s\nwant\n%s", got, step.want)
		}
	}
	var plain strings.Builder
	v = NewView(&plain, false, nil)
	v.Show(burst)
	if got, want := plain.String(), "burst: edge capacity at FRA56-P1, 97% sure  burst: origin saturation for search, 91% sure\n"; !strings.HasSuffix(got, want) {
		t.Errorf("a pipe gets %q, want it to end in %q", got, want)
	}
}

func TestProgressNeverWraps(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := &screen{t: t, columns: rapid.IntRange(1, 200).Draw(rt, "columns")}
		v := NewView(s, true, func() int { return s.columns })
		for range rapid.IntRange(1, 4).Draw(rt, "times") {
			status := running
			status.Stage = rapid.StringMatching(`[a-z é]{0,60}`).Draw(rt, "stage")
			status.Trouble = rapid.StringMatching(`[a-z]{0,80}`).Draw(rt, "trouble")
			status.OK = rapid.Int64Min(0).Draw(rt, "ok")
			v.Show(status)
		}
		if s.wrapped > 0 || len(s.rows) != 2 {
			rt.Errorf("at %d columns %d lines were wrapped and %d rows used", s.columns, s.wrapped, len(s.rows))
		}
	})
}

// When the window gets narrower the terminal itself wraps what was there; the
// view must still find the start of its lines.
func TestNarrowedWindowIsCleared(t *testing.T) {
	var b strings.Builder
	columns := 100
	v := NewView(&b, true, func() int { return columns })
	v.Show(running)
	b.Reset()
	columns = 30 // 73 columns become three rows, 27 stay one
	v.Show(running)
	if got := b.String(); !strings.HasPrefix(got, "\r\x1b[3A") {
		t.Errorf("the view wrote %q, want it to go up three rows first", got)
	}
}

func TestWidthThatIsNotKnown(t *testing.T) {
	long := running
	long.Stage = strings.Repeat("x", 200)
	for name, width := range map[string]func() int{"no function": nil, "zero": func() int { return 0 }, "negative": func() int { return -1 }} {
		s := &screen{t: t, columns: 80}
		NewView(s, true, width).Show(long)
		if got, _, _ := strings.Cut(s.text(), "\n"); s.wrapped > 0 || plain.Width(got) != 79 {
			t.Errorf("%s: the line %q has %d columns, want 79", name, got, plain.Width(got))
		}
	}
}

func TestPipeGetsALineEveryFiveSeconds(t *testing.T) {
	var b strings.Builder
	v := NewView(&b, false, nil)
	for s := range 13 {
		status := running
		status.Elapsed = time.Duration(s) * time.Second
		v.Show(status)
	}
	v.Message("interrupted")
	v.Close()
	v.Close()
	var clocks []string
	for _, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
		clock, _, _ := strings.Cut(line, " ")
		clocks = append(clocks, clock)
	}
	if got, want := strings.Join(clocks, " "), "0s 5s 10s interrupted 12s"; got != want {
		t.Errorf("lines began with %q, want %q:\n%s", got, want, b.String())
	}
	if strings.ContainsAny(b.String(), "\x1b\r") {
		t.Errorf("a pipe got cursor codes: %q", b.String())
	}
}

func TestForeignTextCannotReachTheTerminalRaw(t *testing.T) {
	hostile := "\x1b[2J\x1b]0;title\x07\r\u009b31m\u202eevil\xff\t"
	for _, terminal := range []bool{true, false} {
		var b strings.Builder
		v := NewView(&b, terminal, func() int { return 300 })
		status := running
		status.Stage, status.Trouble = hostile, hostile
		v.Show(status)
		v.Message("dns: " + hostile + "\nsecond line")
		v.Close()
		got := b.String()
		for _, own := range []string{clearLine, clearBelow, "\r\n", "\r\x1b[1A", "\r", "\n"} {
			got = strings.ReplaceAll(got, own, "")
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }); i >= 0 {
			t.Errorf("terminal %v: %q got through in %q", terminal, got[i], got)
		}
		if !strings.Contains(got, "evil") {
			t.Errorf("terminal %v: the harmless part is missing from %q", terminal, got)
		}
	}
}

func TestViewIsSafeForManyAtOnce(t *testing.T) {
	s := &screen{t: t, columns: 60}
	v := NewView(s, true, func() int { return s.columns })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				v.Show(running)
				if j%10 == 0 {
					v.Message(fmt.Sprintf("message %d of %d", j/10, i))
				}
			}
		})
	}
	wg.Wait()
	v.Close()
	if got := strings.Count(s.text(), "message"); got != 40 || strings.Contains(s.text(), "asked") {
		t.Errorf("%d messages were left, want 40 and no progress:\n%s", got, s.text())
	}
}
