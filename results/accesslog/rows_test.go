package accesslog

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"frontload/results"
)

const header33 = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) " +
	"cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken " +
	"x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port " +
	"time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n"

// A testRow is a row of a standard log to write; empty fields have a default.
type testRow struct {
	time, pop, ip, path, query, status, result, promise, detail, id, agent, taken, length string
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (r testRow) columns() []string {
	result := or(r.result, "Hit")
	return []string{
		"2026-11-20", or(r.time, "09:30:00"), or(r.pop, "FRA56-P1"), "500", or(r.ip, "192.0.2.1"), "GET", "d111111abcdef8.cloudfront.net",
		or(r.path, "/a"), or(r.status, "200"), "-", or(r.agent, "curl/8.0"), or(r.query, "-"), "-", result, or(r.id, "abcdefghijklmnopqrstuvwxyz=="),
		"www.example.com", "https", "60", or(r.taken, "0.125"), "-", "TLSv1.3", "TLS_AES_128_GCM_SHA256", or(r.promise, result), "HTTP/2.0",
		"-", "-", "4711", "0.100", or(r.detail, result), "text/html", or(r.length, "400"), "-", "-",
	}
}

func (r testRow) String() string { return strings.Join(r.columns(), "\t") + "\n" }

// readText reads one log of the given text.
func readText(t testing.TB, text string) *Log {
	t.Helper()
	log, err := Read(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(text)})
	if err != nil {
		t.Fatalf("Read(%.200q) = %v", text, err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

// cellsOf returns all cells of a run.
func cellsOf(t testing.TB, run *results.Run) []results.Cell {
	t.Helper()
	var list []results.Cell
	for c, err := range run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// What a row says of its request: nothing but sc-status makes a 503.
func TestMeaning(t *testing.T) {
	for _, c := range []struct {
		say     string
		row     testRow
		status  uint16
		cache   results.Cache
		outcome results.Outcome
		signals string
	}{
		{"a hit", testRow{}, 200, results.CacheHit, results.OK, ""},
		{"revalidated", testRow{result: "RefreshHit"}, 200, results.CacheRefresh, results.OK, ""},
		{"a miss", testRow{result: "Miss"}, 200, results.CacheMiss, results.OK, ""},
		{"another layer's hit spares the origin", testRow{result: "Miss", detail: "OriginShieldHit"}, 200, results.CacheHit, results.OK, ""},
		{"a custom error page with 200", testRow{result: "Error"}, 200, results.CacheError, results.OK, ""},
		{"the viewer left in the middle", testRow{result: "Error", promise: "Miss", detail: "ClientCommError"}, 200, results.CacheMiss, results.OK, ""},
		{"the viewer left first", testRow{status: "000", result: "Error", detail: "ClientCommError"}, 0, results.CacheError, results.ClientError, ""},
		{"499", testRow{status: "499", result: "Error"}, 499, results.CacheError, results.ClientError, ""},
		{"WAF blocks", testRow{status: "403", result: "Error"}, 403, results.CacheError, results.ClientError, ""},
		{"WAF challenges", testRow{status: "202", result: "Error"}, 202, results.CacheError, results.OK, ""},
		{"throttled by API Gateway", testRow{status: "429", result: "Error"}, 429, results.CacheError, results.ClientError, ""},
		{"a redirect", testRow{status: "301", result: "Redirect"}, 301, results.CacheUnknown, results.OK, ""},
		{"an unknown result type", testRow{result: "Teleported"}, 200, results.CacheUnknown, results.OK, ""},
		{"no capacity", testRow{status: "503", result: "CapacityExceeded"}, 503, results.CacheError, results.EdgeCapacity, "log-capacity"},
		{"over a quota", testRow{status: "503", result: "LimitExceeded"}, 503, results.CacheError, results.EdgeQuota, "log-limit"},
		{"a Lambda function", testRow{status: "503", result: "Error", detail: "LambdaLimitExceeded"}, 503, results.CacheError, results.EdgeCompute, "log-compute"},
		{"a CloudFront Function", testRow{status: "503", result: "FunctionThrottledError"}, 503, results.CacheUnknown, results.EdgeCompute, "log-compute"},
		{"a Lambda function answered", testRow{status: "503", result: "LambdaGeneratedResponse"}, 503, results.CacheUnknown, results.EdgeCompute, "log-compute"},
		{"as long as CloudFront's page", testRow{status: "503", result: "Error", length: "1021"}, 503, results.CacheError, results.UnknownError, "length-cloudfront"},
		{"as long as a load balancer's page", testRow{status: "503", result: "Error", length: "162"}, 503, results.CacheError, results.UnknownError, "length-elb"},
		{"of another length", testRow{status: "503", result: "Error", length: "902"}, 503, results.CacheError, results.UnknownError, ""},
		{"of no length", testRow{status: "503", result: "Error", length: "-"}, 503, results.CacheError, results.UnknownError, ""},
		{"a good answer of that length", testRow{length: "1021"}, 200, results.CacheHit, results.OK, ""},
		{"the origin", testRow{status: "503", result: "Error", detail: "OriginError"}, 503, results.CacheError, results.Origin, "log-origin"},
		{"a gateway error", testRow{status: "502", result: "Error", detail: "OriginConnectError"}, 502, results.CacheError, results.Origin, "log-origin"},
		{"a 503 that does not tell", testRow{status: "503", result: "Error"}, 503, results.CacheError, results.UnknownError, ""},
		{"left while an error came", testRow{status: "504", result: "Error", detail: "ClientHungUpRequest"}, 504, results.CacheError, results.ClientError, ""},
		{"an origin's mark on a good answer", testRow{result: "Miss", detail: "OriginError"}, 200, results.CacheMiss, results.OK, ""},
	} {
		run := readText(t, header33+c.row.String()).Run
		cells := cellsOf(t, run)
		if len(cells) != 1 {
			t.Fatalf("%s: %d cells, want 1", c.say, len(cells))
		}
		got := cells[0]
		if got.Status != c.status || got.Cache != c.cache || got.Outcome != c.outcome || strings.Join(got.Signals.Names(), " ") != c.signals {
			t.Errorf("%s: status %d, cache %v, outcome %v, signals %v, want %d, %v, %v, %q",
				c.say, got.Status, got.Cache, got.Outcome, got.Signals.Names(), c.status, c.cache, c.outcome, c.signals)
		}
		if got.Service.Milliseconds() != 125 || got.TTFB.Milliseconds() != 100 || got.BytesIn != 500 || got.BytesOut != 60 || got.POP != "FRA56-P1" {
			t.Errorf("%s: %+v", c.say, got)
		}
	}
}

// Dirty rows are read as far as is safe, or counted with their reason, and
// never end anything.
func TestDirtyRows(t *testing.T) {
	good := testRow{}.String()
	with := func(i int, value string) string {
		c := testRow{status: "503", result: "LimitExceeded"}.columns()
		c[i] = value
		return strings.Join(c, "\t") + "\n"
	}
	cut := func(n int) string {
		return strings.Join(testRow{status: "503", result: "LimitExceeded"}.columns()[:n], "\t") + "\n"
	}
	for _, c := range []struct {
		say            string
		row            string
		rows           int64  // beside the good ones
		reason, partly string // empty for none
		outcome        results.Outcome
	}{
		{"unencoded spaces in the user agent", testRow{agent: "Mozilla/5.0 (X11; Linux) like Gecko"}.String(), 1, "", "", results.OK},
		{"a tab in the user agent", with(10, "Mozilla\t5.0"), 1, "", reasonWords[fewColumns], results.EdgeQuota},
		{"two addresses forwarded", with(19, "192.0.2.7, 192.0.2.8"), 1, "", "", results.EdgeQuota},
		{"a tab between the addresses forwarded", with(19, "192.0.2.7,\t192.0.2.8"), 1, "", reasonWords[fewColumns], results.EdgeQuota},
		{"encoded twice", with(10, "Mozilla/5.0%2520(X11)"), 1, "", "", results.EdgeQuota},
		{"31 columns, the last two left out", cut(31), 1, "", reasonWords[fewColumns], results.EdgeQuota},
		{"cut behind the status", cut(10), 1, "", reasonWords[fewColumns], results.UnknownError},
		{"cut in the status", cut(9), 0, reasonWords[badColumns], "", 0},
		{"cut before the status", cut(5), 0, reasonWords[badColumns], "", 0},
		{"no row at all", "garbage\n", 0, reasonWords[badColumns], "", 0},
		{"a day that never was", with(0, "2026-02-30"), 0, reasonWords[badTime], "", 0},
		{"no time", with(1, "-"), 0, reasonWords[badTime], "", 0},
		{"no status", with(8, "-"), 0, reasonWords[badStatus], "", 0},
		{"a status that is none", with(8, "5o3"), 0, reasonWords[badStatus], "", 0},
		{"a time taken that is none", with(18, "soon"), 1, "", reasonWords[badNumber], results.EdgeQuota},
		{"bytes that are none", with(3, "1e3"), 1, "", reasonWords[badNumber], results.EdgeQuota},
		{"a line that is too long", with(10, strings.Repeat("x", maxLine)), 0, reasonWords[tooLong], "", 0},
		{"an empty line", "\n", 0, "", "", 0},
		{"line ends of Windows", strings.TrimSuffix(with(0, "2026-11-20"), "\n") + "\r\n", 1, "", "", results.EdgeQuota},
	} {
		log := readText(t, header33+good+c.row+good)
		u := log.Run.Unread
		if log.Rows != 2+c.rows {
			t.Errorf("%s: %d rows read, want %d; unread: %+v", c.say, log.Rows, 2+c.rows, u)
		}
		if c.reason == "" && u.Lines != 0 || c.reason != "" && (u.Lines != 1 || u.Reasons[c.reason] != 1) {
			t.Errorf("%s: unread %+v, want 1 %q", c.say, u, c.reason)
		}
		if c.reason != "" && u.First[c.reason] != "standard input:4" {
			t.Errorf("%s: first at %q, want line 4", c.say, u.First[c.reason])
		}
		if c.partly != "" && u.Partly[c.partly] != 1 || c.partly == "" && len(u.Partly) != 0 {
			t.Errorf("%s: partly read %+v, want 1 %q", c.say, u.Partly, c.partly)
		}
		for _, cell := range cellsOf(t, log.Run) {
			if cell.Status == 503 && cell.Outcome != c.outcome {
				t.Errorf("%s: outcome %v, want %v", c.say, cell.Outcome, c.outcome)
			}
		}
	}
}

// A #Fields line counts for the rows below it, wherever it stands.
func TestFieldsMayChange(t *testing.T) {
	row := testRow{status: "503"}.columns()
	text := header33 + testRow{}.String() +
		"#Version: 1.0\n#Fields:\tsc-status\tdate\ttime\n503\t2026-11-20\t09:30:01\n" +
		header33 + strings.Join(row, "\t") + "\n" +
		"#Fields: date time\n2026-11-20\t09:30:01\n" +
		"#Fields: " + strings.Join(strings.Fields(standardOrder)[:12], " ") + "\n" + strings.Join(row[:12], "\t") + "\n"
	log := readText(t, text)
	var n503 int64
	for _, c := range cellsOf(t, log.Run) {
		if c.Status == 503 {
			n503 += c.Count
		}
	}
	if log.Rows != 4 || n503 != 3 || log.Run.Unread.Reasons[reasonWords[noFields]] != 1 {
		t.Errorf("%d rows, %d 503s, unread %+v, want 4, 3 and one row without fields", log.Rows, n503, log.Run.Unread)
	}
}

func packed(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, text)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Packed files are known by content, read member after member, and one that is
// cut short is read as far as it goes.
func TestPacked(t *testing.T) {
	text := header33 + strings.Repeat(testRow{}.String(), 3000)
	one := packed(t, text)
	damaged := bytes.Clone(one)
	damaged[len(damaged)-6] ^= 0xff // in the checksum
	for _, c := range []struct {
		say    string
		data   []byte
		least  int64
		most   int64
		reason string
	}{
		{"one member", one, 3000, 3000, ""},
		{"three members", bytes.Repeat(one, 3), 9000, 9000, ""},
		{"cut short", one[:len(one)/2], 1, 2999, reasonWords[cutShort]},
		{"cut before the checksum", one[:len(one)-8], 3000, 3000, reasonWords[cutShort]},
		{"a wrong checksum", damaged, 3000, 3000, reasonWords[corrupt]},
		{"something behind it", append(bytes.Clone(one), "more of something else"...), 3000, 3000, reasonWords[corrupt]},
	} {
		name := filepath.Join(t.TempDir(), "log") // no .gz
		if err := os.WriteFile(name, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		log, err := Read(t.Context(), []string{name}, Options{})
		if err != nil {
			t.Errorf("%s: %v", c.say, err)
			continue
		}
		defer log.Close()
		if log.Rows < c.least || log.Rows > c.most {
			t.Errorf("%s: %d rows, want %d to %d", c.say, log.Rows, c.least, c.most)
		}
		if c.reason == "" && log.Run.Unread.Lines != 0 || c.reason != "" && log.Run.Unread.Reasons[c.reason] != 1 {
			t.Errorf("%s: unread %+v, want %q", c.say, log.Run.Unread, c.reason)
		}
	}
}
