package urls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"frontload/internal/signed"
	"frontload/results"
)

const keyPair = "K2JCJMDEHXQW5F"

// newKeys returns one key of each kind that CloudFront takes.
var newKeys = sync.OnceValues(func() (map[string]crypto.Signer, error) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return map[string]crypto.Signer{"RSA": r, "ECDSA": e}, err
})

func signingKeys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	keys, err := newKeys()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// Every URL of an entry, and none of another, is what CloudFront takes for
// signed: with both kinds of keys, for every way in which a target may vary.
func TestSignedURLsAreValid(t *testing.T) {
	now := time.Unix(1_800_000_000, 700_000_000)
	vars := map[string]Var{"id": Uniform{Count: 1000}, "word": List{"a b", "é*?", `"x"\`}}
	with := func(names ...string) map[string]Var {
		used := map[string]Var{}
		for _, n := range names {
			used[n] = vars[n]
		}
		return used
	}
	for _, c := range []struct {
		entry    Entry
		resource string
	}{
		{Entry{Path: "/"}, "https://www.example.com/"},
		{Entry{Path: `/a "b"/c.jpg?size=large&q={{x}}`}, "https://www.example.com/a%20%22b%22/c.jpg?size=large&q=%7Bx%7D"},
		{Entry{Path: "/a", Query: []results.Header{{Name: "q", Value: "x y"}}}, "https://www.example.com/a?q=x%20y"},
		{Entry{Path: "/articles/{id}", Vars: with("id")}, "https://www.example.com/articles/*"},
		{Entry{Path: "/articles/{id}/{word}?a=1", Vars: with("id", "word")}, "https://www.example.com/articles/*"},
		{Entry{Path: "/search?lang=en&q={word}", Vars: with("word")}, "https://www.example.com/search?lang=en&q=*"},
		{Entry{Path: "/search", Query: []results.Header{{Name: "q", Value: "{word}"}}, Vars: with("word")}, "https://www.example.com/search?q=*"},
		{Entry{Path: "/search?{word}", Vars: with("word")}, "https://www.example.com/search?*"},
		{Entry{Path: "/home", Bypass: true}, "https://www.example.com/home*"},
		{Entry{Path: "/home?a=1", Bypass: true}, "https://www.example.com/home?a=1*"},
		{Entry{Path: "/home/{id}", Bypass: true, Vars: with("id")}, "https://www.example.com/home/*"},
	} {
		c.entry.Weight = 1
		g, err := New([]Entry{{Path: "/other/{id}", Weight: 1, Vars: with("id")}, c.entry}, 7)
		if err != nil {
			t.Fatal(err)
		}
		for kind, key := range signingKeys(t) {
			s := NewSigner(g, 1, "https://www.example.com", keyPair, key, time.Hour)
			if s.Resource() != c.resource {
				t.Errorf("%s: the resource is %s, want %s", c.entry.Path, s.Resource(), c.resource)
			}
			if err := s.Renew(now); err != nil {
				t.Fatal(err)
			}
			count := 0
			for n := range uint64(100) {
				var r Request
				if g.Next(n, &r); r.Index != 1 {
					continue
				}
				count++
				url := "https://www.example.com" + string(s.Append(r.Target))
				resource, end, err := signed.Check(url, key.Public(), keyPair, now)
				if err != nil || resource != c.resource || end.Unix() != now.Unix()+3600 {
					t.Fatalf("%s: %s is for %s until %v: %v", kind, url, resource, end, err)
				}
				if canned := strings.Contains(url, "Expires="); canned == strings.HasSuffix(resource, "*") {
					t.Fatalf("%s is for %s", url, resource)
				}
				other := strings.Replace(url, "example.com/", "example.com/x", 1)
				if _, _, err := signed.Check(other, key.Public(), keyPair, now); err == nil {
					t.Fatalf("%s passes for signed too", other)
				}
			}
			if count < 20 {
				t.Errorf("%d requests were signed", count)
			}
		}
	}
}

// A renewed signature is valid for its whole time, and one that is not is no
// more valid when it has passed.
func TestSignedURLsEnd(t *testing.T) {
	g, err := New([]Entry{{Path: "/a", Weight: 1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	key := signingKeys(t)["ECDSA"]
	s := NewSigner(g, 0, "http://h", keyPair, key, 10*time.Second)
	if got := s.Append([]byte("/a")); string(got) != "/a" {
		t.Errorf("before it is signed, the target is %s", got)
	}
	start := time.Unix(1_800_000_000, 999_999_999)
	url := ""
	for at := time.Duration(0); at < time.Minute; at += s.Every() {
		if err := s.Renew(start.Add(at)); err != nil {
			t.Fatal(err)
		}
		url = "http://h" + string(s.Append([]byte("/a")))
		missed := "http://h" + string(s.Append([]byte("/a?frontload-bypass=1-7")))
		if resource, _, err := signed.Check(missed, key.Public(), keyPair, start.Add(at)); err != nil || resource != "http://h/a*" {
			t.Errorf("what the entry's target varies by all the same is signed for %q: %v", resource, err)
		}
		// The next one may come late by nearly as long again.
		for _, later := range []time.Duration{0, s.Every(), 2*s.Every() - time.Second} {
			if _, _, err := signed.Check(url, key.Public(), keyPair, start.Add(at+later)); err != nil {
				t.Errorf("%v after it was signed: %v", later, err)
			}
		}
		if _, _, err := signed.Check(url, key.Public(), keyPair, start.Add(at+10*time.Second)); err == nil {
			t.Error("it is valid for longer than 10 s")
		}
	}
	if n := testing.AllocsPerRun(100, func() { s.Append(make([]byte, 2, 1024)) }); n > 1 {
		t.Errorf("Append allocates %v times", n)
	}
}

func TestSigningKeys(t *testing.T) {
	p8 := func(key any) []byte {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	r, e := signingKeys(t)["RSA"].(*rsa.PrivateKey), signingKeys(t)["ECDSA"].(*ecdsa.PrivateKey)
	sec1, err := x509.MarshalECPrivateKey(e)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(r.Public())
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	for _, c := range []struct {
		name string
		pem  []byte
		want string // in the error; empty for none
	}{
		{"PKCS #1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(r)), ""},
		{"PKCS #8 RSA", p8(r), ""},
		{"PKCS #8 ECDSA", p8(e), ""},
		{"SEC 1", block("EC PRIVATE KEY", sec1), ""},
		{"SEC 1 after its parameters", append(block("EC PARAMETERS", []byte{6, 8}), block("EC PRIVATE KEY", sec1)...), ""},
		{"a short key", p8(small), "its RSA key has 1024 bits, and CloudFront takes RSA keys of 2048 bits"},
		{"another curve", p8(wide), "on P-384, and CloudFront takes"},
		{"a public key", block("PUBLIC KEY", public), "a public key"},
		{"an encrypted one", block("ENCRYPTED PRIVATE KEY", []byte("x")), "is encrypted"},
		{"rubbish", block("PRIVATE KEY", []byte("x")), "cannot be read"},
		{"nothing", nil, "no private key in PEM form"},
	} {
		key, err := ParseSigningKey(c.pem)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || (key == nil) != (err != nil) {
			t.Errorf("%s: ParseSigningKey = %v, %v, want %q", c.name, key, err, c.want)
		}
	}
}

func FuzzParseSigningKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN EC PRIVATE KEY-----\n\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if key, err := ParseSigningKey(data); (key == nil) == (err == nil) {
			t.Errorf("ParseSigningKey(%q) = %v, %v", data, key, err)
		}
	})
}

// BenchmarkRenew says how many signatures one CPU makes.
func BenchmarkRenew(b *testing.B) {
	g, err := New([]Entry{{Path: "/a", Weight: 1}}, 1)
	if err != nil {
		b.Fatal(err)
	}
	for kind, key := range signingKeys(b) {
		b.Run(kind, func(b *testing.B) {
			s := NewSigner(g, 0, "https://www.example.com", keyPair, key, time.Hour)
			for b.Loop() {
				if err := s.Renew(time.Unix(1_800_000_000, 0)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signatures/s")
		})
	}
}

// BenchmarkAppend says what a signed URL costs the send loop.
func BenchmarkAppend(b *testing.B) {
	g, err := New([]Entry{{Path: "/a/{id}", Weight: 1, Vars: map[string]Var{"id": Uniform{Count: 10}}}}, 1)
	if err != nil {
		b.Fatal(err)
	}
	s := NewSigner(g, 0, "https://www.example.com", keyPair, signingKeys(b)["RSA"], time.Hour)
	if err := s.Renew(time.Unix(1_800_000_000, 0)); err != nil {
		b.Fatal(err)
	}
	target := make([]byte, 0, 2048)
	b.ReportAllocs()
	for b.Loop() {
		target = s.Append(strconv.AppendInt(append(target[:0], "/a/"...), 5, 10))
	}
}
