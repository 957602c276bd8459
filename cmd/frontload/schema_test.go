package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// keepsContract asserts that the analysis in a run document is what the
// contract promises to those who read it.
func keepsContract(t *testing.T, document []byte) {
	t.Helper()
	var parts struct{ Analysis json.RawMessage }
	if err := json.Unmarshal(document, &parts); err != nil {
		t.Fatal(err)
	}
	contract, err := jsonschema.UnmarshalJSON(bytes.NewReader(readFile(t, "../../results/analysis/testdata/analysis.schema.json")))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("contract.json", contract); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("contract.json")
	if err != nil {
		t.Fatal(err)
	}
	analysis, err := jsonschema.UnmarshalJSON(bytes.NewReader(parts.Analysis))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(analysis); err != nil {
		t.Errorf("the analysis breaks its contract: %v", err)
	}
}

// An attack on nobody still ends in a document that keeps the contract.
func TestRunWithoutAnswers(t *testing.T) {
	t.Parallel()
	doc := finish(t, program(t, t.TempDir(), "attack", "--url", "http://127.0.0.1:1", "--rate", "20/s", "--for", "1s", "--json", "--out", "run.db"), 1)
	failed, missed := doc.Analysis.Run.Outcomes["transport"], doc.Analysis.Trust.MissedArrivals // by a busy machine
	if doc.Analysis.Run.Requests != 0 || failed == 0 || failed+missed != 20 {
		t.Errorf("%d requests, outcomes %v, %d missed; want none written and 20 that failed", doc.Analysis.Run.Requests, doc.Analysis.Run.Outcomes, missed)
	}
}
