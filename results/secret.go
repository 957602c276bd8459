package results

import (
	"regexp"
	"strings"
)

// secretNames finds what names a secret, in lower case and without dashes and
// underscores; "author" alone is none. The last three, whole, are those by
// which signed URLs of CloudFront and S3 grant access.
var secretNames = regexp.MustCompile(`auth($|[^o]|oriz)|cookie|token|secret|passw|credential|session|signature|apikey|accesskey|privatekey|verify|jwt|` +
	`^(policy|keypairid|xamzcredential)$`)

// Secret reports whether a header, a query parameter or a word in a text is
// named like a secret, such as Authorization, X-Api-Key or Signature. What it
// holds must be neither shown nor stored.
func Secret(name string) bool {
	return secretNames.MatchString(strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)))
}
