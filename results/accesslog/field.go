package accesslog

import "strings"

// A field is one that is read. The others of a log are passed over.
type field uint8

const (
	fieldDate field = iota
	fieldTime
	fieldTimestamp // seconds since 1970 with milliseconds, of real-time logs
	fieldMillis    // timestamp(ms), milliseconds since 1970
	fieldPOP
	fieldSent // sc-bytes
	fieldClient
	fieldMethod
	fieldHost    // cs(Host), the distribution's own name
	fieldViewed  // x-host-header, the name that viewers ask for
	fieldStem    // cs-uri-stem, the path
	fieldQuery   // cs-uri-query
	fieldStatus  // sc-status
	fieldResult  // x-edge-result-type
	fieldPromise // x-edge-response-result-type, the result before the last byte left
	fieldDetail  // x-edge-detailed-result-type
	fieldRequestID
	fieldScheme  // cs-protocol
	fieldVersion // cs-protocol-version
	fieldReceived
	fieldTaken
	fieldFirstByte
	fieldOriginFirst         // origin-fbl
	fieldContentLength       // sc-content-len
	fields                   // how many there are
	fieldNone          field = 255
)

var fieldNames = [fields]string{
	"date", "time", "timestamp", "timestamp-ms", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs-host",
	"x-host-header", "cs-uri-stem", "cs-uri-query", "sc-status", "x-edge-result-type", "x-edge-response-result-type",
	"x-edge-detailed-result-type", "x-edge-request-id", "cs-protocol", "cs-protocol-version", "cs-bytes", "time-taken",
	"time-to-first-byte", "origin-fbl", "sc-content-len",
}

var fieldOf = func() map[string]field {
	m := map[string]field{}
	for i, name := range fieldNames {
		m[name] = field(i)
	}
	return m
}()

// others are fields of CloudFront's logs that are known and not read. Source:
// the CloudFront Developer Guide on standard and on real-time logs.
var others = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields("cs-referer cs-user-agent cs-cookie x-forwarded-for ssl-protocol ssl-cipher fle-status " +
		"fle-encrypted-fields c-port sc-content-type sc-range-start sc-range-end origin-lbl asn c-country " +
		"cache-behavior-path-pattern c-ip-version cs-accept-encoding cs-accept cs-headers cs-header-names cs-headers-count " +
		"distributionid distribution-tenant-id primary-distribution-id primary-distribution-dns-name r-host sr-reason x-edge-mqcs") {
		m[name] = true
	}
	return m
}()

// normal returns a field's name as [fieldNames] has it: "cs(User-Agent)" of a
// standard log, "cs_user_agent" of a Parquet file and "cs-user-agent" of a
// real-time log are one.
func normal(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b = append(b, c)
		case len(b) > 0 && b[len(b)-1] != '-':
			b = append(b, '-')
		}
	}
	return strings.TrimSuffix(string(b), "-")
}

// known reports whether a field of this normal name is one of CloudFront's.
func known(name string) bool {
	_, read := fieldOf[name]
	return read || others[name] || strings.HasPrefix(name, "cmcd-")
}

// free reports whether viewers write what the field holds, so that a real row
// may have a stray separator in it.
func free(name string) bool {
	switch name {
	case "cs-referer", "cs-user-agent", "cs-cookie", "x-forwarded-for", "cs-accept", "cs-accept-encoding", "cs-headers", "cs-header-names":
		return true
	}
	return false
}
