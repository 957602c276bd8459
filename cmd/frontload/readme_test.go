package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	return string(readFile(t, "../../README.md"))
}

// The scenario in the README must be one that the program takes.
func TestREADMEScenario(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readme(t))
	if block == nil {
		t.Fatal("the README holds no scenario")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"launch.yaml": block[1], "words.txt": "one\ntwo\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := program(t, dir, "attack", "launch.yaml", "--dry-run").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CHG-4711") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// Every line of the README that calls the program must be one that it
// understands: its commands and flags exist.
func TestREADMECommands(t *testing.T) {
	calls := regexp.MustCompile(`(?m)^\$ frontload (.*?)(?:\s+#.*)?$`).FindAllStringSubmatch(readme(t), -1)
	if len(calls) < 5 {
		t.Fatalf("the README calls the program %d times, want more", len(calls))
	}
	for _, call := range calls {
		root := newRoot(nil, nil)
		args := strings.Fields(call[1])
		cmd, rest, err := root.Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil || cmd == root {
			t.Errorf("frontload %s: %v", call[1], err)
		}
	}
}

// CI runs the README's two commands, and no others.
func TestCIRunsTheREADMEsCommands(t *testing.T) {
	ci := string(readFile(t, "../../.ci/run"))
	for _, command := range []string{"go run ./cmd/frontload rehearse", "make test"} {
		if !strings.Contains(readme(t), "$ "+command+"\n") {
			t.Errorf("the README does not show %q", command)
		}
		if !strings.Contains(ci, "\n"+command+"\n") {
			t.Errorf(".ci/run does not run %q", command)
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b
}
