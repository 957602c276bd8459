package main

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"frontload/internal/app"
)

// Where several codes hold, 130 comes before 5, 4 and 6.
func TestExitCodes(t *testing.T) {
	guard := fmt.Errorf("%w after 43s: burst 1", app.ErrGuard)
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("the disk is full"), 1},
		{app.Usage(errors.New("no such key")), 2},
		{guard, 4},
		{app.ErrRefused, 5},
		{app.ErrUntrusted, 6},
		{app.ErrInterrupted, 130},
		{errors.Join(app.ErrUntrusted, guard), 4},
		{errors.Join(guard, app.ErrRefused), 5},
		{errors.Join(guard, app.ErrInterrupted), 130},
	} {
		if got := exitCode(io.Discard, tt.err); got != tt.want {
			t.Errorf("exitCode(%v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}
