package proof

import (
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		token := NewToken()
		if err := CheckToken(token); err != nil || len(token) != 30 || seen[token] {
			t.Fatalf("NewToken() = %q, seen before %v, CheckToken: %v", token, seen[token], err)
		}
		seen[token] = true
	}
	good := NewToken()
	for name, bad := range map[string]string{
		"empty": "", "cut off": good[:29], "one letter more": good + "a", "capitals": strings.ToUpper(good),
		"a wildcard's text": "v=spf1 -all", "the prefix alone": "ftl-", "without prefix": good[4:],
		"a line break": good[:29] + "\n", "padding": good[:29] + "=", "1, which is no letter of it": good[:29] + "1",
	} {
		if CheckToken(bad) == nil {
			t.Errorf("%s: CheckToken(%q) = nil", name, bad)
		}
	}
}

func TestInRecord(t *testing.T) {
	const token = "ftl-abcdefghijklmnopqrstuvwxyz"
	for text, want := range map[string]bool{
		token: true, "frontload=" + token: true,
		token + " ": false, "x" + token: false, "a=" + token: false, token + "2": false, "": false,
		"frontload=frontload=" + token: false, strings.ToUpper(token): false, token[:29]: false,
	} {
		if got := InRecord([]string{"v=spf1 -all", text}, token); got != want {
			t.Errorf("InRecord(%q) = %t, want %t", text, got, want)
		}
	}
	if got := RecordName("www.example.com."); got != "_frontload.www.example.com" {
		t.Errorf("RecordName = %q", got)
	}
}

func TestInFile(t *testing.T) {
	const token = "ftl-abcdefghijklmnopqrstuvwxyz"
	for body, want := range map[string]bool{
		token: true, token + "\n": true, "# ours\r\n" + token + "\r\n": true, "  " + token + "\t\nother\n": true,
		"x" + token: false, "token: " + token: false, "<p>" + token + "</p>": false, "": false, "\n\n": false,
		token[:20] + "\n" + token[20:]: false,
	} {
		if got := InFile([]byte(body), token); got != want {
			t.Errorf("InFile(%q) = %t, want %t", body, got, want)
		}
	}
}

// FuzzInFile: whatever a target serves, only a line that is the token counts.
func FuzzInFile(f *testing.F) {
	const token = "ftl-abcdefghijklmnopqrstuvwxyz"
	f.Add([]byte(token + "\r\n"))
	f.Add([]byte("\x00" + token))
	f.Fuzz(func(t *testing.T, body []byte) {
		if InFile(body, token) && !strings.Contains(string(body), token) {
			t.Errorf("InFile(%q) holds without the token", body)
		}
	})
}
