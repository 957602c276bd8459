//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// smalldisk fails: only Linux has such file systems.
func smalldisk(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("smalldisk needs Linux")
}
