//go:build !unix

package store

import "os"

// lock does nothing: where it is needed, a file that is open cannot be removed.
func lock(*os.File) (held bool) { return false }
