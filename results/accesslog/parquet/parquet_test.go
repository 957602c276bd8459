package parquet

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"frontload/results/accesslog"
)

// texts are rows as CloudFront writes them: every value is a text.
type texts struct {
	Date     string  `parquet:"date"`
	Time     string  `parquet:"time"`
	Millis   string  `parquet:"timestamp_ms"`
	Status   string  `parquet:"sc_status"`
	Location string  `parquet:"x_edge_location"`
	Agent    string  `parquet:"cs_user_agent"`
	Result   string  `parquet:"x_edge_result_type"`
	Stem     *string `parquet:"cs_uri_stem,optional"`
}

// numbers are rows as somebody's own conversion may have them.
type numbers struct {
	Date   int32     `parquet:"date,date"`
	Stamp  time.Time `parquet:"timestamp,timestamp(microsecond)"`
	Status int32     `parquet:"sc-status"`
	Taken  float64   `parquet:"time-taken"`
}

func file[T any](t testing.TB, rows []T, options ...pq.WriterOption) string {
	t.Helper()
	var b bytes.Buffer
	w := pq.NewGenericWriter[T](&b, options...)
	for part := range slices.Chunk(rows, 700) { // a row group each
		if _, err := w.Write(part); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func textRows() []texts {
	var rows []texts
	path := "/a"
	for i := range 2000 {
		r := texts{Date: "2026-11-20", Time: fmt.Sprintf("09:30:%02d", i%60), Millis: "-", Status: "200", Location: "FRA56-P1", Agent: "curl", Result: "Hit"}
		if i%10 == 0 {
			r.Status, r.Result, r.Stem = "503", "CapacityExceeded", &path
		}
		rows = append(rows, r)
	}
	return rows
}

func read(t *testing.T, name string) *accesslog.Log {
	t.Helper()
	log, err := accesslog.Read(t.Context(), []string{name}, accesslog.Options{Parquet: Open})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

func TestRows(t *testing.T) {
	for _, codec := range []struct {
		name    string
		options []pq.WriterOption
	}{{"plain", nil}, {"snappy", []pq.WriterOption{pq.Compression(&pq.Snappy)}}, {"gzip", []pq.WriterOption{pq.Compression(&pq.Gzip)}}} {
		log := read(t, file(t, textRows(), codec.options...))
		var all, failed int64
		for c, err := range log.Run.Cells {
			if err != nil {
				t.Fatal(err)
			}
			all += c.Count
			if c.Status == 503 && len(c.Signals.Names()) == 1 && c.POP == "FRA56-P1" {
				failed += c.Count
			}
		}
		if all != 2000 || failed != 200 || log.Run.Unread.Lines != 0 {
			t.Errorf("%s: %d rows, %d 503s, unread %+v, want 2000, 200 and none", codec.name, all, failed, log.Run.Unread)
		}
	}
}

func TestNumbersDatesAndTimes(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 30, 1, 250e6, time.UTC)
	log := read(t, file(t, []numbers{{int32(at.Unix() / 86400), at, 503, 1.5}}))
	if !log.Run.Info.Start.Equal(at.Truncate(time.Second)) || log.Rows != 1 {
		t.Fatalf("%d rows from %v, want one from %v; unread %+v", log.Rows, log.Run.Info.Start, at, log.Run.Unread)
	}
	if e := log.Run.Exemplars; len(e) != 1 || e[0].At != 250*time.Millisecond || e[0].Service != 1500*time.Millisecond {
		t.Errorf("exemplars %+v, want one at 250 ms that took 1.5 s", e)
	}
}

// What is damaged is counted, and what stands before the damage read.
func TestDamaged(t *testing.T) {
	name := file(t, textRows())
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		say  string
		data []byte
	}{
		{"cut in the middle", whole[:len(whole)/2]},
		{"the first bytes alone", whole[:8]},
		{"zeros in a page", slices.Concat(whole[:len(whole)/2], make([]byte, 64), whole[len(whole)/2+64:])},
	} {
		if err := os.WriteFile(name, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		log := read(t, name)
		if log.Run.Unread.Lines == 0 {
			t.Errorf("%s: nothing is unread", c.say)
		}
	}
}

// FuzzOpen feeds damaged files: no panic, and every row has all columns.
func FuzzOpen(f *testing.F) {
	whole, err := os.ReadFile(file(f, textRows()[:20]))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole, 0, byte(0))
	f.Add(whole, len(whole)/3, byte(0xff))
	f.Add(whole, len(whole)-20, byte(1))
	f.Fuzz(func(t *testing.T, data []byte, at int, with byte) {
		if len(data) > 1<<16 {
			return
		}
		data = bytes.Clone(data)
		if at >= 0 && at < len(data) {
			data[at] ^= with
		}
		table, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		_ = table.Rows(func(values [][]byte) error {
			if len(values) != len(table.Columns()) {
				t.Errorf("%d values in a row of %d columns", len(values), len(table.Columns()))
			}
			return nil
		})
	})
}

// Pages that unpack to too much together are refused before they are unpacked.
func TestPagesThatUnpackToTooMuch(t *testing.T) {
	data, err := os.ReadFile(file(t, textRows(), pq.Compression(&pq.Snappy)))
	if err != nil {
		t.Fatal(err)
	}
	r, size := bytes.NewReader(data), int64(len(data))
	f, err := pq.OpenFile(r, size)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPages(r, size, f, mostPages); err != nil {
		t.Errorf("a file like any other: %v", err)
	}
	if err := checkPages(r, size, f, 4<<10); err == nil || !strings.Contains(err.Error(), "unpacked") {
		t.Errorf("a row group of more than 4 KiB: %v", err)
	}
}
