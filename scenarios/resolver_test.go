package scenarios

import (
	"strings"
	"testing"
)

func TestResolversAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"system":                           "system",
		"192.0.2.53":                       "192.0.2.53:53",
		"[2001:db8::53]":                   "[2001:db8::53]:53",
		"tls://192.0.2.53":                 "tls://192.0.2.53:853",
		"tls://dns.example":                "tls://dns.example:853",
		"tls://[2001:db8::53]#dns.example": "tls://[2001:db8::53]:853#dns.example",
		"tls://192.0.2.53:8853#d.example":  "tls://192.0.2.53:8853#d.example",
		"https://dns.example":              "https://dns.example/dns-query",
		"https://192.0.2.53:8443/q":        "https://192.0.2.53:8443/q",
	} {
		if got, err := parseResolver(text); got != want || err != nil {
			t.Errorf("parseResolver(%q) = %q, %v, want %q", text, got, err, want)
		}
		if got, err := parseResolver(want); got != want || err != nil {
			t.Errorf("parseResolver(%q) = %q, %v, want it as it is", want, got, err)
		}
	}
}

func TestResolversThatAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		"dns.example":                   "is not a resolver: write system",
		"http://dns.example/dns-query":  "the scheme http: write tls://",
		"tls://dns.example/dns-query":   "the path /dns-query",
		"https://dns.example#name":      "the name after #",
		"https://dns.example/q?dns=AAA": "a user or a query",
		"tls://me@dns.example":          "a user or a query",
		"tls://:853":                    "names no host",
		"tls://0.0.0.0":                 "names no host",
		"tls://]":                       "names no host",
		"tls://dns.example:0":           "0 is not a port",
		"tls://dns.example:65536":       "65536 is not a port",
		"tls://":                        "is not a resolver: write system",
		"tls://dns example":             "is not a resolver: write system",
	} {
		if got, err := parseResolver(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parseResolver(%q) = %q, %v, want an error with %q", text, got, err, want)
		}
	}
}

func TestResolversOfThisMachine(t *testing.T) {
	for resolver, want := range map[string]bool{
		"127.0.0.1:53": false, "[::1]:5353": false, "tls://127.0.0.1:853#dns.example": false, "https://[::1]:8443/dns-query": false,
		"system": true, "192.0.2.53:53": true, "tls://192.0.2.53:853#localhost": true, "https://localhost/dns-query": true,
	} {
		if got := offMachine(resolver); got != want {
			t.Errorf("offMachine(%q) = %v, want %v", resolver, got, want)
		}
	}
}
