//go:build !linux

package attack

import "time"

func sharpen() {}
func blunt()   {}

func nap(span time.Duration) { time.Sleep(span) }
