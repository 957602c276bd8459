package accesslog

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// packedTable returns a packed file that begins as Parquet does.
func packedTable(t *testing.T) []byte {
	t.Helper()
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(append([]byte("PAR1"), content...)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A packed table that is cut short costs its own rows, not those of other
// files, and leaves nothing behind.
func TestTableCutShort(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	packed := packedTable(t)
	write(t, filepath.Join(dir, "a.parquet.gz"), string(packed[:len(packed)/2]))
	write(t, filepath.Join(dir, "b.log"), header33+testRow{}.String())
	opened := func(io.ReaderAt, int64) (Table, error) { return nil, errors.New("not reached") }
	log, err := Read(t.Context(), []string{dir}, Options{Parquet: opened, TempDir: temp})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if log.Rows != 1 || log.Run.Unread.Reasons["the file is cut short"] != 1 {
		t.Errorf("%d rows, unread %+v", log.Rows, log.Run.Unread)
	}
	nothingIn(t, temp)
}

// Copying a packed table ends with its context, and has no file by name.
func TestTableInterrupted(t *testing.T) {
	dir, temp := t.TempDir(), t.TempDir()
	name := filepath.Join(dir, "a.parquet.gz")
	write(t, name, string(packedTable(t)))
	ctx, cancel := context.WithCancel(t.Context())
	opened := func(io.ReaderAt, int64) (Table, error) {
		nothingIn(t, temp) // while it is in use, too
		cancel()
		return nil, errors.New("damaged")
	}
	if _, err := Read(ctx, []string{name}, Options{Parquet: opened, TempDir: temp, Parsers: 1}); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	opened = func(io.ReaderAt, int64) (Table, error) { t.Error("opened"); return nil, errors.New("damaged") }
	if _, err := Read(ctx, []string{name}, Options{Parquet: opened, TempDir: temp}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a context that is done = %v", err)
	}
	nothingIn(t, temp)
}

func nothingIn(t *testing.T, dir string) {
	t.Helper()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the directory of temporary files: %v, %v", left, err)
	}
}
