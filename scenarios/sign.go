package scenarios

import (
	"crypto"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"frontload/scenarios/urls"
)

const maxKey = 64 << 10 // bytes of a PEM file with a private key

var keyPairPattern = regexp.MustCompile(`^[A-Za-z0-9]{2,64}$`)

// signer compiles the section sign of a request, for an entry of the plan's
// generator; nil where its URLs are not to be signed. It needs the plan's target.
func (s *Scenario) signer(f *faults, p *Plan, request, entry int) *urls.Signer {
	m := s.model.Requests[request].Sign
	if m == nil {
		return nil
	}
	at := fmt.Sprintf("requests[%d].sign", request)
	key := s.signingKey(f, at, m)
	s.signedNames(f, request)
	if m.Expires < urls.MinExpires {
		f.add(at+".expires", "%s is too short: the end of a signed URL is told in whole seconds; write %s or more, such as 1h",
			formatDuration(m.Expires), urls.MinExpires)
	}
	if key == nil || p.URLs == nil {
		return nil
	}
	return urls.NewSigner(p.URLs, entry, p.Target.Scheme+"://"+p.Target.Host, m.KeyPairID, key, m.Expires)
}

// signedParameters are those that make a signed URL.
var signedParameters = []string{"Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"}

// signedNames refuses parameters of a request's own that are named like those of
// a signed URL.
func (s *Scenario) signedNames(f *faults, i int) {
	m, at := &s.model.Requests[i], fmt.Sprintf("requests[%d].", i)
	check := func(path, name string) {
		if slices.Contains(signedParameters, name) {
			f.add(path, "a signed URL has a parameter %s of its own: remove this one, or leave sign out", name)
		}
	}
	_, query, _ := strings.Cut(m.Path, "?")
	for parameter := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(parameter, "=")
		check(at+"path", name)
	}
	for _, p := range m.Query {
		check(at+"query."+p.Name, p.Name)
	}
}

// signingKey reads the key that a section names, and checks its id.
func (s *Scenario) signingKey(f *faults, at string, m *signSection) crypto.Signer {
	switch {
	case !s.origin.has(at + ".key-pair-id"):
		f.add(at, "key-pair-id is missing: name the public key's id in CloudFront, such as key-pair-id: K2JCJMDEHXQW5F")
	case !keyPairPattern.MatchString(m.KeyPairID):
		f.add(at+".key-pair-id", "%q is not the id of a public key, such as K2JCJMDEHXQW5F", m.KeyPairID)
	}
	if !s.origin.has(at + ".key-file") {
		f.add(at, "key-file is missing: name the PEM file of the private key, such as key-file: ./private_key.pem")
		return nil
	}
	data, err := s.file(m.KeyFile, maxKey)
	if err != nil {
		f.add(at+".key-file", "%v", err)
		return nil
	}
	key, err := urls.ParseSigningKey(data)
	if err != nil {
		f.add(at+".key-file", "%s: %v", m.KeyFile, err)
	}
	return key
}
