package permit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"time"
)

// Ranges are CloudFront's addresses by AWS's own list, ip-ranges.json.
type Ranges struct {
	Created  time.Time
	prefixes []netip.Prefix // sorted
}

// Bounds on the list, which has about 10,000 prefixes in 2 MB. A prefix of
// CloudFront's that is wider than these would let anything pass.
const (
	maxRangesBytes = 64 << 20
	maxPrefixes    = 1 << 18
	leastBitsV4    = 8
	leastBitsV6    = 16
	old            = 90 * 24 * time.Hour
	service        = "CLOUDFRONT" // not CLOUDFRONT_ORIGIN_FACING, which asks origins and answers nobody
)

// rangesFile is the list as AWS publishes it, as far as it matters here.
type rangesFile struct {
	SyncToken  string `json:"syncToken"`
	CreateDate string `json:"createDate"`
	V4         []struct {
		Prefix  string `json:"ip_prefix"`
		Service string `json:"service"`
	} `json:"prefixes"`
	V6 []struct {
		Prefix  string `json:"ipv6_prefix"`
		Service string `json:"service"`
	} `json:"ipv6_prefixes"`
}

// OpenRanges reads the list from a file.
func OpenRanges(path string) (*Ranges, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read CloudFront's ranges: %w", err)
	}
	defer file.Close()
	r, err := ReadRanges(file)
	if err != nil {
		return nil, fmt.Errorf("read CloudFront's ranges from %s: %w; get it anew: curl -o %s https://ip-ranges.amazonaws.com/ip-ranges.json", path, err, path)
	}
	return r, nil
}

// ReadRanges reads the list. It refuses what is not AWS's list, what is too
// long to be, and a list without addresses of CloudFront's.
func ReadRanges(r io.Reader) (*Ranges, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxRangesBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxRangesBytes {
		return nil, fmt.Errorf("it is longer than %d bytes", maxRangesBytes)
	}
	var f rangesFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("it is not AWS's list: %w", err)
	}
	if len(f.V4)+len(f.V6) > maxPrefixes {
		return nil, fmt.Errorf("it has more than %d prefixes", maxPrefixes)
	}
	if _, err := strconv.ParseUint(f.SyncToken, 10, 63); err != nil {
		return nil, fmt.Errorf("it is not AWS's list: its syncToken is %.40q, want a number", f.SyncToken)
	}
	created, err := time.Parse("2006-01-02-15-04-05", f.CreateDate)
	if err != nil {
		return nil, fmt.Errorf("it is not AWS's list: its createDate is %.40q, want one like 2026-11-20-21-17-06", f.CreateDate)
	}
	ranges := &Ranges{Created: created}
	for i, p := range f.V4 {
		if err := ranges.add(p.Prefix, p.Service, true); err != nil {
			return nil, fmt.Errorf("prefixes[%d]: %w", i, err)
		}
	}
	for i, p := range f.V6 {
		if err := ranges.add(p.Prefix, p.Service, false); err != nil {
			return nil, fmt.Errorf("ipv6_prefixes[%d]: %w", i, err)
		}
	}
	if len(ranges.prefixes) == 0 {
		return nil, fmt.Errorf("it has no prefix of the service %s", service)
	}
	slices.SortFunc(ranges.prefixes, netip.Prefix.Compare)
	return ranges, nil
}

// add takes a prefix of CloudFront's, and checks that of any service.
func (r *Ranges) add(text, of string, v4 bool) error {
	p, err := netip.ParsePrefix(text)
	least := leastBitsV6
	if v4 {
		least = leastBitsV4
	}
	switch {
	case err != nil:
		return fmt.Errorf("%.60q is no prefix", text)
	case p.Addr().Is4() != v4 || p.Addr().Is4In6():
		return fmt.Errorf("%s is of the other family", p)
	case p != p.Masked():
		return fmt.Errorf("%s has bits set beyond its length", p)
	case of == "":
		return errors.New("it names no service")
	case of != service:
		return nil
	case p.Bits() < least:
		return fmt.Errorf("%s is too wide to be CloudFront's alone", p)
	}
	r.prefixes = append(r.prefixes, p)
	return nil
}

// Contains reports whether an address is CloudFront's.
func (r *Ranges) Contains(a netip.Addr) bool {
	a = a.Unmap()
	return slices.ContainsFunc(r.prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Doubt says why the list may be wrong by now, or nothing.
func (r *Ranges) Doubt(now time.Time) string {
	age := now.Sub(r.Created)
	if age <= old {
		return ""
	}
	return fmt.Sprintf("the list of CloudFront's ranges is of %s, %d days old, and CloudFront's addresses change: get it anew from https://ip-ranges.amazonaws.com/ip-ranges.json",
		r.Created.Format(time.DateOnly), int(age.Hours()/24))
}
