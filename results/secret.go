package results

import "strings"

// What names a secret, in lower case and without dashes and underscores: words
// within the name, and whole names. The latter are those by which signed URLs
// of CloudFront and S3 grant access.
var (
	secretWords = []string{
		"cookie", "token", "secret", "passw", "credential", "session", "signature", "apikey", "accesskey", "privatekey",
		"verify", "jwt", "authoriz",
	}
	secretNames = []string{"policy", "keypairid"}
)

// Secret reports whether a header, a query parameter or a word in a text is
// named like a secret, such as Authorization, X-Api-Key or Signature. What it
// holds must be neither shown nor stored.
func Secret(name string) bool {
	var few [64]byte
	plain := string(plainName(few[:0], name))
	for _, word := range secretWords {
		if strings.Contains(plain, word) {
			return true
		}
	}
	for _, whole := range secretNames {
		if plain == whole {
			return true
		}
	}
	return hasAuth(plain)
}

// plainName appends a name in lower case, without dashes and underscores.
func plainName(b []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_':
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		default:
			b = append(b, c)
		}
	}
	return b
}

// hasAuth finds "auth", but not in "author".
func hasAuth(plain string) bool {
	const auth = "auth"
	for {
		i := strings.Index(plain, auth)
		if i < 0 {
			return false
		}
		plain = plain[i+len(auth):]
		if !strings.HasPrefix(plain, "o") {
			return true
		}
	}
}
