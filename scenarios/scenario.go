// Package scenarios reads the scenario file: what to load, with which clients
// and requests, how much and when. It reports everything that is wrong with a
// file, fills in the defaults, and compiles the scenario to a [Plan].
//
// Secrets come in from outside: as environment variables, by ${env:NAME} in
// headers, and as the key file of signed URLs. The scenario holds their names
// alone, and so does what [Scenario.YAML] writes. A plan has what they stand for:
// [Plan.Secrets] lists the texts that must be neither shown nor stored.
package scenarios

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"frontload/scenarios/urls"
)

// A Scenario is a scenario that was read and found to be without fault, its
// defaults filled in. Its methods may be called by many goroutines at once.
type Scenario struct {
	model  document
	origin *origin
	base   string            // directory that relative paths start from
	files  map[string][]byte // files that the scenario names, by path as written

	inputs   Inputs
	recorded map[string]*urls.Recording // recorded requests, by the path of their entry
}

// Inputs are what a scenario may read beside the files that it names.
type Inputs struct {
	Env         Env // what the ${env:NAME} in it stand for
	urls.Inputs     // of recorded requests
}

// ErrNoFile says that there is no scenario file where one was named.
var ErrNoFile = errors.New("there is no such file; name one that is there, or have `frontload init` write one")

// Load reads the scenario file at path. What is wrong with its contents comes
// back as [Faults]; where there is no file it is an [ErrNoFile].
func Load(path string, in Inputs) (*Scenario, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read scenario %s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", path, err)
	}
	return parseWith(path, data, in)
}

// Parse reads a scenario from data, to which no environment variable is set.
// Name stands in errors, and paths in the scenario are relative to its
// directory. Every error is of type [Faults].
func Parse(name string, data []byte) (*Scenario, error) { return parseWith(name, data, Inputs{}) }

func parseWith(name string, data []byte, in Inputs) (*Scenario, error) {
	s := newScenario(filepath.Dir(name))
	s.inputs = in
	s.origin = &origin{file: name, lines: strings.Split(string(data), "\n"), at: map[string]marks{}}
	d := decoder{faults: faults{origin: s.origin}}
	tree, err := readYAML(data)
	if err != nil {
		var fault *syntaxError
		if errors.As(err, &fault) {
			d.putAt("", fault.at, fault.Error())
		}
		return nil, d.err()
	}
	d.note("", nil, tree)
	d.value("", tree, reflect.ValueOf(&s.model).Elem())
	if tree.kind != mapping {
		return nil, d.err()
	}
	d.settle(d.typos)
	return s.finish(&d.faults, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)))
}

func newScenario(base string) *Scenario {
	return &Scenario{base: base, files: map[string][]byte{}, recorded: map[string]*urls.Recording{}}
}

// finish fills in the defaults that depend on other keys, and checks all by
// compiling it.
func (s *Scenario) finish(f *faults, name string) (*Scenario, error) {
	s.resolve(name)
	s.compile(f)
	if err := f.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// Plan compiles the scenario. Each call returns a new plan, which shares
// nothing that changes with the others.
func (s *Scenario) Plan() (*Plan, error) {
	f := faults{origin: s.origin}
	plan := s.compile(&f)
	if err := f.err(); err != nil {
		return nil, err
	}
	return plan, nil
}

// resolve fills in the defaults that depend on other keys.
func (s *Scenario) resolve(name string) {
	m := &s.model
	if !s.origin.has("name") {
		m.Name = name
	}
	if !s.origin.has("clients.protocol") {
		m.Clients.Protocol = "h2"
		if strings.HasPrefix(strings.ToLower(m.Target.URL), "http:") {
			m.Clients.Protocol = "h1"
		}
	}
	if !s.origin.has("clients.connections") && m.Clients.Protocol != "h1" {
		m.Clients.Connections = 1
	}
	for i := range m.Requests {
		if r := &m.Requests[i]; r.Name == "" {
			r.Name, _, _ = strings.Cut(r.Path, "?")
		}
	}
	if g := m.Load.Guided; g != nil {
		if !s.origin.has("load.guided.hold") {
			g.Hold = g.Every
		}
		if !s.origin.has("load.limits.per-client") {
			m.Load.Limits.PerClient = guidedClient
		}
		if !s.origin.has("load.limits.per-edge-address") {
			m.Load.Limits.PerEdgeAddress = guidedAddress
		}
	}
}
