package record

import "unsafe"

// unsafeString returns a string in b's own memory, as a parser without
// allocations has it.
func unsafeString(b []byte) string { return unsafe.String(&b[0], len(b)) }
