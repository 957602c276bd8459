package parquet

import (
	"encoding/binary"
	"errors"
	"io"
)

// The library makes room for as many elements as a list in a file's footer
// says that it has. In a damaged file that may be anything: a walk through the
// footer finds lists that are longer than the bytes that are left.

var errFooter = errors.New("its footer is damaged")

// The types of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftByte   = 3
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftDouble = 7
	thriftBinary = 8
	thriftList   = 9
	thriftSet    = 10
	thriftMap    = 11
	thriftStruct = 12

	deepest = 32 // a footer nests seven deep
)

// checkFooter reports, as an error, a footer that is none.
func checkFooter(r io.ReaderAt, size int64) error {
	tail := make([]byte, 8)
	if size < 12 {
		return errFooter
	}
	if _, err := r.ReadAt(tail, size-8); err != nil {
		return err
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	if string(tail[4:]) != "PAR1" || n > size-12 || n > 1<<28 {
		return errFooter
	}
	footer := make([]byte, n)
	if _, err := r.ReadAt(footer, size-8-n); err != nil {
		return err
	}
	if w := (walker{footer}); !w.record(0) {
		return errFooter
	}
	return nil
}

// A walker passes over values of Thrift's compact protocol. Each method
// reports whether the value is whole.
type walker struct{ left []byte }

func (w *walker) skip(n uint64) bool {
	if n > uint64(len(w.left)) {
		return false
	}
	w.left = w.left[n:]
	return true
}

func (w *walker) varint() (uint64, bool) {
	v, n := binary.Uvarint(w.left)
	return v, n > 0 && w.skip(uint64(n))
}

func (w *walker) octet() (byte, bool) {
	if len(w.left) == 0 {
		return 0, false
	}
	b := w.left[0]
	return b, w.skip(1)
}

// record passes over a struct.
func (w *walker) record(depth int) bool {
	for {
		head, ok := w.octet()
		if !ok || depth > deepest {
			return false
		}
		if head == 0 {
			return true
		}
		if head>>4 == 0 { // the field's number follows
			if _, ok = w.varint(); !ok {
				return false
			}
		}
		if kind := head & 15; kind != thriftTrue && kind != thriftFalse && !w.value(kind, depth) {
			return false
		}
	}
}

func (w *walker) value(kind byte, depth int) bool {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		return w.skip(1)
	case thriftI16, thriftI32, thriftI64:
		_, ok := w.varint()
		return ok
	case thriftDouble:
		return w.skip(8)
	case thriftBinary:
		n, ok := w.varint()
		return ok && w.skip(n)
	case thriftList, thriftSet:
		return w.list(depth)
	case thriftMap:
		return w.pairs(depth)
	case thriftStruct:
		return w.record(depth + 1)
	}
	return false
}

// list passes over a list, of which every element has a byte or more.
func (w *walker) list(depth int) bool {
	head, ok := w.octet()
	n := uint64(head >> 4)
	if ok && n == 15 {
		n, ok = w.varint()
	}
	if !ok || n > uint64(len(w.left)) {
		return false
	}
	for range n {
		if !w.value(head&15, depth+1) || depth > deepest {
			return false
		}
	}
	return true
}

func (w *walker) pairs(depth int) bool {
	n, ok := w.varint()
	if !ok || n == 0 {
		return ok
	}
	kinds, ok := w.octet()
	if !ok || n > uint64(len(w.left)) || depth > deepest {
		return false
	}
	for range n {
		if !w.value(kinds>>4, depth+1) || !w.value(kinds&15, depth+1) {
			return false
		}
	}
	return true
}
