package lab

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"frontload/results"
)

// paced notes when which bytes were written.
type paced struct {
	httptest.ResponseRecorder
	zero   time.Time
	first  time.Duration
	last   time.Duration
	writes int
}

func (p *paced) WriteHeader(status int) {
	p.first = time.Since(p.zero)
	p.ResponseRecorder.WriteHeader(status)
}

func (p *paced) Write(b []byte) (int, error) {
	p.writes++
	p.last = time.Since(p.zero)
	return p.ResponseRecorder.Write(b)
}

func TestPlayKeepsTheTimesOfTheReply(t *testing.T) {
	for _, tc := range []struct {
		name        string
		first, done time.Duration
		body        int
		begin       time.Duration // when the head leaves
		writes      int
	}{
		{"all at once", 5 * time.Millisecond, 5 * time.Millisecond, 1000, 5 * time.Millisecond, 1},
		{"a transfer too short to cut up leaves at its end", 5 * time.Millisecond, 5500 * time.Microsecond, 1000, 5500 * time.Microsecond, 1},
		{"a short transfer has a beginning and an end", time.Millisecond, 4 * time.Millisecond, 1000, time.Millisecond, 2},
		{"a longer one a write each 10 ms", 0, 100 * time.Millisecond, 1000, 0, 12},
		{"a very long one no more than 64", time.Second, 100 * time.Second, 1000, time.Second, 64},
		{"never more writes than bytes", time.Second, 2 * time.Second, 3, time.Second, 3},
		{"no body ends when it is done", time.Second, 2 * time.Second, 0, 2 * time.Second, 0},
		{"one byte leaves when it is done", time.Second, 2 * time.Second, 1, 2 * time.Second, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &paced{ResponseRecorder: *httptest.NewRecorder(), zero: time.Now()}
				reply := Reply{FirstByte: tc.first, Done: tc.done, Status: 200, Body: make([]byte, tc.body)}
				if !play(t.Context(), w, &reply, w.zero, true) {
					t.Fatal("play gave up")
				}
				if w.first != tc.begin || w.writes != tc.writes || w.Body.Len() != tc.body {
					t.Errorf("the head left at %v, %d bytes in %d writes; want %v, %d bytes in %d", w.first, w.Body.Len(), w.writes, tc.begin, tc.body, tc.writes)
				}
				if end := time.Since(w.zero); end != tc.done || (tc.writes > 0 && w.last != tc.done) {
					t.Errorf("the last byte left at %v, the end was at %v, want %v", w.last, end, tc.done)
				}
			})
		})
	}
}

func TestPlayEndsWithItsClient(t *testing.T) {
	for _, leave := range []time.Duration{0, 500 * time.Millisecond, 1500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), leave)
			defer cancel()
			w := &paced{ResponseRecorder: *httptest.NewRecorder(), zero: time.Now()}
			reply := Reply{FirstByte: time.Second, Done: 2 * time.Second, Status: 200, Body: make([]byte, 1000)}
			if play(ctx, w, &reply, w.zero, true) {
				t.Errorf("play reports a whole answer to a client that left after %v", leave)
			}
			if end := time.Since(w.zero); end != leave {
				t.Errorf("play ended after %v, want %v", end, leave)
			}
			if leave < time.Second && w.Body.Len() != 0 {
				t.Errorf("%d bytes were written before their time", w.Body.Len())
			}
		})
	}
}

func TestPlayLeavesTheBodyOutForHEAD(t *testing.T) {
	w := httptest.NewRecorder()
	reply := page(0, 503, "sorry")
	if !play(t.Context(), w, &reply, time.Now(), false) || w.Body.Len() != 0 || w.Code != 503 {
		t.Errorf("got %d with %d bytes, want 503 with none", w.Code, w.Body.Len())
	}
	if got := w.Header().Get("Content-Length"); got != "5" {
		t.Errorf("Content-Length is %q, want that of the body, 5", got)
	}
}

func TestWireNameIsCanonicalWhereNetHTTPActsOnIt(t *testing.T) {
	for name, want := range map[string]string{
		"content-length": "Content-Length", "content-type": "Content-Type", "date": "Date",
		"x-amz-id-2": "x-amz-id-2", "X-Cache": "X-Cache", "x-amzn-RequestId": "x-amzn-RequestId",
	} {
		if got := wireName(results.Header{Name: name}); got != want {
			t.Errorf("wireName(%q) = %q, want %q", name, got, want)
		}
	}
	var _ http.ResponseWriter = (*paced)(nil)
}
