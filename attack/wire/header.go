package wire

import (
	"bytes"
	"math"
	"net/http"
	"strings"

	"frontload/results"
)

// framing is what an answer's header says of where its body ends.
type framing struct {
	length            int64 // of Content-Length; -1 when there is none
	chunked           bool
	close, keepAlive  bool // what Connection asks for
	minor             byte // of the version: '0' or '1'
	transferEncodings int
}

// parse reads the complete header in r.head. An informational answer is passed
// over: the reader then waits for the next.
func (r *answerReader) parse() error {
	lines := r.head
	line, lines := cutLine(lines)
	f := framing{length: -1}
	status, err := f.statusLine(line)
	if err != nil {
		return err
	}
	if bytes.IndexByte(r.head, 0) >= 0 {
		return malformed("its header holds a NUL")
	}
	r.reply = results.Answer{Status: status}
	for {
		if line, lines = cutLine(lines); len(line) == 0 {
			break
		}
		if err := r.field(&f, line); err != nil {
			return err
		}
	}
	if status < 200 && status != http.StatusSwitchingProtocols {
		r.head, r.scanned = r.head[:0], 0
		return nil
	}
	return r.frameBody(&f)
}

// cutLine returns the first line, without its end, and the rest.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line, rest
}

// statusLine reads a line such as "HTTP/1.1 200 OK".
func (f *framing) statusLine(line []byte) (int, error) {
	const code = len(httpVersion) + 2 // the offset of the status code
	ok := len(line) >= code+3 && string(line[:len(httpVersion)]) == httpVersion && line[code-1] == ' ' &&
		(line[code-2] == '0' || line[code-2] == '1') && (len(line) == code+3 || line[code+3] == ' ') &&
		bytes.IndexByte(line, '\r') < 0
	status := 0
	for i := code; ok && i < code+3; i++ {
		ok = '0' <= line[i] && line[i] <= '9'
		status = 10*status + int(line[i]-'0')
	}
	if !ok || status < 100 {
		return 0, malformed("its first line is %.80q, not one like \"HTTP/1.1 200 OK\"", line)
	}
	f.minor = line[code-2]
	return status, nil
}

// field takes in one line of the header.
func (r *answerReader) field(f *framing, line []byte) error {
	colon := tokenEnd(line)
	if colon == 0 || colon == len(line) || line[colon] != ':' || bytes.IndexByte(line, '\r') >= 0 {
		return malformed("its header holds the line %.80q", line)
	}
	name, value := text(line[:colon]), text(trim(line[colon+1:]))
	switch len(name) {
	case len("connection"):
		if isName(name, "connection") {
			f.connection(value)
		}
	case len("content-length"):
		if isName(name, "content-length") {
			return f.contentLength(value)
		}
	case len("transfer-encoding"):
		if isName(name, "transfer-encoding") {
			return f.transferEncoding(value)
		}
	}
	r.note(name, value)
	return nil
}

// note keeps what bears on a sample of a header. The strings must stay as they
// are for as long as the answer is used.
func (r *answerReader) note(name, value string) {
	a := &r.reply
	if r.marker != "" && value != "" && strings.EqualFold(name, r.marker) {
		a.Marked = true
	}
	switch len(name) {
	case len("age"):
		keepFirst(&a.Age, name, value, "age")
	case len("server"):
		keepFirst(&a.Server, name, value, "server")
	case len("x-cache"):
		keepFirst(&a.XCache, name, value, "x-cache")
	case len("x-amz-id-2"):
		keepFirst(&a.S3ID, name, value, "x-amz-id-2")
	case len("x-amz-cf-id"):
		keepFirst(&a.RequestID, name, value, "x-amz-cf-id")
	case len("x-amz-cf-pop"):
		keepFirst(&a.POP, name, value, "x-amz-cf-pop")
	case len("server-timing"):
		if a.ServerTiming != "" && isName(name, "server-timing") {
			a.ServerTiming += "," + value
		}
		keepFirst(&a.ServerTiming, name, value, "server-timing")
	case len("x-amz-apigw-id"):
		keepFirst(&a.GatewayID, name, value, "x-amz-apigw-id")
	case len("x-amzn-requestid"): // and x-amz-request-id
		keepFirst(&a.GatewayID, name, value, "x-amzn-requestid")
		keepFirst(&a.S3ID, name, value, "x-amz-request-id")
	}
}

// keepFirst keeps the first value of a header that is not empty.
func keepFirst(to *string, name, value, want string) {
	if *to == "" && isName(name, want) {
		*to = value
	}
}

func (f *framing) connection(value string) {
	for token := range strings.SplitSeq(value, ",") {
		token = strings.Trim(token, " \t")
		f.close = f.close || strings.EqualFold(token, "close")
		f.keepAlive = f.keepAlive || strings.EqualFold(token, "keep-alive")
	}
}

func (f *framing) contentLength(value string) error {
	var n int64
	for i := range len(value) {
		b := value[i]
		if b < '0' || b > '9' || n > (math.MaxInt64-9)/10 {
			return malformed("its Content-Length is %.40q", value)
		}
		n = 10*n + int64(b-'0')
	}
	if len(value) == 0 || f.length >= 0 && f.length != n {
		return malformed("its Content-Length is %.40q, after one of %d", value, f.length)
	}
	f.length = n
	return nil
}

func (f *framing) transferEncoding(value string) error {
	f.transferEncodings++
	f.chunked = strings.EqualFold(value, "chunked")
	if !f.chunked || f.transferEncodings > 1 {
		return malformed("its Transfer-Encoding is %.40q; only chunked is known", value)
	}
	return nil
}

// frameBody decides how the body of a final answer is read.
func (r *answerReader) frameBody(f *framing) error {
	status := r.reply.Status
	r.keep = (f.minor == '1' || f.keepAlive) && !f.close && status != http.StatusSwitchingProtocols
	if f.chunked && f.length >= 0 {
		return malformed("it has both a Content-Length and a Transfer-Encoding")
	}
	if f.chunked && f.minor == '0' {
		return malformed("it has a Transfer-Encoding though its version is HTTP/1.0")
	}
	switch {
	case r.noBody || status < 200 || status == http.StatusNoContent || status == http.StatusNotModified:
		r.state = whole
	case f.chunked:
		r.state = inChunkSize
	case f.length == 0:
		r.state = whole
	case f.length > 0:
		r.left, r.state = f.length, inLength
		if f.length > r.mostBody {
			return ErrBody
		}
	default:
		r.keep, r.state = false, toClose
	}
	return nil
}

// tokenEnd returns how many bytes of b, from its start, can be a header's name
// (RFC 9110, section 5.6.2).
func tokenEnd(b []byte) int {
	for i, c := range b {
		if !tokenBytes[c] {
			return i
		}
	}
	return len(b)
}

var tokenBytes = func() (is [256]bool) {
	const others = "!#$%&'*+-.^_`|~"
	for c := range is {
		is[c] = '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || strings.IndexByte(others, byte(c)) >= 0
	}
	return is
}()

// isName reports whether a header's name, which is a token, is the wanted one,
// which is of the same length and in small letters, digits and hyphens.
func isName(name, want string) bool {
	for i := range len(name) {
		if name[i]|0x20 != want[i] {
			return false
		}
	}
	return true
}

// trim returns b without the spaces and tabs around it.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (b[n-1] == ' ' || b[n-1] == '\t'); n = len(b) {
		b = b[:n-1]
	}
	return b
}

// fields returns the header of the final answer, in memory of its own; it is
// empty when none came.
func (r *answerReader) fields() http.Header {
	h := http.Header{}
	if !r.hasHeader() {
		return h
	}
	for _, f := range r.list {
		h.Add(f.Name, f.Value)
	}
	_, lines := cutLine(r.head)
	for line, rest := cutLine(lines); len(line) > 0; line, rest = cutLine(rest) {
		name, value, _ := strings.Cut(string(line), ":")
		h.Add(name, strings.Trim(value, " \t"))
	}
	return h
}
