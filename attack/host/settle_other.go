//go:build !linux

package host

// Settle is for systems that can be told what will be needed.
func Settle() {}
