package analysis

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontload/results"
)

// capture reads an answer that somebody captured: as HTTP, or its page alone.
func capture(t *testing.T, name string, content []byte, status int) results.Answer {
	t.Helper()
	if !strings.HasSuffix(name, ".http") {
		return results.Answer{Status: status, Body: content}
	}
	lines := bufio.NewScanner(bytes.NewReader(content))
	a, body := results.Answer{}, false
	header := http.Header{}
	for first := true; lines.Scan(); first = false {
		line := strings.TrimRight(lines.Text(), "\r")
		switch key, value, _ := strings.Cut(line, ":"); {
		case first:
			word := strings.Fields(line)
			if len(word) < 2 || word[1] != "503" {
				t.Fatalf("%s begins with %q, want a status line of 503", name, line)
			}
			a.Status = 503
		case body:
			a.Body = append(append(a.Body, line...), '\n')
		case line == "":
			body = true
		default:
			header.Add(strings.TrimSpace(key), strings.TrimSpace(value))
		}
	}
	a.Server, a.XCache, a.Age = header.Get("Server"), header.Get("X-Cache"), header.Get("Age")
	a.S3ID, a.GatewayID = header.Get("x-amz-request-id"), header.Get("x-amzn-RequestId")
	return a
}

// captured are answers in the shapes of captured ones, and public captures
// themselves where they lie beside the repository.
func captured(t *testing.T) map[string][]byte {
	all := map[string][]byte{}
	for _, dir := range []string{filepath.Join("testdata", "captures"), filepath.Join("..", "..", "..", "shared", "fixtures", "captures")} {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Logf("%s is absent: its captures are not tested", dir)
			continue
		}
		for _, f := range files {
			content, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			all[f.Name()] = content
		}
	}
	return all
}

// A burst of captured 503s, spread evenly over a distribution, has the verdict
// that their headers and pages tell.
func TestCapturedAnswersHaveTheirVerdicts(t *testing.T) {
	want := map[string]struct {
		verdict, kind string
		status        int
	}{
		"lambda-execution-error.http": {results.VerdictEdgeCompute, "", 503},
		"s3-slow-down.http":           {results.VerdictOriginSaturation, originS3, 503},
		"load-balancer.http":          {results.VerdictOriginSaturation, originELB, 503},
		"function-page.txt":           {results.VerdictEdgeCompute, "", 503},

		"alb-direct-503-no-targets.http":                            {results.VerdictOriginSaturation, originELB, 503},
		"construct-hub-402-cff-503-text.txt":                        {results.VerdictEdgeCompute, "", 503},
		"cs50-16-lambda-execution-error.http":                       {results.VerdictEdgeCompute, "", 503},
		"reimagined-resolve-2125-lambda-perm-body.html":             {results.VerdictEdgeCompute, "", 503},
		"tiflash-10538-s3-503-slowdown-headers.http":                {results.VerdictOriginSaturation, originS3, 503},
		"single-cell-data-portal-1250-504-origin-connect-body.html": {"", "", 504},
		"openshift-docs-waf-403-body.html":                          {"", "", 403},
	}
	for name, content := range captured(t) {
		w, known := want[name]
		if !known {
			t.Errorf("%s: nobody says what it is", name)
			continue
		}
		answer := capture(t, name, content, w.status)
		signals := answer.Signals()
		run := rig(11, 300)
		run.faults = []worldFault{{verdict: results.VerdictEdgeQuota, from: 20, to: 28, share: 0.3, slower: 1}}
		list := []results.Cell{}
		for c := range run.run().Cells {
			if c.Status == 503 && c.Second >= 19 && c.Second < 30 {
				c.Status, c.Signals, c.Outcome = uint16(answer.Status), signals, answer.Outcome(signals)
				c.TTFB = 0 // nobody says how long they took
				c.Service = 0
			}
			list = append(list, c)
		}
		a := analyze(t, &results.Run{Info: results.RunInfo{Requests: []string{"home", "article", "image", "search"}}, Cells: stream(list)})
		switch {
		case w.verdict == "":
			if len(a.Bursts) != 0 {
				t.Errorf("%s, status %d: want no burst of 503s, got %s", name, w.status, describe(a))
			}
		case len(a.Bursts) != 1 || a.Bursts[0].Verdict != w.verdict:
			t.Errorf("%s: want one burst, %s, got %s", name, w.verdict, describe(a))
		case w.kind != "" && (a.Bursts[0].OriginKind == nil || *a.Bursts[0].OriginKind != w.kind):
			t.Errorf("%s: want an origin of kind %s, got %s", name, w.kind, describe(a))
		}
	}
}
