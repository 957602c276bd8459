package dns

import (
	"bufio"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	hostsPath  = "/etc/hosts"
	resolvPath = "/etc/resolv.conf"

	// hostsSpan is how long what the hosts file says is used before it is
	// read again: CloudFront's own TTL.
	hostsSpan = 60 * time.Second
)

// systemFiles are the files by which a system is told how to resolve names.
// A file that cannot be read counts as empty, as hosts(5) and resolv.conf(5)
// have it.
type systemFiles struct{ hosts, resolv string }

// known returns the addresses of a name for which nobody is asked. For
// localhost and what ends in it these are always loopback addresses (RFC
// 6761, section 6.3): those of the hosts file, or 127.0.0.1. For others they
// are the hosts file's, if the system's resolving is wanted at all.
func (f systemFiles) known(host string, system bool) []netip.Addr {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host != "localhost" && !strings.HasSuffix(host, ".localhost") {
		if !system {
			return nil
		}
		return f.inHosts(host)
	}
	for _, name := range []string{host, "localhost"} {
		addrs := slices.DeleteFunc(f.inHosts(name), func(a netip.Addr) bool { return !a.IsLoopback() })
		if len(addrs) > 0 {
			return addrs
		}
	}
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
}

// inHosts returns the addresses that the hosts file gives for a name.
func (f systemFiles) inHosts(host string) []netip.Addr {
	var addrs []netip.Addr
	eachLine(f.hosts, "#", func(fields []string) {
		addr, err := netip.ParseAddr(fields[0])
		same := func(name string) bool { return strings.EqualFold(strings.TrimSuffix(name, "."), host) }
		if err == nil && slices.ContainsFunc(fields[1:], same) {
			addrs = append(addrs, addr.Unmap())
		}
	})
	return addrs
}

// eachLine calls use with the fields of each line of a file that has any, what
// follows one of the comment characters left out.
func eachLine(path, comment string, use func(fields []string)) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if i := strings.IndexAny(line, comment); i >= 0 {
			line = line[:i]
		}
		if fields := strings.Fields(line); len(fields) > 0 {
			use(fields)
		}
	}
}
