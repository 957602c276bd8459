package boundaries

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "frontload/"

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsKeepToTheList(t *testing.T) {
	pkgs := list(t)
	if len(pkgs) < 10 {
		t.Fatalf("go list found %d packages; the check would pass on nothing", len(pkgs))
	}
	for _, p := range pkgs {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if ours && !allowed(from, to) {
				t.Errorf("%s imports %s, which boundaries.Rules does not allow", from, to)
			}
			for library, sole := range Sole {
				if (path == library || strings.HasPrefix(path, library+"/")) && from != sole {
					t.Errorf("%s imports %s, which only %s may", from, path, sole)
				}
			}
		}
	}
}

func TestRulesNameExistingPackages(t *testing.T) {
	pkgs := list(t)
	for _, r := range Rules {
		if !slices.ContainsFunc(pkgs, func(p pkg) bool { return p.ImportPath == module+r.Package }) {
			t.Errorf("boundaries.Rules names %s, which does not exist", r.Package)
		}
	}
}

func allowed(from, to string) bool {
	for _, r := range Rules {
		if r.Package != from {
			continue
		}
		for _, may := range r.May {
			tree, isTree := strings.CutSuffix(may, "/...")
			if to == may || isTree && (to == tree || strings.HasPrefix(to, tree+"/")) {
				return true
			}
		}
	}
	return false
}

// list returns every package of the module with its imports, tests apart.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "frontload/...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs = append(pkgs, p)
	}
}
