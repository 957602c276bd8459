package permit

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const list = `{
  "syncToken": "1795209426", "createDate": "2026-11-20-21-17-06",
  "prefixes": [
    {"ip_prefix": "198.51.100.0/24", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"},
    {"ip_prefix": "192.0.2.0/24", "region": "eu-central-1", "service": "EC2", "network_border_group": "eu-central-1"},
    {"ip_prefix": "203.0.113.0/25", "region": "GLOBAL", "service": "CLOUDFRONT_ORIGIN_FACING", "network_border_group": "GLOBAL"}
  ],
  "ipv6_prefixes": [
    {"ipv6_prefix": "2001:db8:cf::/48", "region": "GLOBAL", "service": "CLOUDFRONT", "network_border_group": "GLOBAL"}
  ]
}`

func TestRanges(t *testing.T) {
	r, err := ReadRanges(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"198.51.100.0": true, "198.51.100.255": true, "::ffff:198.51.100.7": true, "2001:db8:cf::1": true,
		"198.51.101.0": false, "192.0.2.1": false, "203.0.113.9": false, "2001:db8:cf0::1": false, "127.0.0.1": false,
	} {
		if got := r.Contains(netip.MustParseAddr(address)); got != want {
			t.Errorf("Contains(%s) = %t, want %t", address, got, want)
		}
	}
	created := time.Date(2026, 11, 20, 21, 17, 6, 0, time.UTC)
	if doubt := r.Doubt(created.Add(90 * 24 * time.Hour)); doubt != "" || !r.Created.Equal(created) {
		t.Errorf("after 90 days: %q, created %v", doubt, r.Created)
	}
	if doubt := r.Doubt(created.Add(91 * 24 * time.Hour)); !strings.Contains(doubt, "2026-11-20, 91 days old") {
		t.Errorf("after 91 days: %q", doubt)
	}
}

func TestRangesThatAreRefused(t *testing.T) {
	for name, row := range map[string]struct{ old, new, want string }{
		"empty":                     {list, "", "not AWS's list"},
		"cut off":                   {list, list[:200], "not AWS's list"},
		"something after it":        {list, list + list, "not AWS's list"},
		"a page":                    {list, "<html>", "not AWS's list"},
		"another document":          {list, `{"prefixes": []}`, "syncToken"},
		"no date":                   {"2026-11-20-21-17-06", "yesterday", "createDate"},
		"no prefix":                 {"198.51.100.0/24", "198.51.100.0", "is no prefix"},
		"a prefix of another shape": {"192.0.2.0/24", "192.0.2.1/24", "prefixes[1]: 192.0.2.1/24 has bits"},
		"the other family":          {"2001:db8:cf::/48", "198.51.100.0/24", "ipv6_prefixes[0]: 198.51.100.0/24 is of the other family"},
		"IPv4 in disguise":          {"2001:db8:cf::/48", "::ffff:192.0.2.0/120", "ipv6_prefixes[0]"},
		"everything":                {"198.51.100.0/24", "0.0.0.0/0", "too wide"},
		"everything of IPv6":        {"2001:db8:cf::/48", "::/0", "too wide"},
		"no service":                {`"EC2"`, `""`, "no service"},
		"nothing of CloudFront's":   {`"CLOUDFRONT"`, `"S3"`, "no prefix of the service CLOUDFRONT"},
	} {
		_, err := ReadRanges(strings.NewReader(strings.ReplaceAll(list, row.old, row.new)))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
	path := filepath.Join(t.TempDir(), "ip-ranges.json")
	if err := os.WriteFile(path, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRanges(path); err == nil || !strings.Contains(err.Error(), "curl -o "+path) {
		t.Errorf("OpenRanges: %v", err)
	}
	if _, err := OpenRanges(path + ".absent"); err == nil {
		t.Error("OpenRanges of an absent file: no error")
	}
}

// FuzzReadRanges: whatever is read, a list that is taken holds prefixes of
// CloudFront's, none of which is as wide as to let anything pass.
func FuzzReadRanges(f *testing.F) {
	f.Add(list)
	f.Add(`{"syncToken":"1","createDate":"2026-11-20-21-17-06","prefixes":[{"ip_prefix":"0.0.0.0/0","service":"CLOUDFRONT"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ReadRanges(strings.NewReader(text))
		if err != nil {
			return
		}
		if len(r.prefixes) == 0 || r.Created.IsZero() && !strings.Contains(text, "0001") {
			t.Errorf("a list of nothing: %+v", r)
		}
		for _, p := range r.prefixes {
			if least := map[bool]int{true: leastBitsV4, false: leastBitsV6}[p.Addr().Is4()]; p.Bits() < least || !r.Contains(p.Addr()) {
				t.Errorf("prefix %s", p)
			}
		}
	})
}
