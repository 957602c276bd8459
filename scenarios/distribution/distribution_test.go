package distribution

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// read reads a file of testdata, under its name alone.
func read(t *testing.T, name string) (*Distribution, error) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return Read(name, data)
}

// TestFiles reads every file of testdata, and holds what it comes to against
// the text beside it.
func TestFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("testdata holds %d files (%v), want 8 at least", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			d, err := read(t, name)
			got := ""
			if err != nil {
				got = err.Error() + "\n"
			} else {
				got = summary(d)
			}
			golden := strings.TrimSuffix(file, ".json") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("Read(%s) comes to\n%s\nwant\n%s", name, got, want)
			}
			if failed := strings.HasPrefix(name, "bad-"); failed != (d == nil) {
				t.Errorf("Read(%s): %v", name, err)
			}
		})
	}
}

// summary writes down all that is known of a distribution.
func summary(d *Distribution) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id %q, domain %q, aliases %v, enabled %t, staging %t, %s, ipv6 %t, %s, acl %t, anycast %q, root %q\n", d.ID, d.DomainName,
		d.Aliases, d.Enabled, d.Staging, d.HTTPVersion, d.IPv6, d.PriceClass, d.WebACL != "", d.AnycastList, d.DefaultRootObject)
	for _, o := range d.Origins {
		fmt.Fprintf(&b, "origin %s: %s, %s%s, website %t, shield %t %s\n", o.ID, o.Kind, o.Domain, o.Path, o.Website, o.Shield, o.ShieldRegion)
	}
	for _, g := range d.Groups {
		fmt.Fprintf(&b, "group %s: %v at %v\n", g.ID, g.Members, g.Codes)
	}
	for i := range d.Behaviours {
		be := &d.Behaviours[i]
		var shielded []string
		for _, o := range d.ShieldedOf(be) {
			shielded = append(shielded, o.ID)
		}
		fmt.Fprintf(&b, "behaviour %s (default %t) to %s: viewer lambdas %v, shielded %v, %d lambdas, %d functions, policy for origin requests %t\n",
			be.Pattern, be.Default, be.Target, be.ViewerLambdas(), shielded, len(be.Lambdas), len(be.Functions), be.OriginRequestPolicy != "")
		c := be.Caching
		fmt.Fprintf(&b, "  %s: known %t, %s..%s..%s, query %v, cookies %v, headers %v, disabled %t\n", c, c.Known,
			c.MinTTL, c.DefaultTTL, c.MaxTTL, c.Query, c.Cookies, c.Headers, c.Disabled())
	}
	for _, e := range d.Errors {
		fmt.Fprintf(&b, "error %d: page %q as %d for %s, marked %t, masked %t\n", e.Code, e.Page, e.Response, e.TTL, e.Marked(), e.Masked())
	}
	return b.String()
}

func TestErrorTTL(t *testing.T) {
	pages, err := read(t, "error-pages.json")
	if err != nil {
		t.Fatal(err)
	}
	site, err := read(t, "s3-site.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d      *Distribution
		code   int
		ttl    time.Duration
		marked bool
		masked bool
	}{
		{pages, 503, time.Second, true, false},
		{pages, 502, 5 * time.Second, false, true},
		{pages, 504, 30 * time.Second, false, false},
		{pages, 500, 10 * time.Second, false, false},
		{site, 503, 10 * time.Second, false, false},
	} {
		e := c.d.Error(c.code)
		if e.TTL != c.ttl || e.Marked() != c.marked || e.Masked() != c.masked {
			t.Errorf("Error(%d) = %+v, marked %t, masked %t; want %s, %t, %t", c.code, e, e.Marked(), e.Masked(), c.ttl, c.marked, c.masked)
		}
	}
}

func TestServes(t *testing.T) {
	full, err := read(t, "anycast.json")
	if err != nil {
		t.Fatal(err)
	}
	bare, err := read(t, "s3-site.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		d             *Distribution
		host          string
		serves, known bool
	}{
		{full, "example.com", true, true},
		{full, "WWW.example.com.", true, true},
		{full, "a.b.example.com", false, true},
		{full, "d111111abcdef8.cloudfront.net", true, true},
		{full, "d222222abcdef8.cloudfront.net", false, true},
		{bare, "www.example.com", true, true},
		{bare, "example.com", false, true},
		{bare, "d111111abcdef8.cloudfront.net", false, false},
	} {
		if serves, known := c.d.Serves(c.host); serves != c.serves || known != c.known {
			t.Errorf("Serves(%q) = %t, %t, want %t, %t", c.host, serves, known, c.serves, c.known)
		}
	}
}

func TestKinds(t *testing.T) {
	for domain, want := range map[string]Kind{
		"amzn-s3-demo-bucket.s3.amazonaws.com":                         S3,
		"amzn-s3-demo-bucket.s3-eu-west-1.amazonaws.com":               S3,
		"amzn-s3-demo-bucket.s3.dualstack.eu-west-1.amazonaws.com":     S3,
		"amzn-s3-demo-bucket.s3.cn-north-1.amazonaws.com.cn":           S3,
		"s3.logs.s3.eu-central-1.amazonaws.com":                        S3,
		"my.elb.s3.amazonaws.com":                                      ELB, // a bucket may be called anything: CloudFront's own setting decides
		"amzn-s3-demo-bucket.s3-website-us-east-1.amazonaws.com":       S3,
		"amzn-s3-demo-bucket.s3-website.eu-central-1.amazonaws.com":    S3,
		"shop-1234567890.eu-west-1.elb.amazonaws.com":                  ELB,
		"net-0123456789abcdef.elb.eu-west-1.amazonaws.com":             ELB,
		"a1b2c3d4e5.execute-api.us-east-1.amazonaws.com":               APIGateway,
		"abcdefghijklmn.data.mediastore.us-east-1.amazonaws.com":       MediaStore,
		"a1b2c3d4.egress.mediapackagev2.us-east-1.amazonaws.com":       MediaPackage,
		"abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws": LambdaURL,
		"ec2-198-51-100-7.compute-1.amazonaws.com":                     Custom,
		"www.example.com": Custom,
		"amazonaws.com":   Custom,
		"":                Custom,
	} {
		if got, _ := kindOf(domain); got != want {
			t.Errorf("kindOf(%q) = %s, want %s", domain, got, want)
		}
	}
}

// TestReach tells which behaviours requests meet, and which requests to drop
// where some of these are banned.
func TestReach(t *testing.T) {
	d, err := read(t, "alb-lambda-api.json")
	if err != nil {
		t.Fatal(err)
	}
	requests := func(yield func(name, path string) bool) {
		for i := range 100 {
			path := fmt.Sprintf("/pages/%d", i)
			if i%4 == 0 {
				path = fmt.Sprintf("/api/pages/%d?x=/img/", i)
			}
			if !yield("page", path) || !yield("image", "/img/a.jpg") || !yield("cart", "/api/cart") {
				return
			}
		}
	}
	got := map[string]string{}
	sum := 0.0
	for _, r := range d.Reach(requests, nil) {
		got[r.Behaviour.Pattern] = fmt.Sprint(r.Requests, r.Behaviour.ViewerLambdas())
		sum += r.Share
	}
	want := map[string]string{
		"/api/*": "[{cart 1} {page 0.25}] [viewer-request]",
		"/img/*": "[{image 1}] []",
		"*":      "[{page 0.75}] []",
	}
	if !maps.Equal(got, want) || sum < 0.999 || sum > 1.001 {
		t.Errorf("Reach = %v of %v together, want %v", got, sum, want)
	}
	if none := d.Reach(func(func(string, string) bool) {}, nil); len(none) != 0 {
		t.Errorf("Reach of no request = %v, want none", none)
	}
}

func TestBounds(t *testing.T) {
	deep := `{"DistributionConfig": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}"
	wide := `{"DistributionConfig": [` + strings.Repeat("0,", maxNodes) + "0]}"
	long := `{"Comment": "` + strings.Repeat("x", maxFile) + `"}`
	for name, text := range map[string]string{"deep": deep, "wide": wide, "long": long, "empty": "", "blank": " \n", "utf-16": "\xff\xfe{\x00}\x00"} {
		d, err := Read(name, []byte(text))
		if d != nil || err == nil || !strings.HasPrefix(err.Error(), name+":1:") && !strings.HasPrefix(err.Error(), name+":2:") {
			t.Errorf("Read(%s) = %v, %.200v", name, d, err)
		}
	}
	many := `{"DistributionConfig": {"Origins": {"Items": [` + strings.TrimSuffix(strings.Repeat("{},", 100), ",") + `]}}}`
	_, err := Read("many", []byte(many))
	if faults, ok := err.(Faults); !ok || len(faults) != maxFaults {
		t.Errorf("Read(many) has %d faults, want %d", len(faults), maxFaults)
	}
}

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "/api/x?y")
	}
	f.Add([]byte(`{"DefaultCacheBehavior":{"TargetOriginId":"a"},"Origins":{"Items":[{"Id":"a","DomainName":"b"}]}}`), "//a/../%41")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		d, err := Read("f.json", data)
		if err != nil {
			faults, ok := err.(Faults)
			if !ok || d != nil || len(faults) == 0 || slices.ContainsFunc(faults, func(f Fault) bool { return f.Line < 1 || f.Column < 1 }) {
				t.Fatalf("Read = %v, %#v", d, err)
			}
			return
		}
		if len(d.Origins) == 0 || len(d.Behaviours) == 0 || !d.Behaviours[len(d.Behaviours)-1].Default {
			t.Fatalf("Read found no fault in %+v", d)
		}
		b := d.Match(path)
		if len(d.OriginsOf(b)) == 0 {
			t.Fatalf("the behaviour %q leads to no origin", b.Pattern)
		}
		if again := d.Match(normal(path)); again != b {
			t.Fatalf("Match(%q) = %q, and of its normal form %q", path, b.Pattern, again.Pattern)
		}
	})
}
