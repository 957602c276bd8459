// Package boundaries holds the list of which package of Frontload may import
// which, and which one package may import each heavy library. Its test fails
// when the code and the list differ.
package boundaries

// A Rule says what a package may import of Frontload's own packages. A name
// that ends in "/..." stands for a package and all below it.
type Rule struct {
	Package string
	May     []string
}

// Rules are the arrows of ARCHITECTURE.md, from the top down. A package that
// is not listed may import nothing of Frontload's own.
var Rules = []Rule{
	{"cmd/frontload", []string{"internal/app", "internal/nearest"}},
	{"cmd/bench", []string{"results", "results/report", "results/store"}},
	{"cmd/calibrate", []string{"results", "results/analysis", "scenarios", "scenarios/lab"}},
	{"internal/app", []string{"attack/run", "scenarios/...", "results/..."}},
	{"attack/run", []string{"attack/...", "scenarios", "scenarios/guidance", "scenarios/proof", "scenarios/urls", "pacing", "results/..."}},
	{"attack", []string{"attack/dns", "attack/wire", "internal/processor", "pacing", "results"}},
	{"attack/wire", []string{"attack/source", "internal/processor", "internal/quic", "results"}},
	{"attack/dns", []string{"pacing", "results"}},
	{"attack/permit", []string{"scenarios/proof"}},
	{"attack/source", []string{"results"}},
	{"attack/host", []string{"results"}},
	{"scenarios/lab", []string{"internal/nearest", "internal/quic", "scenarios", "scenarios/urls", "pacing", "results"}},
	{"scenarios/guidance", []string{"scenarios", "scenarios/distribution", "scenarios/urls", "pacing", "results", "results/report/plain"}},
	{"scenarios", []string{"internal/nearest", "scenarios/distribution", "scenarios/proof", "scenarios/urls", "scenarios/strict", "pacing", "results", "results/accesslog"}},
	{"scenarios/distribution", nil},
	{"scenarios/propose", []string{"scenarios/urls"}},
	{"scenarios/urls", []string{"results", "results/accesslog"}},
	{"results/store", []string{"results", "results/record", "results/hist"}},
	{"results/record", []string{"results", "results/hist"}},
	{"results/hist", []string{"results"}},
	{"results/analysis", []string{"results", "results/hist", "results/report/plain"}},
	{"results/vegeta", []string{"results", "results/accesslog"}},
	{"results/accesslog", []string{"results", "results/hist", "results/report/plain"}},
	{"results/accesslog/parquet", []string{"results/accesslog"}},
	{"results/lookout", []string{"results", "results/record", "results/analysis", "results/report/plain"}},
	{"results/report", []string{"results", "results/report/..."}},
	{"results/live", []string{"results", "results/report/plain"}},
	{"pacing", nil},
	{"results", nil},
}

// Sole maps each heavy library to the one package that may import it, so that
// whoever embeds another package does not compile it.
var Sole = map[string]string{
	"github.com/quic-go/quic-go":              "internal/quic",
	"github.com/quic-go/qpack":                "internal/quic",
	"modernc.org/sqlite":                      "results/store",
	"github.com/go-analyze/charts":            "results/report",
	"github.com/spf13/cobra":                  "cmd/frontload",
	"github.com/invopop/jsonschema":           "scenarios",
	"github.com/HdrHistogram/hdrhistogram-go": "results/hist",
	"github.com/klauspost/compress":           "results/accesslog",
	"github.com/parquet-go/parquet-go":        "results/accesslog/parquet",
}
