package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html.tmpl
var pageText string

//go:embed page.css
var pageCSS string

// HTMLOpening returns how every page that [HTML] writes begins, its security
// policy included. No page of another program begins like it.
func HTMLOpening() string {
	opening, _, _ := strings.Cut(pageText, `<meta name="viewport"`)
	return opening
}

// HTML writes the report as one file that needs no other: its style and its
// charts are in it, it has no script, and its own security policy forbids to
// load anything. The charts have at most 300 points a line, so that the file
// stays small however long the run was: in buckets of more than one second,
// rates and latency are those of the worst second, and 503s are summed. Of
// edge addresses and edge locations 24 are shown, the others summed.
func HTML(w io.Writer, in Input) error {
	in, err := in.filled()
	if err != nil {
		return err
	}
	p, err := newPage(in)
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("write the report as HTML: %w", err)
	}
	return write(w, "HTML", b.Bytes())
}
