package scenarios

import (
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
