package urls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A Signer makes CloudFront signed URLs of the targets of one entry. All of
// them have one signature, so that a signed URL costs as little as another,
// however many there are: an RSA signature takes 0.7 ms of a CPU, one of ECDSA
// 0.02 ms. Where the entry's target never varies it is signed by a canned
// policy, with Expires, Signature and Key-Pair-Id. Else a custom policy, with
// Policy, Signature and Key-Pair-Id, is for every URL that begins as the entry's
// targets do: its resource ends in the wildcard *.
//
// The signature is SHA-1 with RSA (PKCS #1 v1.5) or ECDSA (ASN.1), as CloudFront
// takes it where a URL names no other hash. One goroutine may call
// [Signer.Renew] while others call [Signer.Append]. Source: the CloudFront
// Developer Guide, creating a signed URL using a canned or a custom policy.
type Signer struct {
	key       crypto.Signer
	keyPairID string
	expires   time.Duration
	resource  string
	current   atomic.Pointer[string] // the parameters
}

// MinExpires is the shortest time that signed URLs may be valid: their end is
// told in whole seconds.
const MinExpires = 2 * time.Second

// NewSigner returns a signer of entry i of a generator, whose targets follow
// origin: scheme and host, such as "https://www.example.com". Key is as
// [ParseSigningKey] returns it. Nothing is signed before [Signer.Renew].
func NewSigner(g *Generator, i int, origin, keyPairID string, key crypto.Signer, expires time.Duration) *Signer {
	return &Signer{key: key, keyPairID: keyPairID, expires: expires, resource: origin + g.entries[i].resource()}
}

// resource returns the entry's target, or else what all of its targets begin
// with and the wildcard *.
func (e *entry) resource() string {
	if e.fixedTarget != "" && !e.bypass {
		return e.fixedTarget
	}
	text := ""
	for i, t := range []template{e.path, e.query} {
		if i == 1 && len(t) > 0 {
			text += "?"
		}
		if len(t) > 0 && t[0].variable < 0 {
			text += t[0].text
		}
		if !t.fixed() {
			break
		}
	}
	return text + "*"
}

// Resource is the URL that is signed, with a * at its end where it stands for
// all that begin alike.
func (s *Signer) Resource() string { return s.resource }

// Every is the time from one [Signer.Renew] to the next: half of that for which
// a signed URL is valid.
func (s *Signer) Every() time.Duration { return s.expires / 2 }

// Renew signs anew. URLs are valid from now on for the time that they should
// be, less a fraction of a second.
func (s *Signer) Renew(now time.Time) error {
	end := strconv.FormatInt(now.Add(s.expires).Unix(), 10)
	// A resource holds neither quotes nor backslashes: targets are percent-encoded.
	policy := `{"Statement":[{"Resource":"` + s.resource + `","Condition":{"DateLessThan":{"AWS:EpochTime":` + end + `}}}]}`
	hash := sha1.Sum([]byte(policy))
	signature, err := s.key.Sign(rand.Reader, hash[:], crypto.SHA1)
	if err != nil {
		return fmt.Errorf("sign URLs with key pair %s: %w", s.keyPairID, err)
	}
	parameters := "Expires=" + end
	if strings.HasSuffix(s.resource, "*") {
		parameters = "Policy=" + encodeSigned([]byte(policy))
	}
	parameters += "&Signature=" + encodeSigned(signature) + "&Key-Pair-Id=" + s.keyPairID
	s.current.Store(&parameters)
	return nil
}

// Append adds the parameters of a signed URL to a target.
func (s *Signer) Append(target []byte) []byte {
	parameters := s.current.Load()
	if parameters == nil {
		return target
	}
	joint := byte('?')
	for _, c := range target {
		if c == '?' {
			joint = '&'
			break
		}
	}
	return append(append(target, joint), *parameters...)
}

var signedCharacters = strings.NewReplacer("+", "-", "=", "_", "/", "~")

// encodeSigned is base64 as CloudFront wants it in a URL.
func encodeSigned(b []byte) string {
	return signedCharacters.Replace(base64.StdEncoding.EncodeToString(b))
}

// ParseSigningKey reads the private key of a PEM file: RSA of 2048 bits or ECDSA
// on P-256, which are the keys that CloudFront takes.
func ParseSigningKey(data []byte) (crypto.Signer, error) {
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return nil, errors.New("it holds no private key in PEM form")
		}
		switch {
		case strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
			return nil, errors.New("its private key is encrypted: decrypt it first, such as with openssl pkey")
		case strings.HasSuffix(block.Type, "PUBLIC KEY"):
			return nil, errors.New("it holds a public key, which CloudFront has; URLs are signed with the private one")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return parseKey(block.Bytes)
		}
	}
}

func parseKey(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		key, err = x509.ParsePKCS1PrivateKey(der)
	}
	if err != nil {
		key, err = x509.ParseECPrivateKey(der)
	}
	if err != nil {
		return nil, errors.New("its private key cannot be read: want PKCS #8, PKCS #1 or SEC 1")
	}
	const takes = "CloudFront takes RSA keys of 2048 bits and ECDSA keys on P-256"
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits != 2048 {
			return nil, fmt.Errorf("its RSA key has %d bits, and %s", bits, takes)
		}
		return key, nil
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return nil, fmt.Errorf("its ECDSA key is on %s, and %s", key.Params().Name, takes)
		}
		return key, nil
	}
	return nil, fmt.Errorf("its key is neither RSA nor ECDSA, and %s", takes)
}
