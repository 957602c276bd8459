package scenarios

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontload/pacing"
)

// YAML returns the scenario with all its defaults filled in. [Parse] under
// the same name, since paths stay relative, makes the same plan of it, but
// for secrets: their text is replaced by "(hidden)", as [hideSecrets] says.
// Files are named, not copied in.
func (s *Scenario) YAML() ([]byte, error) {
	tree := encode(reflect.ValueOf(hideSecrets(s.model)))
	tree.keys[0].note = fmt.Sprintf("Arrivals in flight: %d at most.", maxInFlight)
	data, err := writeYAML(tree)
	if err != nil {
		return nil, fmt.Errorf("write scenario as YAML: %w", err)
	}
	return data, nil
}

// encode is the inverse of the decoder.
func encode(v reflect.Value) *node {
	switch x := v.Interface().(type) {
	case pacing.Rate:
		return text(x.String())
	case time.Duration:
		return text(formatDuration(x))
	case percent:
		return text(x.String())
	case size:
		return text(x.String())
	case statuses:
		return encodeStatuses(x)
	case pairs:
		return encodePairs(x)
	case cachePolicy:
		if x.Hits == 0 {
			return text(x.word)
		}
		return encode(reflect.ValueOf(x.hitsSection))
	case paths:
		if len(x) == 1 {
			return text(x[0])
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		return encodeSection(v)
	case reflect.Slice:
		n := &node{kind: sequence}
		for i := range v.Len() {
			n.items = append(n.items, encode(v.Index(i)))
		}
		return n
	case reflect.Map:
		return encodeMap(v)
	case reflect.Bool:
		return &node{tag: "!!bool", text: strconv.FormatBool(v.Bool())}
	case reflect.Float64:
		return number(v.Float())
	case reflect.String:
		return text(v.String())
	default:
		return &node{tag: "!!int", text: fmt.Sprint(v.Interface())}
	}
}

func text(s string) *node { return &node{tag: "!!str", text: s} }

func number(f float64) *node {
	n := &node{tag: "!!float", text: strconv.FormatFloat(f, 'g', -1, 64)}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		n.tag, n.text = "!!int", strconv.FormatInt(int64(f), 10)
	}
	return n
}

func encodePairs(p pairs) *node {
	n := &node{kind: mapping}
	for _, pair := range p {
		n.keys = append(n.keys, text(pair.Name))
		n.items = append(n.items, text(pair.Value))
	}
	return n
}

func encodeSection(v reflect.Value) *node {
	n := &node{kind: mapping}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if strings.HasSuffix(field.Tag.Get("yaml"), ",omitempty") && v.Field(i).IsZero() {
			continue
		}
		n.keys = append(n.keys, text(fieldKey(field)))
		n.items = append(n.items, encode(v.Field(i)))
	}
	return n
}

func encodeMap(v reflect.Value) *node {
	n := &node{kind: mapping}
	for _, key := range slices.Sorted(maps.Keys(stringKeys(v))) {
		n.keys = append(n.keys, text(key))
		n.items = append(n.items, encode(v.MapIndex(reflect.ValueOf(key))))
	}
	return n
}

func stringKeys(v reflect.Value) map[string]bool {
	keys := make(map[string]bool, v.Len())
	for _, key := range v.MapKeys() {
		keys[key.String()] = true
	}
	return keys
}
