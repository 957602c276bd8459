package run

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"frontload/results"
)

// The header that only the origin sets is a signal on good answers and on 503s,
// however it is written; what lacks it lacks the signal.
func TestMarker(t *testing.T) {
	t.Parallel()
	var marked, bare atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/edge" {
			bare.Add(1)
		} else {
			marked.Add(1)
			w.Header().Set("X-ORIGIN-ID", "app-1")
		}
		if r.URL.Path != "/good" {
			w.WriteHeader(503)
		}
	}))
	t.Cleanup(server.Close)
	run, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "%s", marker: {header: x-origin-id}}
requests: [{path: /good}, {path: /origin}, {path: /edge}]
load: {rate: 100/s, for: 1s}
`, server.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	var with, without int64
	for c := range run.Cells {
		if c.Signals.Has(results.SignalMarker) {
			with += c.Count
		} else {
			without += c.Count
		}
	}
	if with == 0 || without == 0 || with != marked.Load() || without != bare.Load() {
		t.Errorf("%d answers have the marker and %d have not; the server sent %d and %d", with, without, marked.Load(), bare.Load())
	}
}
