package app

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"frontload/results"
	"frontload/results/report"
	"frontload/scenarios"
)

var update = flag.Bool("update", false, "write the golden files anew")

// zoneAddress is where the scenarios of testdata/check say that DNS is served.
// At the next port, which is nobody's, nobody listens.
const zoneAddress = "127.0.0.1:53"

// A place is where a test really serves DNS.
type place struct{ zone string }

func newPlace(t *testing.T) place {
	t.Helper()
	return place{zone(exampleZone).serve(t)}
}

// here returns a scenario with that address in it.
func (p place) here(data []byte) []byte {
	return []byte(strings.ReplaceAll(string(data), zoneAddress+`"`, p.zone+`"`))
}

// there takes it out of a text again.
func (p place) there(text string) string { return strings.ReplaceAll(text, p.zone, zoneAddress) }

// thereIn takes it out of a document, and how long things took, and noise.
func (p place) thereIn(c *results.Check) {
	for i := range c.DNS.Answers {
		a := &c.DNS.Answers[i]
		a.Resolver, a.Error, a.Took = p.there(a.Resolver), p.there(a.Error), 0
	}
	for i := range c.Guidance {
		r := &c.Guidance[i]
		r.Planned, r.Fix = p.there(r.Planned), p.there(r.Fix)
		for key, v := range r.Measured.Planned {
			r.Measured.Planned[key] = rounded(v)
		}
	}
	c.Refused, c.Summary, c.Authorisation.Why = p.there(c.Refused), p.there(c.Summary), p.there(c.Authorisation.Why)
}

// What check says of the scenarios in testdata/check. Nothing is sent to the
// addresses that they lead to. After a change that is meant to alter it:
// go test ./internal/app -run TestCheckGolden -update, and read it.
func TestCheckGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/check/*.yaml")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, document := p.checkFile(t, file, p.here(data))
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden.txt", text)
			if document != nil {
				golden(t, strings.TrimSuffix(file, ".yaml")+".golden.json", document)
				followsSchema(t, document)
			}
		})
	}
}

// checkFile returns what check shows of a scenario, as text and as JSON; an
// error of the scenario is the text alone.
func (p place) checkFile(t *testing.T, file string, data []byte) (text, document []byte) {
	t.Helper()
	s, err := scenarios.Parse(file, data)
	if err != nil {
		return fmt.Appendf(nil, "%s\n", p.there(err.Error())), nil
	}
	plan, err := s.Plan()
	if err != nil {
		t.Fatal(err)
	}
	up := Checkup{File: filepath.Base(file), PerRequest: 50 << 10, Prices: DefaultPrices}
	var out Output
	out.Quiet = true
	sight, err := out.look(t.Context(), plan, up)
	if err != nil {
		t.Fatal(err)
	}
	sight.Sources = nil // another on each machine
	c := checked(plan, sight, up)
	p.thereIn(c)
	var asText, asJSON bytes.Buffer
	if err := errors.Join(report.CheckText(&asText, c, 100), report.JSON(&asJSON, c)); err != nil {
		t.Fatal(err)
	}
	return asText.Bytes(), asJSON.Bytes()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", file, diff)
	}
}

// followsSchema asserts that a document is as docs/check.schema.json has it.
func followsSchema(t *testing.T, document []byte) {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/check.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(c); err != nil {
		t.Errorf("the document breaks its schema: %v", err)
	}
}
