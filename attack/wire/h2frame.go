package wire

import (
	"encoding/binary"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// Frames of HTTP/2 (RFC 9113, section 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	framePush         = 0x5
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindow       = 0x8
	frameContinuation = 0x9

	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20

	settingTableSize  = 0x1
	settingPush       = 0x2
	settingStreams    = 0x3
	settingWindow     = 0x4
	settingFrameSize  = 0x5
	settingHeaderList = 0x6

	codeNone      = 0x0
	codeRefused   = 0x7
	codeCancelled = 0x8

	preface     = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	frameHeader = 9

	firstWindow    = 65_535 // of the connection, and of streams unless settings say otherwise
	firstFrameSize = 16_384 // the most that a frame carries unless settings say otherwise
)

// A frame is the header of one.
type frame struct {
	length      int
	kind, flags byte
	stream      uint32
}

func readFrame(b []byte) frame {
	return frame{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   b[3],
		flags:  b[4],
		stream: binary.BigEndian.Uint32(b[5:]) & math.MaxInt32,
	}
}

func (f frame) has(flag byte) bool { return f.flags&flag != 0 }

func (f frame) append(b []byte) []byte {
	b = append(b, byte(f.length>>16), byte(f.length>>8), byte(f.length), f.kind, f.flags)
	return binary.BigEndian.AppendUint32(b, f.stream)
}

// appendSetting appends one setting of a SETTINGS frame.
func appendSetting(b []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, id), value)
}

func appendWindow(b []byte, stream uint32, more int) []byte {
	b = frame{length: 4, kind: frameWindow, stream: stream}.append(b)
	return binary.BigEndian.AppendUint32(b, uint32(more))
}

func appendReset(b []byte, stream, code uint32) []byte {
	b = frame{length: 4, kind: frameReset, stream: stream}.append(b)
	return binary.BigEndian.AppendUint32(b, code)
}

// hello is what a client sends first: the preface and its settings. Pushes are
// off, and windows are so large that they do not slow a download down.
func hello(maxHeader int64) []byte {
	settings := appendSetting(nil, settingPush, 0)
	settings = appendSetting(settings, settingWindow, streamWindow)
	settings = appendSetting(settings, settingHeaderList, uint32(min(maxHeader, math.MaxUint32)))
	b := append([]byte(preface), frame{length: len(settings), kind: frameSettings}.append(nil)...)
	b = append(b, settings...)
	return appendWindow(b, 0, connWindow-firstWindow)
}

// The windows that the client gives the server for its answers.
const (
	streamWindow = 4 << 20
	connWindow   = 16 << 20
)

// Entries of HPACK's static table (RFC 7541, appendix A).
const (
	staticAuthority     = 1
	staticGet           = 2
	staticPost          = 3
	staticPath          = 4
	staticHTTP          = 6
	staticHTTPS         = 7
	staticContentLength = 28
)

// appendFields appends a request's header block. It uses no dynamic table, so
// that every block can be read by itself and a request can go out on any
// connection as it is.
func appendFields(b []byte, r *Request, secure bool) []byte {
	switch r.Method {
	case http.MethodGet:
		b = append(b, 0x80|staticGet)
	case http.MethodPost:
		b = append(b, 0x80|staticPost)
	default:
		b = appendText(append(b, staticGet), r.Method)
	}
	if secure {
		b = append(b, 0x80|staticHTTPS)
	} else {
		b = append(b, 0x80|staticHTTP)
	}
	b = appendText(append(b, staticAuthority), r.Host)
	b = appendText(append(b, staticPath), text(r.Target))
	for i := range r.Header {
		if name := r.Header[i].Name; !ofConnection(name) {
			b = appendLower(append(b, 0), name)
			b = appendText(b, r.Header[i].Value)
		}
	}
	if len(r.Body) > 0 || takesBody(r.Method) {
		b = append(b, 0x0f, staticContentLength-0x0f)
		var digits [20]byte
		b = appendText(b, text(strconv.AppendInt(digits[:0], int64(len(r.Body)), 10)))
	}
	return b
}

// ofConnection reports whether a header is about an HTTP/1.1 connection, and
// so has no place in HTTP/2 (RFC 9113, section 8.2.2).
func ofConnection(name string) bool {
	switch len(name) {
	case len("host"):
		return strings.EqualFold(name, "host")
	case len("upgrade"):
		return strings.EqualFold(name, "upgrade")
	case len("connection"):
		return strings.EqualFold(name, "connection") || strings.EqualFold(name, "keep-alive")
	case len("proxy-connection"):
		return strings.EqualFold(name, "proxy-connection")
	case len("transfer-encoding"):
		return strings.EqualFold(name, "transfer-encoding")
	}
	return false
}

// appendText appends a string literal, as it is (RFC 7541, section 5.2).
func appendText(b []byte, s string) []byte { return append(appendLength(b, len(s)), s...) }

func appendLower(b []byte, s string) []byte { return appendSmall(appendLength(b, len(s)), s) }

// appendSmall appends a name in small letters.
func appendSmall(b []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return b
}

// appendLength appends a length in seven bits, or in seven and then some
// (RFC 7541, section 5.1).
func appendLength(b []byte, n int) []byte {
	const most = 0x7f
	if n < most {
		return append(b, byte(n))
	}
	b = append(b, most)
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}
