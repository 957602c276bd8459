// Package report writes what a run came to: as JSON, as a text that fits a
// screen, and as one HTML file that needs nothing else.
//
// Names, header values, edge locations and reasons come from outside. They
// reach a terminal or a page only as [plain] text, and the page runs no script
// and loads nothing.
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"frontload/results"
)

// Input is what is reported. Analysis must not be nil. Run may be nil: then
// what only it knows, such as figures by second, is left out.
type Input struct {
	Analysis *results.Analysis
	Run      *results.Run
	Lab      string // what the lab's own record says of a rehearsal; empty for no lab
}

// JSON writes v as one indented JSON document that ends with a line feed. It
// writes nothing when v cannot be encoded.
func JSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return write(w, "JSON", b.Bytes())
}

func write(w io.Writer, format string, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write the report as %s: %w", format, err)
	}
	return nil
}

// filled returns in with a run in it, whatever was given.
func (in Input) filled() (Input, error) {
	if in.Analysis == nil {
		return in, errors.New("report a run: it was not analysed")
	}
	if in.Run == nil {
		in.Run = &results.Run{}
	}
	return in, nil
}
