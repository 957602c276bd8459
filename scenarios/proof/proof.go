// Package proof says what proves that a target is the user's to test: a token
// that its owner publishes, in DNS or in a file on the target itself. It asks
// nobody; see attack/permit for who is asked what.
//
// A token is public. It is no password: whoever can publish it under a name
// owns that name, and that is all that it shows. It is drawn by chance and has
// a form of its own so that nothing which stands under a name for another
// reason, such as a wildcard record, can be passed off as one.
package proof

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// The ways to prove ownership, as the scenario file has them.
const (
	DNS       = "dns"        // a TXT record at [RecordName]
	WellKnown = "well-known" // a file at [Path]
)

// Variable names the environment variable that a token is taken from where
// the scenario has none.
const Variable = "FRONTLOAD_TOKEN"

// Path is where a target serves the file with the token.
const Path = "/.well-known/frontload.txt"

// MaxFile is the most bytes that the file may have.
const MaxFile = 4 << 10

const (
	prefix     = "ftl-"
	randomness = 16 // bytes
)

// letters are what a token is written with: no two look alike, and DNS tools,
// which fold cases, leave it as it is.
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewToken draws a token: "ftl-" and 26 letters and digits.
func NewToken() string {
	drawn := make([]byte, randomness)
	_, _ = rand.Read(drawn) // which never fails
	return prefix + strings.ToLower(letters.EncodeToString(drawn))
}

// CheckToken reports why a text is no token, such as one that was cut off.
func CheckToken(text string) error {
	rest, found := strings.CutPrefix(text, prefix)
	if found && strings.ToLower(rest) == rest {
		if drawn, err := letters.DecodeString(strings.ToUpper(rest)); err == nil && len(drawn) == randomness {
			return nil
		}
	}
	return fmt.Errorf("%.60q is no token: want one such as `frontload init` makes, %q and %d of the characters a to z and 2 to 7",
		text, prefix, letters.EncodedLen(randomness))
}

// RecordName returns where the TXT record of a host stands: at the host's own
// name, never at that of a domain above it.
func RecordName(host string) string { return "_frontload." + strings.TrimSuffix(host, ".") }

// Record returns the text of a TXT record that holds the token.
func Record(token string) string { return "frontload=" + token }

// InRecord reports whether one of the texts of TXT records is the token, be it
// behind "frontload=". A text that holds more than that is another one.
func InRecord(texts []string, token string) bool {
	for _, text := range texts {
		if strings.TrimPrefix(text, "frontload=") == token {
			return true
		}
	}
	return false
}

// InFile reports whether the token stands on a line of its own, blanks around
// it aside.
func InFile(body []byte, token string) bool {
	for line := range bytes.SplitSeq(body, []byte("\n")) {
		if string(bytes.TrimSpace(line)) == token {
			return true
		}
	}
	return false
}
