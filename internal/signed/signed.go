// Package signed judges CloudFront signed URLs as CloudFront does, knowing the
// public key alone. It is for tests. Source: the CloudFront Developer Guide,
// signed URLs by a canned and by a custom policy.
package signed

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	canned = regexp.MustCompile(`^(.*)[?&]Expires=(\d+)&Signature=([A-Za-z0-9~_-]+)&Key-Pair-Id=(\w+)$`)
	custom = regexp.MustCompile(`^(.*)[?&]Policy=([A-Za-z0-9~_-]+)&Signature=([A-Za-z0-9~_-]+)&Key-Pair-Id=(\w+)$`)
)

// Check returns the resource of a signed URL's policy and until when it is
// valid, or why CloudFront would refuse it at the given time.
func Check(url string, key crypto.PublicKey, keyPairID string, now time.Time) (resource string, end time.Time, err error) {
	base, policy, signature, id, err := split(url)
	if err != nil {
		return "", end, err
	}
	if id != keyPairID {
		return "", end, fmt.Errorf("the key pair %s is not known", id)
	}
	if err := verify(key, policy, signature); err != nil {
		return "", end, err
	}
	resource, end, err = read(policy)
	pattern := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(resource))
	switch {
	case err != nil:
		return "", end, err
	case !regexp.MustCompile("^" + pattern + "$").MatchString(base):
		return "", end, fmt.Errorf("the policy is for %s, not for %s", resource, base)
	case !now.Before(end):
		return "", end, fmt.Errorf("it was valid until %v, and it is %v", end, now)
	}
	return resource, end, nil
}

// split returns the parts of a signed URL. The policy of one that names the end
// of its validity alone is the canned one.
func split(url string) (base string, policy, signature []byte, id string, err error) {
	if m := canned.FindStringSubmatch(url); m != nil {
		policy = fmt.Appendf(nil, `{"Statement":[{"Resource":"%s","Condition":{"DateLessThan":{"AWS:EpochTime":%s}}}]}`, m[1], m[2])
		signature, err = decode(m[3])
		return m[1], policy, signature, m[4], err
	}
	m := custom.FindStringSubmatch(url)
	if m == nil {
		return "", nil, nil, "", fmt.Errorf("%s is not signed", url)
	}
	if policy, err = decode(m[2]); err == nil {
		signature, err = decode(m[3])
	}
	return m[1], policy, signature, m[4], err
}

func decode(text string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "=", "~", "/").Replace(text))
}

func verify(key crypto.PublicKey, policy, signature []byte) error {
	hash := sha1.Sum(policy)
	switch key := key.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, crypto.SHA1, hash[:], signature)
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(key, hash[:], signature) {
			return nil
		}
	}
	return errors.New("the signature is not that of the policy")
}

// read returns the resource and the end of validity that a policy names.
func read(policy []byte) (string, time.Time, error) {
	var p struct {
		Statement []struct {
			Resource  string
			Condition struct {
				DateLessThan struct {
					EpochTime int64 `json:"AWS:EpochTime"`
				}
			}
		}
	}
	if err := json.Unmarshal(policy, &p); err != nil {
		return "", time.Time{}, fmt.Errorf("policy %s: %w", policy, err)
	}
	if len(p.Statement) != 1 {
		return "", time.Time{}, fmt.Errorf("policy %s has %d statements, want 1", policy, len(p.Statement))
	}
	return p.Statement[0].Resource, time.Unix(p.Statement[0].Condition.DateLessThan.EpochTime, 0), nil
}
