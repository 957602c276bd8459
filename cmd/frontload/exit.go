package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"frontload/internal/app"
)

// The exit codes. They are a contract: scripts call by them.
const (
	exitOK          = 0   // done and passed
	exitFailed      = 1   // failed while running
	exitUsage       = 2   // wrong usage or scenario; nothing was sent
	exitGuard       = 4   // stopped by the guard; the run file is whole and reportable
	exitRefused     = 5   // not authorised, or a ban; nothing was sent
	exitUntrusted   = 6   // not to be believed: the generator was the bottleneck
	exitInterrupted = 130 // interrupted; the run file is whole and reportable
)

// exits lists which errors end in which code, the one that wins first. Errors
// that are not listed end in exitFailed.
var exits = []struct {
	err  error
	code int
}{
	{app.ErrInterrupted, exitInterrupted},
	{app.ErrRefused, exitRefused},
	{app.ErrUsage, exitUsage},
	{app.ErrGuard, exitGuard},
	{app.ErrUntrusted, exitUntrusted},
}

// exitCode prints the error, if it says more than its code, and returns the
// code.
func exitCode(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	printError(stderr, err)
	for _, e := range exits {
		if errors.Is(err, e.err) {
			return e.code
		}
	}
	return exitFailed
}

// printError prints messages of the program's own behind its name. Errors in
// files begin with FILE:LINE:COLUMN and stand as they are, so that editors
// find the place.
func printError(w io.Writer, err error) {
	text := strings.TrimRight(err.Error(), "\n")
	if app.InFile(err) {
		fmt.Fprintln(w, text)
		return
	}
	fmt.Fprintf(w, "frontload: %s\n", text)
}
