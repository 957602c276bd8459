package vegeta

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
)

// readGob reads a stream of gob. What follows damage in it cannot be read.
func readGob(from io.Reader, each func(*Result) error) (u Unread, err error) {
	in := gob.NewDecoder(from)
	for n := int64(1); ; n++ {
		var r Result
		place := fmt.Sprint("record ", n)
		switch err := decode(in, &r); {
		case errors.Is(err, io.EOF):
			return u, nil
		case err != nil:
			u.add(reasonOf(err), place)
			return u, nil
		case !r.plausible():
			u.add(badValues, place)
			continue
		}
		if err := each(&r); err != nil {
			return u, err
		}
	}
}

// decode decodes one result. A stream that was made to harm may panic in the
// library, which counts as damage.
func decode(in *gob.Decoder, r *Result) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decode gob: %v", p)
		}
	}()
	return in.Decode(r)
}
