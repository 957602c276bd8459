package app

import (
	"io"
	"os"
	"time"

	"frontload/results/accesslog/parquet"
	"frontload/scenarios"
	"frontload/scenarios/lab"
	"frontload/scenarios/proof"
	"frontload/scenarios/urls"
)

// Schema returns the JSON Schema of the scenario file.
func Schema() ([]byte, error) { return scenarios.Schema() }

// Cases returns the names of the lab's cases.
func Cases() []string {
	var names []string
	for _, c := range lab.Cases() {
		names = append(names, c.Name)
	}
	return names
}

// A Scenario says what to load and how; see [scenarios.Scenario]. Flags are
// what the command line says where there is no scenario file.
type (
	Scenario = scenarios.Scenario
	Flags    = scenarios.Flags
)

// ParseDuration reads a duration such as 30s or 5m.
func ParseDuration(text string) (time.Duration, error) { return scenarios.ParseDuration(text) }

// ErrNoFile says that there is no scenario file where one was named.
var ErrNoFile = scenarios.ErrNoFile

// Load reads a scenario file; stdin is what "-" means in it. Whatever is wrong
// with it is wrong usage.
func Load(path string, stdin io.Reader) (*Scenario, error) {
	s, err := scenarios.Load(path, scenarios.Inputs{Env: os.LookupEnv, Inputs: urls.Inputs{Stdin: stdin, Parquet: parquet.Open}})
	return s, Usage(err)
}

// FromFlags makes a scenario of flags.
func FromFlags(f Flags) (*Scenario, error) {
	f.Env = os.LookupEnv
	s, err := scenarios.FromFlags(f)
	return s, Usage(err)
}

// TokenVariable names the environment variable with the token of a scenario
// that leaves it out.
const TokenVariable = proof.Variable

// ParseSize reads a number of bytes such as 50KiB.
func ParseSize(text string) (int64, error) { return scenarios.ParseSize(text) }
