package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontload/results"
	"frontload/scenarios/lab"
)

// logShare counts the rows of an access log under a path, and the hits among
// them.
func logShare(log []byte, path string) (rows, hits int) {
	for line := range bytes.Lines(log) {
		columns := strings.Split(string(line), "\t")
		if len(columns) < 14 || !strings.HasPrefix(columns[7], path) {
			continue
		}
		rows++
		if columns[13] == "Hit" {
			hits++
		}
	}
	return rows, hits
}

// A wanted hit ratio is reached over sockets, for templates and for recorded
// requests; the lab's own log, the run's document and its text say the same.
func TestHitRatioIsHeldOverTheWire(t *testing.T) {
	c, err := lab.FindCase("calm")
	if err != nil {
		t.Fatal(err)
	}
	const length = 8 * time.Second
	model := lab.New(c, 5, length)
	var log bytes.Buffer
	model.Log = func(row []byte) { log.Write(row) }
	server, err := lab.Serve(model, lab.Config{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	dir := t.TempDir()
	var urls strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&urls, "/img/%d.jpg\n", 1000+i)
	}
	for name, text := range map[string][]byte{"ca.pem": server.CA(), "urls.txt": []byte(urls.String()), "test.yaml": fmt.Appendf(nil, `
version: 1
target: {url: %q, ca: ca.pem}
clients: {count: 8, resolvers: [%q], protocol: h1}
requests:
  - {name: file, path: "/files/{id}", vars: {id: {uniform: {count: 100000}}}, cache: {hits: 85%%}}
  - {from: urls.txt, cache: {hits: 40%%}}
load: {rate: 400/s, for: %s}
`, server.URL(), server.Resolver(), length)} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Load(filepath.Join(dir, "test.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var text, talk bytes.Buffer
	file := filepath.Join(dir, "run.db")
	if err := Attack(t.Context(), s, "", file, "auto", Ownership{}, Output{Out: &text, Err: &talk}); err != nil {
		t.Fatalf("%v\n%s", err, talk.String())
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "recorded requests of urls.txt: 3000 taken, 3000 different"; !strings.Contains(talk.String(), want) {
		t.Errorf("%q is not in what was said:\n%s", want, talk.String())
	}
	if !strings.Contains(text.String(), "hit ratio held: file 8") || !strings.Contains(text.String(), "% of 40% wanted") {
		t.Errorf("the text does not tell the hit ratios:\n%s", text.String())
	}
	var document bytes.Buffer
	if err := Report(file, Output{Out: &document, Err: &talk, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var told struct {
		Analysis struct{ Run results.RunSummary }
	}
	if err := json.Unmarshal(document.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	for _, r := range told.Analysis.Run.ByRequest {
		if r.HitRatio == nil || r.HitsWanted == nil || math.Abs(*r.HitRatio-*r.HitsWanted) > 0.02 {
			t.Errorf("the document has %+v", r)
		}
	}
	if len(told.Analysis.Run.ByRequest) != 2 {
		t.Errorf("the document has the requests %+v", told.Analysis.Run.ByRequest)
	}
	for path, wanted := range map[string]float64{"/files/": 0.85, "/img/": 0.4} {
		rows, hits := logShare(log.Bytes(), path)
		if share := float64(hits) / float64(rows); rows < 1000 || math.Abs(share-wanted) > 0.02 {
			t.Errorf("%s: %d of %d rows of the lab's log are hits, want %v", path, hits, rows, wanted)
		}
	}
}
