//go:build !unix

package store

import "os"

// lock does nothing where a file that is open cannot be removed anyway.
func lock(*os.File) (held bool) { return false }
