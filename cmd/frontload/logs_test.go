package main

import (
	"bytes"
	"testing"
)

// The analysis of an access log is a document that keeps the contract.
func TestAnalyzeLogDocument(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{
		{"rehearse", "--case", "mixed", "--simulate", "--quiet", "--access-log", "access.log", "--html", "page.html"},
		{"analyze", "--json", "access.log"},
	} {
		cmd := program(t, dir, args...)
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		if args[0] == "analyze" {
			keepsContract(t, []byte(`{"analysis": `+out.String()+`}`))
		}
	}
}
