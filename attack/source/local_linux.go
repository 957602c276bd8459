package source

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// localSpan is how long a list of this machine's addresses is trusted. An
// address that is missing from an old list is bound with IP_FREEBIND, which
// does no harm when it is there after all.
const localSpan = 5 * time.Second

// local knows which addresses are on an interface of this machine. Reading
// them costs a dump of the kernel's table, so the list is kept for localSpan;
// while one goroutine renews it the others go on with the old one.
type local struct {
	list  atomic.Pointer[localList]
	renew sync.Mutex
}

type localList struct {
	read  time.Time
	addrs map[netip.Addr]bool
}

// has reports whether an address needs no IP_FREEBIND. The whole of
// 127.0.0.0/8 is local on Linux, though only 127.0.0.1 is on an interface.
func (l *local) has(a netip.Addr) bool {
	if a.Is4() && a.IsLoopback() {
		return true
	}
	list := l.list.Load()
	if list == nil || time.Since(list.read) > localSpan {
		list = l.fresh(list)
	}
	return list.addrs[a.WithZone("")]
}

func (l *local) fresh(old *localList) *localList {
	if old == nil {
		l.renew.Lock()
	} else if !l.renew.TryLock() {
		return old
	}
	defer l.renew.Unlock()
	if list := l.list.Load(); list != old {
		return list
	}
	list := &localList{read: time.Now(), addrs: interfaceAddrs()}
	l.list.Store(list)
	return list
}

// interfaceAddrs returns every address on an interface; none when the kernel
// does not tell, so that all are bound with IP_FREEBIND.
func interfaceAddrs() map[netip.Addr]bool {
	found := make(map[netip.Addr]bool)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return found
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			found[p.Addr().Unmap()] = true
		}
	}
	return found
}
