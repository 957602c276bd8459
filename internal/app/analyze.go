package app

import (
	"errors"
	"fmt"
	"strings"

	"frontload/results"
	"frontload/results/analysis"
	"frontload/results/live"
	"frontload/results/report"
	"frontload/results/store"
)

// Analyze shows the analysis of one input: with JSON the analysis document
// alone, otherwise the text report.
func Analyze(input string, out Output) error {
	reader, err := open(input)
	if err != nil {
		return err
	}
	defer reader.Close()
	recorded, err := reader.Run()
	if err != nil {
		return fmt.Errorf("read %s: %w", input, err)
	}
	if !out.JSON {
		_, err = out.show(recorded, input, nil)
		return err
	}
	a, err := analysis.Analyze(recorded)
	if err != nil {
		return fmt.Errorf("analyze %s: %w", input, err)
	}
	return report.JSON(out.Out, a)
}

// Report shows a run file in the forms that out asks for: JSON as attack
// prints it, an HTML file, or else the text.
func Report(file string, out Output) error {
	if err := (files{in: []string{file}, out: []outFile{htmlFile(out.HTML)}}).check(); err != nil {
		return err
	}
	reader, err := open(file)
	if err != nil {
		return err
	}
	defer reader.Close()
	var recorded *results.Run
	if recorded, err = reader.Run(); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	rehearsed := storedRehearsal(recorded)
	if _, err = out.show(recorded, file, rehearsed); err == nil && rehearsed != nil {
		out.message(live.NewView(out.Err, false, nil), "%s", rehearsed.sentence())
	}
	return err
}

// open opens a run file. What is not one is wrong usage.
func open(file string) (*store.Reader, error) {
	r, err := store.Open(file)
	if err == nil {
		return r, nil
	}
	if errors.Is(err, store.ErrNotRun) && looksLikeLog(file) {
		return nil, NotYet("analyzing " + file + ", which is no run file: reading access logs and vegeta's results")
	}
	return nil, Usage(err)
}

// looksLikeLog reports whether the name is one that CloudFront's logs and
// vegeta's results have.
func looksLikeLog(file string) bool {
	for _, end := range []string{".gz", ".log", ".json", ".csv", ".gob", ".bin", ".parquet", ".txt"} {
		if strings.HasSuffix(strings.ToLower(file), end) {
			return true
		}
	}
	return false
}
