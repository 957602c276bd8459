package nearest

import "testing"

func TestWord(t *testing.T) {
	names := []string{"rate", "requests", "body-limit", "origin-s3", "for", "x"}
	for word, want := range map[string]string{
		"rate":        "rate",
		"rte":         "rate",
		"arte":        "rate", // swapped
		"Reqests":     "requests",
		"body_limit":  "body-limit",
		"origin-s4":   "origin-s3",
		"fro":         "for",
		"y":           "x",
		"":            "x",
		"resolvers":   "",
		"rat limited": "",
		"requestsrequestsrequestsrequestsrequestsrequestsrequestsrequestsrequests": "",
	} {
		if got := Word(word, names); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
	if got := Word("rate", nil); got != "" {
		t.Errorf("of no candidates: %q", got)
	}
}
