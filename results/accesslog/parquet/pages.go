package parquet

import (
	"errors"
	"fmt"
	"io"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library makes room for what a page's header says that it holds. In a
// damaged file that may be anything, so that headers are looked at first.
const (
	mostPage   = 128 << 20 // bytes, unpacked
	mostPages  = 256 << 20 // bytes of the largest page of every column, which are unpacked together
	mostValues = 1 << 24   // of a page
	headerSize = 64 << 10  // the most bytes of a header; those of writers have some hundred
)

// checkPages reports, as an error, a page that says of itself what cannot be,
// and pages of a row group that unpack to more bytes than may be.
func checkPages(r io.ReaderAt, size int64, f *pq.File, most int64) error {
	window := make([]byte, headerSize)
	for _, group := range f.Metadata().RowGroups {
		together := int64(0)
		for i := range group.Columns {
			largest, err := checkChunk(r, size, &group.Columns[i].MetaData, window)
			if err != nil {
				return fmt.Errorf("column %v: %w", group.Columns[i].MetaData.PathInSchema, err)
			}
			together += largest
		}
		if together > most {
			return fmt.Errorf("the pages of a row group are up to %d bytes, unpacked, which cannot be", together)
		}
	}
	return nil
}

// checkChunk returns how many bytes the largest page of a column has, unpacked.
func checkChunk(r io.ReaderAt, size int64, c *format.ColumnMetaData, window []byte) (largest int64, err error) {
	at := c.DataPageOffset
	if c.DictionaryPageOffset > 0 {
		at = min(at, c.DictionaryPageOffset)
	}
	end := at + c.TotalCompressedSize
	if at < 0 || end < at || end > size {
		return 0, errors.New("it lies outside the file")
	}
	for at < end {
		n, err := r.ReadAt(window[:min(int64(len(window)), end-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		length, unpacked, err := checkPage(window[:n])
		if err != nil {
			return 0, err
		}
		at, largest = at+length, max(largest, unpacked)
	}
	return largest, nil
}

// checkPage returns how many bytes a page has, with its header, and how many it
// has unpacked.
func checkPage(head []byte) (length, unpacked int64, err error) {
	in := new(thrift.CompactProtocol).NewReaderFromBytes(head)
	var h format.PageHeader
	if err := thrift.NewDecoder(in).Decode(&h); err != nil {
		return 0, 0, err
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || h.UncompressedPageSize > mostPage ||
		max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues) > mostValues {
		return 0, 0, fmt.Errorf("a page of %d bytes, %d unpacked, cannot be", h.CompressedPageSize, h.UncompressedPageSize)
	}
	return int64(in.BytesRead()) + int64(h.CompressedPageSize), int64(h.UncompressedPageSize), nil
}
