package vegeta

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
)

// peekSize is how much of a stream is looked at to recognise it.
const peekSize = 64 << 10

// Detect looks at the beginning of a stream, packed by gzip or not, and
// returns its format and a reader of its content, unpacked. For what is none
// of vegeta's, the reader yields the stream as it came.
func Detect(r io.Reader) (Format, io.Reader) {
	raw := bufio.NewReaderSize(r, peekSize)
	head, _ := raw.Peek(peekSize) // what there is
	if !bytes.HasPrefix(head, []byte("\x1f\x8b")) {
		return Recognise(head), raw
	}
	z, err := gzip.NewReader(bytes.NewReader(head))
	if err != nil {
		return None, raw
	}
	unpacked := make([]byte, peekSize)
	n, _ := io.ReadFull(z, unpacked) // as much as the head holds
	format := Recognise(unpacked[:n])
	if format == None {
		return None, raw
	}
	if z, err = gzip.NewReader(raw); err != nil {
		return None, raw
	}
	return format, z
}
