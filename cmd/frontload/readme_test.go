package main

import (
	"bytes"
	"compress/gzip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
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
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{
		"launch.yaml":       []byte(block[1]),
		"words.txt":         []byte("one\ntwo\n"),
		"distribution.json": readFile(t, "../../scenarios/distribution/testdata/s3-site.json"),
		"key.pem":           pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		"access-logs/a.gz":  gzipped(t, readFile(t, "../../scenarios/urls/testdata/standard.log")),
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := program(t, dir, "attack", "launch.yaml", "--dry-run")
	cmd.Env = append(cmd.Env, "SESSION=of-the-test")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "CHG-4711") {
		t.Errorf("%v:\n%s", err, out)
	}
}

func gzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
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
