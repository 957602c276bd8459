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
	mostValues = 1 << 24   // of a page
	headerSize = 64 << 10  // the most bytes of a header; those of writers have some hundred
)

// checkPages reports, as an error, a page that says of itself what cannot be.
func checkPages(r io.ReaderAt, size int64, f *pq.File) error {
	window := make([]byte, headerSize)
	for _, group := range f.Metadata().RowGroups {
		for i := range group.Columns {
			if err := checkChunk(r, size, &group.Columns[i].MetaData, window); err != nil {
				return fmt.Errorf("column %v: %w", group.Columns[i].MetaData.PathInSchema, err)
			}
		}
	}
	return nil
}

func checkChunk(r io.ReaderAt, size int64, c *format.ColumnMetaData, window []byte) error {
	at := c.DataPageOffset
	if c.DictionaryPageOffset > 0 {
		at = min(at, c.DictionaryPageOffset)
	}
	end := at + c.TotalCompressedSize
	if at < 0 || end < at || end > size {
		return errors.New("it lies outside the file")
	}
	for at < end {
		n, err := r.ReadAt(window[:min(int64(len(window)), end-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		length, err := checkPage(window[:n])
		if err != nil {
			return err
		}
		at += length
	}
	return nil
}

// checkPage returns how many bytes a page has, with its header.
func checkPage(head []byte) (int64, error) {
	in := new(thrift.CompactProtocol).NewReaderFromBytes(head)
	var h format.PageHeader
	if err := thrift.NewDecoder(in).Decode(&h); err != nil {
		return 0, err
	}
	if h.CompressedPageSize < 0 || h.UncompressedPageSize < 0 || h.UncompressedPageSize > mostPage ||
		max(h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues) > mostValues {
		return 0, fmt.Errorf("a page of %d bytes, %d unpacked, cannot be", h.CompressedPageSize, h.UncompressedPageSize)
	}
	return int64(in.BytesRead()) + int64(h.CompressedPageSize), nil
}
