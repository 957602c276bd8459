package distribution

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// kind tells what a node is.
type kind string

const (
	object  kind = "an object"
	list    kind = "a list"
	text    kind = "a text"
	number  kind = "a number"
	boolean kind = "true or false"
	null    kind = "null"
)

// node is one value of a JSON document.
type node struct {
	kind  kind
	text  string // of a text or a number; "true" or "false"
	keys  []string
	items []*node // of a list, or of an object, then items[i] belongs to keys[i]
	at    int     // offset of its first byte
	path  string  // such as Origins.Items[0].Id; empty for the document
}

const (
	maxFile  = 4 << 20 // bytes
	maxNodes = 200_000 // values
	maxDepth = 32      // of values within values
)

// treeError is a fault of a file as JSON.
type treeError struct {
	at  int
	err error
}

func (e *treeError) Error() string { return e.err.Error() }

// readTree reads the one JSON document of a file. Its error is a *treeError.
func readTree(data []byte) (*node, error) {
	if len(data) > maxFile {
		return nil, &treeError{0, fmt.Errorf("the file is %d bytes long, and %d is the most", len(data), maxFile)}
	}
	var all json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, syntax(data, err)
	}
	t := tree{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	t.dec.UseNumber()
	return t.value("", 0)
}

// syntax turns an error of the library into ours.
func syntax(data []byte, err error) error {
	at := 0
	if fault, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = max(0, int(fault.Offset)-1) // of the byte that does not fit
	}
	start := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(start) == 0:
		err = errors.New("it is empty")
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}) || bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		at, err = 0, errors.New("it is UTF-16, as some shells write: save it as UTF-8")
	case start[0] != '{':
		at = len(data) - len(start)
		err = fmt.Errorf("it begins with %s, not with {: write it with `aws cloudfront get-distribution-config --id ID --output json`", shown(string(start[:min(12, len(start))])))
	case err.Error() == "unexpected end of JSON input":
		err = errors.New("it ends too early: it was cut off")
	default:
		err = fmt.Errorf("this is not JSON: %w", err)
	}
	return &treeError{at, err}
}

// tree reads nodes from tokens, and bounds what comes out.
type tree struct {
	data  []byte
	dec   *json.Decoder
	nodes int
}

func (t *tree) value(path string, depth int) (*node, error) {
	n := &node{at: t.next(), path: path}
	if t.nodes++; t.nodes > maxNodes || depth > maxDepth {
		return nil, &treeError{n.at, fmt.Errorf("it holds more than %d values, or values more than %d deep", maxNodes, maxDepth)}
	}
	token, err := t.dec.Token()
	if err != nil {
		return nil, syntax(t.data, err)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return n, t.object(n, depth)
		}
		return n, t.list(n, depth)
	case string:
		n.kind, n.text = text, v
	case json.Number:
		n.kind, n.text = number, v.String()
	case bool:
		n.kind, n.text = boolean, fmt.Sprint(v)
	default:
		n.kind = null
	}
	return n, nil
}

func (t *tree) object(n *node, depth int) error {
	n.kind = object
	seen := map[string]bool{}
	for t.dec.More() {
		at := t.next()
		token, err := t.dec.Token()
		if err != nil {
			return syntax(t.data, err)
		}
		key := token.(string)
		if seen[key] {
			return &treeError{at, fmt.Errorf("the key %s stands twice", shown(key))}
		}
		seen[key] = true
		item, err := t.value(join(n.path, key), depth+1)
		if err != nil {
			return err
		}
		n.keys, n.items = append(n.keys, key), append(n.items, item)
	}
	return t.end()
}

func (t *tree) list(n *node, depth int) error {
	n.kind = list
	for t.dec.More() {
		item, err := t.value(fmt.Sprintf("%s[%d]", n.path, len(n.items)), depth+1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return t.end()
}

// end takes the token that ends an object or a list.
func (t *tree) end() error {
	if _, err := t.dec.Token(); err != nil {
		return syntax(t.data, err)
	}
	return nil
}

// next returns the offset of the next token.
func (t *tree) next() int {
	at := int(t.dec.InputOffset())
	for at < len(t.data) && bytes.IndexByte([]byte(" \t\r\n,:"), t.data[at]) >= 0 {
		at++
	}
	return at
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
