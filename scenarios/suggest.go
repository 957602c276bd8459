package scenarios

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// sectionKeys returns the keys of a section, in the model's order.
func sectionKeys(t reflect.Type) []string {
	keys := make([]string, 0, t.NumField())
	for i := range t.NumField() {
		keys = append(keys, fieldKey(t.Field(i)))
	}
	return keys
}

// fieldKey returns the key of a field: its yaml tag without the options.
func fieldKey(f reflect.StructField) string {
	key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return key
}

func fieldIndex(t reflect.Type, key string) int {
	return slices.Index(sectionKeys(t), key)
}

// elsewhere returns what to say of an unknown key that is near to none of its
// section's: the section that does have it, or else the keys that there are.
func elsewhere(path, key string, keys []string) string {
	for _, known := range knownPaths(reflect.TypeFor[document](), "") {
		if last := known[strings.LastIndex(known, ".")+1:]; last == key && known != join(path, key) {
			return fmt.Sprintf(", did you mean %s?", known)
		}
	}
	return ": the keys here are " + strings.Join(keys, ", ")
}

// closest returns the candidate that takes the fewest edits to reach from
// key, or "" when none is near.
func closest(key string, candidates []string) string {
	if len(key) > 64 {
		return ""
	}
	folded := strings.ToLower(strings.ReplaceAll(key, "_", "-"))
	best := slices.MinFunc(candidates, func(a, b string) int {
		return cmp.Compare(edits(folded, a), edits(folded, b))
	})
	if limit := max(1, len(best)/3); edits(folded, best) > limit {
		return ""
	}
	return best
}

// edits is the optimal string alignment distance between a and b: how many
// letters to insert, remove, replace or swap with their neighbour.
func edits(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// knownPaths lists every key of the model by its path, sections in lists and
// mappings included.
func knownPaths(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		if t.Kind() == reflect.Slice {
			path += "[]"
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || fieldless(t) {
		return nil
	}
	var all []string
	for i := range t.NumField() {
		at := join(path, fieldKey(t.Field(i)))
		all = append(all, at)
		all = append(all, knownPaths(t.Field(i).Type, at)...)
	}
	return all
}

// fieldless reports whether t is no section: it has no field with a key.
func fieldless(t reflect.Type) bool {
	return t.NumField() == 0 || fieldKey(t.Field(0)) == ""
}
