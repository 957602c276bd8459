package quic

import (
	"errors"
	"io"

	"github.com/quic-go/qpack"
)

// Fields reads a header block that uses no dynamic table (RFC 9204) and hands
// its fields over in turn, until take returns false.
func Fields(block []byte, take func(name, value string) bool) error {
	var decoder qpack.Decoder
	next := decoder.Decode(block)
	for {
		f, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !take(f.Name, f.Value) {
			return nil
		}
	}
}
