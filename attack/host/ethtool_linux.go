package host

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A kernelTool asks the kernel, by the ioctl that ethtool(8) uses. Its requests
// are as in linux/ethtool.h: a few numbers of 32 bits, then the answer.
type kernelTool struct {
	socket int
	name   string
	answer []byte
}

func (k *kernelTool) count() (int, error) {
	info, err := unix.IoctlGetEthtoolDrvinfo(k.socket, k.name)
	if err != nil {
		return 0, err
	}
	return int(info.N_stats), nil
}

// setOfStatistics is ETH_SS_STATS.
const setOfStatistics = 1

func (k *kernelTool) names(n int) ([]byte, error) {
	const head = 12 // cmd, string_set, len
	b := k.room(head + n*nameSize)
	request := (*[3]uint32)(unsafe.Pointer(unsafe.SliceData(b)))
	*request = [3]uint32{unix.ETHTOOL_GSTRINGS, setOfStatistics, uint32(n)}
	if err := ioctlEthtool(k.socket, k.name, b); err != nil {
		return nil, err
	}
	n = min(n, int(request[2]))
	return append([]byte(nil), b[head:head+n*nameSize]...), nil
}

func (k *kernelTool) values(to []byte, n int) error {
	const head = 8 // cmd, n_stats
	b := k.room(head + n*8)
	request := (*[2]uint32)(unsafe.Pointer(unsafe.SliceData(b)))
	*request = [2]uint32{unix.ETHTOOL_GSTATS, uint32(n)}
	if err := ioctlEthtool(k.socket, k.name, b); err != nil {
		return err
	}
	copy(to, b[head:head+n*8])
	return nil
}

// slack is room behind every answer: a kernel tells as many counters as the
// interface has by then, which may be more than it had a moment ago.
const slack = 64 << 10

// room returns memory for an answer, in which the kernel may write.
func (k *kernelTool) room(size int) []byte {
	if size += slack; cap(k.answer) < size {
		words := make([]uint64, (size+7)/8) // aligned as the kernel's numbers are
		k.answer = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), 8*len(words))
	}
	return k.answer[:size]
}

// An ifreq is the kernel's struct of that name, with a pointer to data.
type ifreq struct {
	name [unix.IFNAMSIZ]byte
	data unsafe.Pointer
	_    [24 - unsafe.Sizeof(uintptr(0))]byte
}

// ioctlEthtool makes the request in b, where the answer will stand.
func ioctlEthtool(socket int, name string, b []byte) error {
	r := ifreq{data: unsafe.Pointer(unsafe.SliceData(b))}
	copy(r.name[:unix.IFNAMSIZ-1], name)
	_, _, err := unix.Syscall(unix.SYS_IOCTL, uintptr(socket), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&r)))
	runtime.KeepAlive(b)
	if err != 0 {
		return err
	}
	return nil
}
