// Command frontload load-tests Amazon CloudFront the way CloudFront asks to be
// load-tested, and says of every burst of HTTP 503s whether the edge or the
// origin caused it. See the README, or run it with --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// quic-go complains of small socket buffers in a log of its own, which is
	// not how this program talks.
	os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "1")
	os.Exit(run(os.Args[1:]))
}

// run carries out one command line and returns the exit code. The first
// interrupt ends a command gently; a second one ends the process at once.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root := newRoot(os.Stdout, os.Stderr)
	root.SetArgs(args)
	return exitCode(os.Stderr, root.ExecuteContext(ctx))
}
