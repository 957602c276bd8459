package hist

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// ErrCorrupt is wrapped by every error of [Decode].
var ErrCorrupt = errors.New("not a stored histogram of this kind")

// Cookies of HdrHistogram's format V2; 0x10 says that counts are written with
// as many bytes as they need.
const (
	cookie           = uint32(hdr.V2EncodingCookieBase | 0x10)
	compressedCookie = uint32(hdr.V2CompressedEncodingCookieBase | 0x10)
)

// An Encoder encodes one histogram after the other, in memory of its own: a
// compressor alone needs about a megabyte. Make one with [NewEncoder]; it is for
// one goroutine at a time.
type Encoder struct {
	plain      []byte
	compressed bytes.Buffer
	zlib       *zlib.Writer
	text       []byte
}

// NewEncoder returns an Encoder.
func NewEncoder() *Encoder {
	w, err := zlib.NewWriterLevel(nil, zlib.BestSpeed)
	if err != nil {
		panic(err) // the level is one of the package's own
	}
	return &Encoder{zlib: w}
}

// Encode returns the stored form of h: HdrHistogram's compressed V2 in base64,
// which its tools in every language read. It is valid until the next call.
func (e *Encoder) Encode(h *Histogram) ([]byte, error) {
	e.plain = h.appendPlain(e.plain[:0])
	e.compressed.Reset()
	e.compressed.Write(e.plain[:8]) // room for the two words of the head
	e.zlib.Reset(&e.compressed)
	if _, err := e.zlib.Write(e.plain); err != nil {
		return nil, fmt.Errorf("compress histogram: %w", err)
	}
	if err := e.zlib.Close(); err != nil {
		return nil, fmt.Errorf("compress histogram: %w", err)
	}
	b := e.compressed.Bytes()
	binary.BigEndian.PutUint32(b, compressedCookie)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-8))
	e.text = base64.StdEncoding.AppendEncode(e.text[:0], b)
	return e.text, nil
}

const headSize = 40

// appendPlain appends the form before compression: a head, and the counts up to
// the last that is not zero. A run of several zeros is written as its negative
// length.
func (h *Histogram) appendPlain(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, cookie)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0) // the counts' length, known below; no index offset
	b = binary.BigEndian.AppendUint32(b, uint32(h.digits))
	b = binary.BigEndian.AppendUint64(b, uint64(lowest))
	b = binary.BigEndian.AppendUint64(b, uint64(Highest))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(1))
	next := 0
	for bucket, n := range h.buckets {
		b = appendZeros(b, bucket-next)
		b = appendZigZag(b, n)
		next = bucket + 1
	}
	if next == 0 {
		b = appendZigZag(b, 0)
	}
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-headSize))
	return b
}

func appendZeros(b []byte, n int) []byte {
	switch n {
	case 0:
		return b
	case 1:
		return appendZigZag(b, 0)
	}
	return appendZigZag(b, int64(-n))
}

// appendZigZag appends a number, small ones of either sign in few bytes: seven
// bits in each but the ninth, which has eight.
func appendZigZag(b []byte, n int64) []byte {
	v := uint64(n<<1 ^ n>>63)
	for range 8 {
		if v < 0x80 {
			return append(b, byte(v))
		}
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

// Decode reads what [Encoder.Encode] wrote, or another HdrHistogram V2 writer
// with the same range and 2 or 3 digits. Its errors wrap [ErrCorrupt].
func Decode(b []byte) (*Histogram, error) {
	p, err := hdr.DecodePacked(b)
	if err != nil {
		return nil, fmt.Errorf("decode histogram of %d bytes: %w: %w", len(b), ErrCorrupt, err)
	}
	if low, high := p.LowestTrackableValue(), p.HighestTrackableValue(); low != int64(lowest) || high != int64(Highest) {
		return nil, fmt.Errorf("decode histogram: %w: it ranges from %d to %d ns, want %d to %d", ErrCorrupt, low, high, int64(lowest), int64(Highest))
	}
	if n := p.SignificantFigures(); n != 2 && n != 3 {
		return nil, fmt.Errorf("decode histogram: %w: it has %d digits, want 2 or 3", ErrCorrupt, n)
	}
	if p.TotalCount() == math.MaxInt64 {
		return nil, fmt.Errorf("decode histogram: %w: it counts more than can be", ErrCorrupt)
	}
	h := New(int(p.SignificantFigures()))
	p.ForEachBucket(func(value, count int64) bool {
		h.add(h.bucketOf(min(Highest, time.Duration(value))), count)
		return true
	})
	return h, nil
}
