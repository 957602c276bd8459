package accesslog

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
)

// An interrupt ends the reading of a standard input that says nothing more, at
// its beginning and later on.
func TestInterrupt(t *testing.T) {
	for _, said := range []string{"", header33 + strings.Repeat(testRow{}.String(), 500)} {
		synctest.Test(t, func(t *testing.T) {
			in, out := io.Pipe()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() {
				_, err := Read(ctx, []string{"-"}, Options{Stdin: in})
				done <- err
			}()
			if _, err := io.WriteString(out, said); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // until it waits for more
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("after %d bytes: Read() = %v, want %v", len(said), err, context.Canceled)
			}
			out.Close()
		})
	}
}
