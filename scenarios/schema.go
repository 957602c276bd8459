package scenarios

import (
	"bytes"
	_ "embed"
)

// The schema is generated from the model by this package's tests, so that the
// program need not carry the generator:
//
//	go test ./scenarios -run TestSchemaIsGenerated -update
//
//go:embed schema.json
var schemaJSON []byte

// Schema returns the JSON Schema of the scenario file, for editors and other
// tools. It describes the whole contract, keys that this version refuses with
// "not yet" among it.
func Schema() ([]byte, error) { return bytes.Clone(schemaJSON), nil }
