//go:build !unix

package run

// mostFiles reports that the limit is not known: systems other than Unix have
// none like it.
func mostFiles() (n uint64, known bool) { return 0, false }
