package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// This file alone knows the YAML library. It hands out trees of [node].

// kind tells what a node is.
type kind uint8

const (
	scalar kind = iota
	mapping
	sequence
)

// mark is a position in a file: line and column count from 1, the column in
// characters.
type mark struct{ line, column int }

// node is one value of a YAML document.
type node struct {
	kind  kind
	tag   string // of a scalar: what it was read as, such as "!!int"
	text  string // of a scalar
	keys  []*node
	items []*node // of a sequence, or of a mapping, then items[i] belongs to keys[i]
	at    mark
	note  string // comment to write above it
}

const (
	maxFile  = 4 << 20 // bytes of a scenario
	maxNodes = 100_000 // values of a scenario, with aliases written out
	maxDepth = 32      // of values within values
)

// syntaxError is a fault of a file as YAML.
type syntaxError struct {
	at  mark
	err error
}

func (e *syntaxError) Error() string { return e.err.Error() }

// readYAML reads the one document of a file. Its error is a *syntaxError. An
// empty document is an empty mapping.
func readYAML(data []byte) (*node, error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		return nil, &syntaxError{mark{1, 1}, err}
	}
	var first, second yaml.Node
	if err := loader.Load(&first); errors.Is(err, io.EOF) {
		return &node{kind: mapping, at: mark{1, 1}}, nil
	} else if err != nil {
		return nil, syntax(data, err)
	}
	if err := loader.Load(&second); err == nil {
		return nil, &syntaxError{markOf(&second), errors.New("a scenario is one YAML document, and here begins a second: put it into a file of its own")}
	} else if !errors.Is(err, io.EOF) {
		return nil, syntax(data, err)
	}
	r := reader{}
	return r.convert(&first, 0)
}

// checkText refuses what is no text, with the position of the first fault.
func checkText(data []byte) error {
	if len(data) > maxFile {
		return &syntaxError{mark{1, 1}, fmt.Errorf("the file is %d bytes long, and a scenario has %d at most", len(data), maxFile)}
	}
	at := mark{1, 0}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		i += n
		at.column++
		switch {
		case r == '\n':
			at = mark{at.line + 1, 0}
		case r == utf8.RuneError && n == 1:
			return &syntaxError{at, errors.New("this is no UTF-8 text")}
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return &syntaxError{at, fmt.Errorf("the control character %U cannot stand in a scenario", r)}
		}
	}
	return nil
}

// syntax turns an error of the library into ours.
func syntax(data []byte, err error) error {
	at, text := mark{1, 1}, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		at, text = mark{max(1, load.Mark.Line), max(1, load.Mark.Column)}, load.Message
		if load.ContextMsg != "" {
			text = load.ContextMsg + ": " + text
		}
	}
	lines := strings.Split(string(data), "\n")
	if at.line <= len(lines) {
		line := lines[at.line-1]
		if indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]; strings.Contains(indent, "\t") {
			at.column = strings.Index(indent, "\t") + 1
			text = "a tab cannot indent YAML: use spaces"
		}
	}
	return &syntaxError{at, errors.New("this is not YAML: " + text)}
}

func markOf(n *yaml.Node) mark { return mark{max(1, n.Line), max(1, n.Column)} }

// reader turns the library's nodes into ours, and bounds what comes out.
type reader struct{ nodes int }

func (r *reader) convert(n *yaml.Node, depth int) (*node, error) {
	r.nodes++
	out := &node{at: markOf(n)}
	switch {
	case r.nodes > maxNodes:
		return nil, &syntaxError{out.at, fmt.Errorf("the scenario has more than %d values, aliases written out", maxNodes)}
	case depth > maxDepth:
		return nil, &syntaxError{out.at, fmt.Errorf("values stand in values more than %d deep", maxDepth)}
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return r.convert(n.Content[0], depth)
	case yaml.AliasNode:
		target, err := r.convert(n.Alias, depth+1)
		if err == nil {
			target.at = out.at
		}
		return target, err
	case yaml.MappingNode:
		out.kind = mapping
	case yaml.SequenceNode:
		out.kind = sequence
	default:
		out.tag, out.text = n.ShortTag(), n.Value
	}
	for i, child := range n.Content {
		c, err := r.convert(child, depth+1)
		if err != nil {
			return nil, err
		}
		if out.kind == mapping && i%2 == 0 {
			out.keys = append(out.keys, c)
		} else {
			out.items = append(out.items, c)
		}
	}
	return out, nil
}

// writeYAML writes a tree as a document that readYAML reads.
func writeYAML(n *node) ([]byte, error) {
	return yaml.Dump(n.library(), yaml.WithIndent(2), yaml.WithLineWidth(-1))
}

// library returns the node as one of the library's.
func (n *node) library() *yaml.Node {
	out := &yaml.Node{HeadComment: n.note}
	switch n.kind {
	case scalar:
		out.Kind, out.Tag, out.Value = yaml.ScalarNode, n.tag, n.text
		if strings.Contains(n.text, "\n") {
			out.Style = yaml.DoubleQuotedStyle
		}
	case mapping:
		out.Kind, out.Tag = yaml.MappingNode, "!!map"
	case sequence:
		out.Kind, out.Tag = yaml.SequenceNode, "!!seq"
	}
	for i, item := range n.items {
		if n.kind == mapping {
			out.Content = append(out.Content, n.keys[i].library())
		}
		out.Content = append(out.Content, item.library())
	}
	return out
}
