package accesslog

import (
	"strings"
	"testing"
)

// No way of writing a query lets a signature or token through, and what is no
// secret stays.
func TestSecretsInQueries(t *testing.T) {
	for _, query := range []string{
		"Expires=1&Signature=HUSH&Key-Pair-Id=HUSH&Policy=HUSH",
		"%53ignature=HUSH", "X%2DAmz%2DSignature=HUSH&Expires=1", "X-Amz-Security-Token=HUSH;Signature=HUSH",
		"a=1;Signature=HUSH", "a%26Signature%3DHUSH", "Signature%3DHUSH", "q=1%2526Signature%253DHUSH", "%2553ignature=HUSH",
		"next=https%3A%2F%2Fa.example%2F%3Faccess_token%3DHUSH", "amp%3BSignature=HUSH",
	} {
		log := readText(t, header33+testRow{status: "503", query: query}.String())
		if len(log.Run.Exemplars) != 1 {
			t.Fatalf("%s: %d exemplars", query, len(log.Run.Exemplars))
		}
		if url := log.Run.Exemplars[0].URL; strings.Contains(url, "HUSH") || !strings.Contains(url, masked) {
			t.Errorf("%s became %s", query, url)
		}
	}
	for _, query := range []string{"q=1&page=2", "q=a%26b%3Dc", "author=kafka", "next=%2Fa%3Fb%3D1", "q=100%"} {
		log := readText(t, header33+testRow{status: "503", query: query}.String())
		if url := log.Run.Exemplars[0].URL; !strings.HasSuffix(url, "?"+query) {
			t.Errorf("%s became %s", query, url)
		}
	}
}
