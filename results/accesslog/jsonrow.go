package accesslog

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// A jsonReader reads rows that are JSON objects. It remembers the order of
// the keys, which is the same in every row of a log. The zero value is ready.
type jsonReader struct {
	keys    []string // in the order of the last row
	of      []field
	scratch []byte // of texts with escapes in them
}

var errJSON = errors.New("not a whole JSON object")

// next reads the first object of a line into c, and returns what is behind it.
// Values may be texts or numbers; null is as good as absent, and what is
// nested is passed over.
func (j *jsonReader) next(line []byte, c *columns) (rest []byte, err error) {
	*c = columns{}
	j.scratch = j.scratch[:0]
	if len(line) == 0 || line[0] != '{' {
		return nil, errJSON
	}
	line = space(line[1:])
	if len(line) > 0 && line[0] == '}' {
		return line[1:], nil
	}
	for i := 0; ; i++ {
		var key, value []byte
		if key, line, err = j.text(line); err != nil {
			return nil, err
		}
		line = space(line)
		if len(line) == 0 || line[0] != ':' {
			return nil, errJSON
		}
		if value, line, err = j.value(space(line[1:])); err != nil {
			return nil, err
		}
		if f := j.field(i, key); f != fieldNone && value != nil {
			c[f] = value
		}
		line = space(line)
		switch {
		case len(line) == 0:
			return nil, errJSON
		case line[0] == '}':
			return line[1:], nil
		case line[0] != ',':
			return nil, errJSON
		}
		line = space(line[1:])
	}
}

// field returns the field of the key at place i of its row.
func (j *jsonReader) field(i int, key []byte) field {
	if i < len(j.keys) && string(key) == j.keys[i] {
		return j.of[i]
	}
	name := string(key)
	f, ok := fieldOf[normal(name)]
	if !ok {
		f = fieldNone
	}
	const most = 256 // keys that are remembered
	if i < most {
		j.keys, j.of = append(j.keys[:min(i, len(j.keys))], name), append(j.of[:min(i, len(j.of))], f)
	}
	return f
}

func space(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t' || b[0] == '\r' || b[0] == '\n') {
		b = b[1:]
	}
	return b
}

// value reads a value; nil for null and for what is nested.
func (j *jsonReader) value(b []byte) (value, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errJSON
	}
	switch b[0] {
	case '"':
		return j.text(b)
	case '{', '[':
		rest, err := j.nested(b)
		return nil, rest, err
	}
	end := 0
	for end < len(b) && b[end] != ',' && b[end] != '}' && b[end] > ' ' {
		end++
	}
	switch value = b[:end]; {
	case end == 0:
		return nil, nil, errJSON
	case string(value) == "null":
		return nil, b[end:], nil
	case string(value) == "true", string(value) == "false", isDigit(value[0]), value[0] == '-':
		return value, b[end:], nil
	}
	return nil, nil, errJSON
}

// nested passes over an object or a list.
func (j *jsonReader) nested(b []byte) (rest []byte, err error) {
	depth := 0
	for len(b) > 0 {
		switch b[0] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return b[1:], nil
			}
		case '"':
			if _, b, err = j.text(b); err != nil {
				return nil, err
			}
			continue
		}
		b = b[1:]
	}
	return nil, errJSON
}

// text reads a text in quotes. What it returns lies in b, or in the scratch
// where it had escapes.
func (j *jsonReader) text(b []byte) (text, rest []byte, err error) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, errJSON
	}
	b = b[1:]
	end := bytes.IndexByte(b, '"')
	if end < 0 {
		return nil, nil, errJSON
	}
	if bytes.IndexByte(b[:end], '\\') < 0 {
		return b[:end], b[end+1:], nil
	}
	return j.escaped(b)
}

func (j *jsonReader) escaped(b []byte) (text, rest []byte, err error) {
	from := len(j.scratch)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			return j.scratch[from:len(j.scratch):len(j.scratch)], b[i+1:], nil
		case '\\':
			n, ok := j.escape(b[i+1:])
			if !ok {
				return nil, nil, errJSON
			}
			i += n
		default:
			j.scratch = append(j.scratch, c)
		}
	}
	return nil, nil, errJSON
}

// escape reads what follows a backslash, and returns how many bytes that is.
func (j *jsonReader) escape(b []byte) (n int, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	const letters, bytesOf = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	if i := bytes.IndexByte([]byte(letters), b[0]); i >= 0 {
		j.scratch = append(j.scratch, bytesOf[i])
		return 1, true
	}
	r, ok := hex4(b)
	if !ok {
		return 0, false
	}
	n = 5
	if low, ok := hex4(b[min(len(b), n+1):]); utf16.IsSurrogate(r) && ok && b[n] == '\\' {
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			r, n = pair, n+6
		}
	}
	j.scratch = utf8.AppendRune(j.scratch, r)
	return n, true
}

// hex4 reads "u" and four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 5 || b[0] != 'u' {
		return 0, false
	}
	for _, c := range b[1:5] {
		switch {
		case isDigit(c):
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// recogniseJSON looks at a line that should hold an object.
func recogniseJSON(line []byte) (format, error) {
	var j jsonReader
	var c columns
	line = objectStart(line)
	_, err := j.next(line, &c)
	switch {
	case err != nil && len(bytes.TrimSpace(line)) < 2:
		return format{}, &ForeignError{Looks: "JSON objects over several lines each", Do: "write each in one line, as `jq -c .` does"}
	case err != nil && len(j.keys) == 0:
		return format{}, foreign("text that begins with a brace and is no JSON")
	}
	return j.judge()
}

// judge refuses objects that are no rows, by their keys.
func (j *jsonReader) judge() (format, error) {
	l, err := newLayout(j.keys)
	if err == nil {
		return format{kind: rowsOfJSON, layout: l}, nil
	}
	n := 0
	for _, k := range j.keys {
		if known(normal(k)) {
			n++
		}
	}
	if n < 3 {
		return format{}, foreign(foreignObject(j.keys))
	}
	return format{}, incomplete("a log", err)
}

// objectStart passes over what stands between the objects of a list.
func objectStart(line []byte) []byte {
	line = space(line)
	for len(line) > 0 && (line[0] == '[' || line[0] == ',' || line[0] == ']') {
		line = space(line[1:])
	}
	return line
}
