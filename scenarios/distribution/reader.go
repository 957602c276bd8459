package distribution

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// reader takes values out of a tree, and gathers what is wrong with them. A
// value of null is as good as none.
type reader struct {
	file   string
	data   []byte
	faults Faults
}

// fault reports what is wrong with a value.
func (r *reader) fault(n *node, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if n.path != "" {
		message = n.path + ": " + message
	}
	r.add(n.at, message)
}

func (r *reader) add(at int, message string) {
	if len(r.faults) < maxFaults {
		line, column := place(r.data, at)
		r.faults = append(r.faults, Fault{r.file, line, column, message})
	}
}

// get returns the value of a key, nil where there is none. One of another kind
// than the wanted is a fault; the empty kind wants nothing.
func (r *reader) get(n *node, key string, want kind) *node {
	i := slices.Index(n.keys, key)
	if i < 0 || n.items[i].kind == null {
		return nil
	}
	if !r.is(n.items[i], want) {
		return nil
	}
	return n.items[i]
}

func (r *reader) is(n *node, want kind) bool {
	if n.kind == want || want == "" {
		return true
	}
	hint := ""
	if want == object && n.kind == list {
		hint = " (a template's form; this reads what `aws cloudfront get-distribution-config` prints)"
	}
	r.fault(n, "want %s, got %s%s", want, n.kind, hint)
	return false
}

// need is get for a key that must be there.
func (r *reader) need(n *node, key string, want kind) *node {
	found := r.get(n, key, want)
	if i := slices.Index(n.keys, key); i < 0 || n.items[i].kind == null {
		r.fault(n, "%s is missing", key)
	}
	return found
}

func (r *reader) text(n *node, key string) string {
	if found := r.get(n, key, text); found != nil {
		return found.text
	}
	return ""
}

func (r *reader) needText(n *node, key string) string {
	found := r.need(n, key, text)
	if found == nil {
		return ""
	}
	if found.text == "" {
		r.fault(found, "it is empty")
	}
	return found.text
}

func (r *reader) flag(n *node, key string) bool {
	found := r.get(n, key, boolean)
	return found != nil && found.text == "true"
}

// items returns what a list holds: an object with Quantity and Items.
func (r *reader) items(n *node, key string) []*node {
	if found := r.get(n, key, object); found != nil {
		return r.itemsOf(found)
	}
	return nil
}

// needItems is items for a list that must hold something.
func (r *reader) needItems(n *node, key string) []*node {
	found := r.need(n, key, object)
	if found == nil {
		return nil
	}
	items := r.itemsOf(found)
	if len(items) == 0 {
		r.fault(found, "it holds nothing")
	}
	return items
}

func (r *reader) itemsOf(n *node) []*node {
	var items []*node
	if found := r.get(n, "Items", list); found != nil {
		items = found.items
	}
	if quantity := r.get(n, "Quantity", number); quantity != nil && quantity.text != strconv.Itoa(len(items)) {
		r.fault(quantity, "Quantity is %.20s, and there are %d items: the file was cut or changed by hand", quantity.text, len(items))
	}
	return items
}

// texts returns a list of texts.
func (r *reader) texts(n *node, key string) []string {
	var all []string
	for _, item := range r.items(n, key) {
		if r.is(item, text) {
			all = append(all, item.text)
		}
	}
	return all
}

// wholeOf returns a whole number, which may stand in quotes.
func (r *reader) wholeOf(n *node, least, most int64) int64 {
	if n.kind != text && !r.is(n, number) {
		return 0
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || v < least || v > most {
		r.fault(n, "want a whole number from %d to %d, got %.40s", least, most, shown(n.text))
	}
	return v
}

// seconds returns a time that is written in whole seconds; one that is not
// written is def.
func (r *reader) seconds(n *node, key string, def time.Duration) time.Duration {
	found := r.get(n, key, number)
	if found == nil {
		return def
	}
	const most = 100 * forever // CloudFront takes a year; older files may hold more
	return time.Duration(r.wholeOf(found, 0, int64(most/time.Second))) * time.Second
}
