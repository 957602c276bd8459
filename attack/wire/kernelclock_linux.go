package wire

import (
	"math"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A kernelClock tells times of the run from the kernel's stamps of what came in
// (SO_TIMESTAMPNS of socket(7)), which are times of day. What came in within
// milliseconds of the time of day being set may be told off by as much.
type kernelClock struct {
	at     time.Duration // of the run, when the two clocks were last compared; zero: never
	behind int64         // how far the run's clock is behind the time of day
}

// compareEvery is for how long a comparison of the clocks holds: the time of day
// may be set anew.
const compareEvery = time.Millisecond

// read compares the clocks when it is time to: it reads the time of day between
// two looks at the run's clock, at best such that are as good as one.
func (k *kernelClock) read(now time.Duration, clock func() time.Duration) {
	if k.at != 0 && now-k.at < compareEvery {
		return
	}
	best := time.Duration(math.MaxInt64)
	for tries := 0; tries < 3 && best > goodLook; tries++ {
		before := clock()
		day := time.Now().UnixNano()
		after := clock()
		if look := after - before; look < best {
			best = look
			k.at, k.behind = after, day-int64(before+look/2)
		}
	}
}

// goodLook is within what time all three clocks should be read.
const goodLook = 2 * time.Microsecond

// A stamp is the control message by which the kernel says when it received
// something.
type stamp struct {
	header unix.Cmsghdr
	at     unix.Timespec
}

// of returns when that was, and at the latest now, which it is where there is no
// stamp in that many bytes.
func (k *kernelClock) of(s *stamp, bytes int, clock func() time.Duration) time.Duration {
	if bytes < int(unsafe.Sizeof(*s)) || s.header.Level != unix.SOL_SOCKET || s.header.Type != unix.SCM_TIMESTAMPNS {
		return clock()
	}
	at := time.Duration(s.at.Nano() - k.behind)
	if at > k.at {
		return min(at, clock())
	}
	return at
}
