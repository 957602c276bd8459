package wire

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Frames and codes of HTTP/3 (RFC 9114, sections 7.2 and 8.1).
const (
	h3Data        = 0x0
	h3Headers     = 0x1
	h3CancelPush  = 0x3
	h3Settings    = 0x4
	h3PushPromise = 0x5
	h3GoAway      = 0x7
	h3MaxPush     = 0xd

	h3ControlStream = 0x0
	h3PushStream    = 0x1

	h3SettingHeaderList = 0x6

	h3CodeNone      = 0x100
	h3CodeProtocol  = 0x101
	h3CodeRejected  = 0x10b
	h3CodeCancelled = 0x10c
)

// ofHTTP2 reports whether a frame of this kind is one of HTTP/2's that HTTP/3
// forbids.
func ofHTTP2(kind uint64) bool { return kind == 2 || kind == 6 || kind == 8 || kind == 9 }

// appendVarint appends a number in 1, 2, 4 or 8 bytes (RFC 9000, section 16).
func appendVarint(b []byte, n uint64) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return binary.BigEndian.AppendUint16(b, uint16(n)|1<<14)
	case n < 1<<30:
		return binary.BigEndian.AppendUint32(b, uint32(n)|2<<30)
	default:
		return binary.BigEndian.AppendUint64(b, n|3<<62)
	}
}

// varint returns the number at the start of b and its length, or 0 when b is
// too short to hold it.
func varint(b []byte) (n uint64, size int) {
	if len(b) == 0 || len(b) < 1<<(b[0]>>6) {
		return 0, 0
	}
	size = 1 << (b[0] >> 6)
	n = uint64(b[0] & 0x3f)
	for _, c := range b[1:size] {
		n = n<<8 | uint64(c)
	}
	return n, size
}

// readVarint reads a number. An end within it is io.ErrUnexpectedEOF.
func readVarint(r io.ByteReader) (uint64, error) {
	c, err := r.ReadByte()
	if err != nil {
		return 0, err
	}
	n := uint64(c & 0x3f)
	for range 1<<(c>>6) - 1 {
		if c, err = r.ReadByte(); errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		n = n<<8 | uint64(c)
	}
	return n, nil
}

// h3Hello is what a client sends first, on its control stream: its settings.
// There is no dynamic table in either direction, which is how it is unless
// settings say otherwise, so that no stream waits for another.
func h3Hello(maxHeader int64) []byte {
	settings := appendVarint(appendVarint(nil, h3SettingHeaderList), uint64(maxHeader))
	hello := appendVarint([]byte{h3ControlStream, h3Settings}, uint64(len(settings)))
	return append(hello, settings...)
}

// Entries of QPACK's static table (RFC 9204, appendix A), and how a field
// refers to them (section 4.5).
const (
	qpackAuthority     = 0
	qpackPath          = 1
	qpackContentLength = 4
	qpackDelete        = 16
	qpackGet           = 17
	qpackHead          = 18
	qpackOptions       = 19
	qpackPost          = 20
	qpackPut           = 21
	qpackHTTPS         = 23

	qpackField = 0xc0 // name and value are in the table
	qpackName  = 0x50 // the name is
	qpackText  = 0x20 // neither is
)

var qpackMethods = map[string]byte{
	http.MethodDelete: qpackDelete, http.MethodGet: qpackGet, http.MethodHead: qpackHead,
	http.MethodOptions: qpackOptions, http.MethodPost: qpackPost, http.MethodPut: qpackPut,
}

// appendH3Request appends a request: its header as a frame, and, if it has a
// body, the start of the frame that holds the body.
func appendH3Request(b []byte, r *Request) []byte {
	const room = 4 // for the length, written when it is known
	begin := len(b)
	b = append(b, h3Headers, 0, 0, 0, 0)
	b = appendH3Fields(b, r)
	binary.BigEndian.PutUint32(b[begin+1:], uint32(len(b)-begin-1-room)|2<<30)
	if len(r.Body) > 0 {
		b = appendVarint(append(b, h3Data), uint64(len(r.Body)))
	}
	return b
}

// appendH3Fields appends a request's header block.
func appendH3Fields(b []byte, r *Request) []byte {
	b = append(b, 0, 0) // no field refers to a dynamic table
	if m, ok := qpackMethods[r.Method]; ok {
		b = append(b, qpackField|m)
	} else {
		b = appendText(append(b, qpackName|0xf, qpackConnect-0xf), r.Method)
	}
	b = append(b, qpackField|qpackHTTPS)
	b = appendText(append(b, qpackName|qpackAuthority), r.Host)
	b = appendText(append(b, qpackName|qpackPath), text(r.Target))
	for i := range r.Header {
		if name := r.Header[i].Name; !ofConnection(name) {
			b = appendQPACKName(b, name)
			b = appendText(b, r.Header[i].Value)
		}
	}
	if len(r.Body) > 0 || takesBody(r.Method) {
		var digits [20]byte
		b = append(b, qpackName|qpackContentLength)
		b = appendText(b, text(strconv.AppendInt(digits[:0], int64(len(r.Body)), 10)))
	}
	return b
}

// qpackConnect is the first entry of the static table with the name :method.
const qpackConnect = 15

// appendQPACKName appends a name that is not in the table, in small letters.
// Its length has three bits, or three and then some.
func appendQPACKName(b []byte, name string) []byte {
	const most = 0x7
	n := len(name)
	if n < most {
		b = append(b, qpackText|byte(n))
	} else {
		b = append(b, qpackText|most)
		for n -= most; n >= 0x80; n >>= 7 {
			b = append(b, byte(n)|0x80)
		}
		b = append(b, byte(n))
	}
	return appendSmall(b, name)
}
