// Command benchlogs measures how fast frontload reads CloudFront's access logs,
// beside GoAccess: whole processes over the same file, with the memory that
// each needed at most.
//
//	go build -o /tmp/frontload ./cmd/frontload
//	go run ./cmd/benchlogs --frontload /tmp/frontload --rows 5000000
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	rows := flag.Int("rows", 5_000_000, "rows of the log")
	span := flag.Duration("for", time.Hour, "time that the rows are spread over")
	seed := flag.Uint64("seed", 1, "draws the rows")
	file := flag.String("file", "", "the log; it is written where it is not there yet")
	frontload := flag.String("frontload", "frontload", "the program")
	flag.Parse()
	if err := run(*file, *rows, *span, *seed, *frontload); err != nil {
		fmt.Fprintln(os.Stderr, "benchlogs:", err)
		os.Exit(1)
	}
}

func run(file string, rows int, span time.Duration, seed uint64, frontload string) error {
	if file == "" {
		file = filepath.Join(os.TempDir(), fmt.Sprintf("benchlogs-%d-%v.log", rows, span))
	}
	if err := makeLog(file, rows, span, seed); err != nil {
		return err
	}
	out := filepath.Join(os.TempDir(), "benchlogs.json")
	defer os.Remove(out)
	for _, c := range []struct {
		name string
		args []string
	}{
		{"frontload", []string{frontload, "analyze", "--json", file}},
		{"goaccess", []string{"goaccess", file, "--log-format=CLOUDFRONT", "--no-progress", "--no-global-config", "-o", out}},
		{"goaccess, bare", []string{
			"goaccess", file, "--log-format=CLOUDFRONT", "--no-progress", "--no-global-config", "--no-query-string", "--ignore-crawlers",
			"--ignore-panel=REFERRERS", "--ignore-panel=KEYPHRASES", "--ignore-panel=OS", "--ignore-panel=BROWSERS", "-o", out,
		}},
	} {
		if err := measure(c.name, c.args, rows); err != nil {
			return err
		}
	}
	return nil
}

// measure runs a command to its end and prints what it took.
func measure(name string, args []string, rows int) error {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = io.Discard, os.Stderr
	began := time.Now()
	err := cmd.Run()
	took := time.Since(began)
	if errors.Is(err, exec.ErrNotFound) {
		fmt.Printf("%-16s is not installed\n", name)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	used := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	fmt.Printf("%-16s %8.2f s  %10.0f lines/s  %6.1f s of CPU  %5.0f MB at most\n",
		name, took.Seconds(), float64(rows)/took.Seconds(), cpu.Seconds(), float64(used.Maxrss)/1024)
	return nil
}

// makeLog writes the log, unless it is there.
func makeLog(file string, rows int, span time.Duration, seed uint64) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	writeLog(w, rows, span, seed)
	return errors.Join(w.Flush(), f.Close())
}
