package accesslog

import (
	"bytes"
	"cmp"
	"math/bits"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"frontload/results"
)

// Server's errors are kept whole up to so many a second, 503s before others,
// and up to so many in all.
const (
	keptASecond = 50
	mostKept    = 1 << 12
	mostValue   = 512  // bytes of a result type, a method or a request id
	mostURL     = 2048 // bytes
)

// A kept row is a server's error with all that may be asked about it.
type keptRow struct {
	order uint64 // the lowest of a second are kept
	path  uint16
	results.Exemplar
	millis int64
}

// An errorLog keeps some of the server's errors of each second. Which ones
// depends on the rows alone, not on their order, as long as not too many
// seconds have errors.
type errorLog struct {
	seconds map[uint32][]keptRow
	kept    int
	limit   int // a second; zero before anything was kept
}

// add keeps a row if it is among those to keep of its second.
func (e *errorLog) add(r *row, path uint16, place string) {
	if e.seconds == nil {
		e.seconds, e.limit = map[uint32][]keptRow{}, keptASecond
	}
	order := orderOf(r)
	if rows := e.seconds[r.second()]; len(rows) < e.limit || order < rows[len(rows)-1].order {
		e.insert(r.second(), keptRow{order, path, exemplarOf(r, place), r.millis})
	}
}

// orderOf puts 503s before other errors and, of each, draws by the request id
// and all else that an exemplar shows: a log may lack ids, or repeat one.
func orderOf(r *row) uint64 {
	order := uint64(r.millis)
	for f, value := range r.columns {
		order = bits.RotateLeft64(order, 7) ^ mix(value)*uint64(2*f+1)
	}
	order >>= 1
	if r.status != 503 {
		order |= 1 << 63
	}
	return order
}

func (e *errorLog) insert(second uint32, k keptRow) {
	rows := e.seconds[second]
	at, _ := slices.BinarySearchFunc(rows, k.order, func(x keptRow, order uint64) int { return cmp.Compare(x.order, order) })
	rows = slices.Insert(rows, at, k)
	e.kept++
	e.seconds[second] = e.trim(rows)
	for e.kept > mostKept {
		e.shrink()
	}
}

func (e *errorLog) trim(rows []keptRow) []keptRow {
	if over := len(rows) - e.limit; over > 0 {
		e.kept -= over
		clear(rows[e.limit:])
		return rows[:e.limit]
	}
	return rows
}

// shrink keeps fewer of each second or, where that is one already, every
// second second.
func (e *errorLog) shrink() {
	if e.limit > 1 {
		e.limit = (e.limit + 1) / 2
		for second, rows := range e.seconds {
			e.seconds[second] = e.trim(rows)
		}
		return
	}
	seconds := make([]uint32, 0, len(e.seconds))
	for second := range e.seconds {
		seconds = append(seconds, second)
	}
	slices.Sort(seconds)
	for i, second := range seconds {
		if i%2 == 1 {
			e.kept -= len(e.seconds[second])
			delete(e.seconds, second)
		}
	}
}

// merge adds another log's rows; rename gives the number of a path here.
func (e *errorLog) merge(o *errorLog, rename []uint16) {
	if e.seconds == nil {
		e.seconds, e.limit = map[uint32][]keptRow{}, keptASecond
	}
	for second, rows := range o.seconds {
		for _, k := range rows {
			k.path = rename[k.path]
			e.insert(second, k)
		}
	}
}

// rows returns what was kept in order of time.
func (e *errorLog) rows() []keptRow {
	all := make([]keptRow, 0, e.kept)
	for _, rows := range e.seconds {
		all = append(all, rows...)
	}
	sortKept(all)
	return all
}

func sortKept(rows []keptRow) {
	slices.SortFunc(rows, func(x, y keptRow) int {
		return cmp.Or(cmp.Compare(x.millis, y.millis), cmp.Compare(x.order, y.order), cmp.Compare(x.RequestID, y.RequestID))
	})
}

// exemplarOf copies a row out of its line. Its At is filled in later.
func exemplarOf(r *row, place string) results.Exemplar {
	c := r.columns
	e := results.Exemplar{
		POP: place, Method: text(c[fieldMethod], mostValue), URL: urlOf(c), Status: r.status, Cache: r.cache, Outcome: r.outcome,
		Signals: r.signals, RequestID: text(c[fieldRequestID], mostValue), Protocol: protocolOf(c[fieldVersion]),
		Response: r.taken, Service: r.taken,
	}
	if r.entry != nil {
		e.Reason = text([]byte(r.entry.Reason), mostValue)
		if r.entry.Headers != nil {
			e.Headers = r.entry.Headers()
		}
		return e
	}
	e.Source, _ = netip.ParseAddr(string(c[fieldClient])) // invalid for what is none
	for _, f := range []field{fieldResult, fieldPromise, fieldDetail, fieldOriginFirst} {
		if !isDash(c[f]) {
			e.Headers = append(e.Headers, results.Header{Name: fieldNames[f], Value: text(c[f], mostValue)})
		}
	}
	return e
}

// text returns a value as text that is not too long, empty for a dash.
func text(b []byte, most int) string {
	if isDash(b) {
		return ""
	}
	return strings.ToValidUTF8(string(b[:min(len(b), most)]), "")
}

// urlOf returns the URL that the viewer asked for, secrets masked.
func urlOf(c *columns) string {
	host := c[fieldViewed]
	if isDash(host) {
		host = c[fieldHost]
	}
	address := text(c[fieldStem], mostURL)
	if !isDash(host) {
		scheme := text(c[fieldScheme], 8)
		address = cmp.Or(scheme, "https") + "://" + text(host, 255) + address
	}
	if query := text(c[fieldQuery], mostURL); query != "" && !strings.Contains(address, "?") {
		address += "?" + query
	}
	return withoutSecrets(address)
}

// masked stands in for what must not be shown.
const masked = "(not stored)"

// withoutSecrets replaces the values of query parameters that are named like a
// secret, or hold parameters of their own of which one is. Logs encode what
// viewers sent, once or twice, so that names and marks may be encoded.
func withoutSecrets(address string) string {
	path, query, ok := strings.Cut(address, "?")
	if !ok {
		return address
	}
	pairs := strings.Split(query, "&")
	for i, p := range pairs {
		name, value, valued := strings.Cut(p, "=")
		switch plain := decoded(name); {
		case holdsSecret(plain):
			pairs[i] = masked
		case valued && (results.Secret(plain) || holdsSecret(decoded(value))):
			pairs[i] = name + "=" + masked
		}
	}
	return path + "?" + strings.Join(pairs, "&")
}

// holdsSecret reports whether a text has parameters in it, a secret among them.
func holdsSecret(text string) bool { return strings.ContainsAny(text, "=&;?") && results.Secret(text) }

// decoded takes percent encoding off, at most as often as anybody puts it on.
func decoded(text string) string {
	for range 3 {
		plain, err := url.QueryUnescape(text)
		if err != nil || plain == text {
			return text
		}
		text = plain
	}
	return text
}

func protocolOf(version []byte) results.Protocol {
	switch {
	case bytes.HasPrefix(version, []byte("HTTP/1")):
		return results.H1
	case bytes.HasPrefix(version, []byte("HTTP/2")):
		return results.H2
	case bytes.HasPrefix(version, []byte("HTTP/3")):
		return results.H3
	}
	return 0
}

func millis(n int64) time.Time { return time.UnixMilli(n).UTC() }
