package scenarios

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"frontload/internal/nearest"
	"frontload/pacing"
	"frontload/results"
)

// decoder fills the model from a tree, strictly: every key that the model
// does not have and every value of another type is a fault. It goes on after
// each, and notes where everything stood.
type decoder struct {
	faults
	typos []string // sections with a key that is nearly right
}

// pairs is a mapping from text to text that keeps its order.
type pairs []results.Header

// later holds a part of the contract that this version does not carry out.
type later struct{}

// defaulter is implemented by sections that have defaults. They are set
// before the section is read, so that a zero in the file stays one.
type defaulter interface{ setDefaults() }

func (d *decoder) note(path string, key, value *node) {
	m := marks{value: value.at}
	if key != nil {
		m.key = key.at
	}
	d.origin.at[path] = m
}

// value reads n into v, which can be set.
func (d *decoder) value(path string, n *node, v reflect.Value) {
	if n.kind == scalar && n.tag == "!!null" && v.Type() != reflect.TypeFor[later]() {
		d.addKey(path, "it has no value: give one, or remove the key")
		return
	}
	switch p := v.Addr().Interface().(type) {
	case *later:
	case *pacing.Rate:
		*p = parseScalar(d, path, n, "a rate like 500/s", parseRate)
	case *time.Duration:
		*p = parseScalar(d, path, n, "a duration like 90s", parseDuration)
	case *percent:
		*p = parseScalar(d, path, n, "a percentage like 50%", parsePercent)
	case *size:
		*p = parseScalar(d, path, n, "a size like 50GiB", parseSize)
	case *statuses:
		d.statuses(path, n, p)
	case *pairs:
		d.pairs(path, n, p)
	case *cachePolicy:
		d.cachePolicy(path, n, p)
	case *paths:
		d.paths(path, n, v)
	default:
		d.kind(path, n, v)
	}
}

func parseScalar[T any](d *decoder, path string, n *node, want string, parse func(string) (T, error)) T {
	var zero T
	if !d.want(path, n, scalar, want) {
		return zero
	}
	value, err := parse(n.text)
	if err != nil {
		d.add(path, "%v", err)
	}
	return value
}

func (d *decoder) kind(path string, n *node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(path, n, v.Elem())
	case reflect.Struct:
		d.section(path, n, v)
	case reflect.Slice:
		d.list(path, n, v)
	case reflect.Map:
		d.mapped(path, n, v)
	case reflect.Bool:
		v.SetBool(parseScalar(d, path, n, "true or false", parseSwitch))
	case reflect.String:
		if d.want(path, n, scalar, "text") {
			v.SetString(n.text)
		}
	default:
		d.number(path, n, v)
	}
}

// want reports whether n is of the given kind, and adds a fault if not.
func (d *decoder) want(path string, n *node, k kind, what string) bool {
	if n.kind == k {
		return true
	}
	hint := ""
	if k == sequence && n.kind == scalar {
		hint = fmt.Sprintf(": write [%s]", n.text)
	}
	got := map[kind]string{scalar: "a single value", mapping: "a mapping", sequence: "a list"}[n.kind]
	d.add(path, "want %s, got %s%s", what, got, hint)
	return false
}

// section reads a mapping with known keys.
func (d *decoder) section(path string, n *node, v reflect.Value) {
	if s, ok := v.Addr().Interface().(defaulter); ok {
		s.setDefaults()
	}
	keys := sectionKeys(v.Type())
	if !d.want(path, n, mapping, "a mapping with the keys "+strings.Join(keys, ", ")) {
		return
	}
	d.entries(path, n, func(at string, key, value *node) {
		i := fieldIndex(v.Type(), key.text)
		if i < 0 {
			d.unknown(path, key.text, keys)
			return
		}
		if what := v.Type().Field(i).Tag.Get("later"); what != "" {
			d.later(at, what)
		}
		d.value(at, value, v.Field(i))
	})
}

// unknown reports a key that the section at path does not have. Where it is
// nearly one that it has, the checks need not say that this one is missing.
func (d *decoder) unknown(path, key string, keys []string) {
	if hint := nearest.Word(key, keys); hint != "" {
		d.addKey(join(path, key), "unknown key, did you mean %q?", hint)
		d.typos = append(d.typos, path)
		return
	}
	d.addKey(join(path, key), "unknown key%s", elsewhere(path, key, keys))
}

// entries calls read for each key of a mapping, once, with its path.
func (d *decoder) entries(path string, n *node, read func(at string, key, value *node)) {
	seen := make(map[string]int, len(n.keys))
	for i, key := range n.keys {
		if key.kind != scalar {
			d.putAt("", key.at, prefixed(path, "want text for a key, got something with parts of its own"))
			continue
		}
		at := join(path, key.text)
		if line, twice := seen[key.text]; twice {
			d.putAt("", key.at, prefixed(at, fmt.Sprintf("this key stands twice, first on line %d: remove one", line)))
			continue
		}
		seen[key.text] = key.at.line
		d.note(at, key, n.items[i])
		read(at, key, n.items[i])
	}
}

func (d *decoder) list(path string, n *node, v reflect.Value) {
	if !d.want(path, n, sequence, "a list") {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
	for i, item := range n.items {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.note(at, nil, item)
		d.value(at, item, v.Index(i))
	}
}

func (d *decoder) mapped(path string, n *node, v reflect.Value) {
	if !d.want(path, n, mapping, "a mapping") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	d.entries(path, n, func(at string, key, value *node) {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(at, value, item)
		v.SetMapIndex(reflect.ValueOf(key.text), item)
	})
}

func (d *decoder) pairs(path string, n *node, p *pairs) {
	if !d.want(path, n, mapping, "a mapping of names and values") {
		return
	}
	d.entries(path, n, func(at string, key, value *node) {
		if d.want(at, value, scalar, "text") {
			*p = append(*p, results.Header{Name: key.text, Value: value.text})
		}
	})
}

// cachePolicy reads a word or a section.
func (d *decoder) cachePolicy(path string, n *node, p *cachePolicy) {
	if n.kind == scalar {
		p.word = n.text
		return
	}
	d.section(path, n, reflect.ValueOf(&p.hitsSection).Elem())
}

// paths reads one path, or several.
func (d *decoder) paths(path string, n *node, v reflect.Value) {
	if n.kind == scalar {
		v.Set(reflect.ValueOf(paths{n.text}))
		return
	}
	d.list(path, n, v)
}

// number reads whole numbers and fractions; 1e6 is a whole number too.
func (d *decoder) number(path string, n *node, v reflect.Value) {
	if !d.want(path, n, scalar, "a number") {
		return
	}
	if n.tag != "!!int" && n.tag != "!!float" {
		d.add(path, "want a number, got %s", quoted(n))
		return
	}
	if v.Kind() == reflect.Float64 {
		f, err := strconv.ParseFloat(n.text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			d.add(path, "want a number, got %q", n.text)
			return
		}
		v.SetFloat(f)
		return
	}
	if v.Kind() == reflect.Uint64 {
		u, err := strconv.ParseUint(n.text, 10, 64)
		if err != nil {
			d.add(path, "want a whole number of 0 or more, got %q", n.text)
		}
		v.SetUint(u)
		return
	}
	i, err := wholeNumber(n.text)
	if err != nil {
		d.add(path, "%v", err)
		return
	}
	v.SetInt(i)
}

func wholeNumber(text string) (int64, error) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return i, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, fmt.Errorf("want a whole number, got %q", text)
	}
	return int64(f), nil
}

func quoted(n *node) string {
	if _, err := strconv.ParseFloat(n.text, 64); err == nil {
		return fmt.Sprintf("the text %q: remove the quotes", n.text)
	}
	return fmt.Sprintf("%q", n.text)
}
