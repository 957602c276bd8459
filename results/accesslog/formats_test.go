package accesslog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// object writes a standard row as a JSON object.
func object(r testRow, change map[string]any) string {
	m := map[string]any{}
	names := strings.Fields(strings.Split(header33, "\n")[1])[1:]
	for i, v := range r.columns() {
		m[names[i]] = v
	}
	for k, v := range change {
		if m[k] = v; v == "" {
			delete(m, k)
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// realTimeRow writes a row of a real-time log with all fields.
func realTimeRow(stamp, status, result string) string {
	r := testRow{status: status, result: result}.columns()
	of := map[string]string{"timestamp": stamp, "c-ip-version": "IPv4", "c-country": "DE"}
	for i, name := range strings.Fields(standardOrder) {
		of[name] = r[i]
	}
	var row []string
	for _, name := range strings.Fields(realTimeOrder) {
		row = append(row, or(of[name], "-"))
	}
	return strings.Join(row, "\t") + "\n"
}

// Every version of the logs is recognised by its content and gives the same.
func TestFormats(t *testing.T) {
	bad := testRow{status: "503", result: "CapacityExceeded"}
	good := testRow{time: "09:30:02"}
	order := strings.Fields(standardOrder)
	plain := bad.String() + good.String()
	custom := "sc-status\tdate\ttime\tx-edge-result-type\tx-edge-location\tcs-uri-stem\tc-ip\ttime-taken\n"
	customRow := func(r testRow) string {
		c := r.columns()
		return strings.Join([]string{c[8], c[0], c[1], c[13], c[2], c[7], c[4], c[18]}, "\t") + "\n"
	}
	for _, f := range []struct{ name, text string }{
		{"standard", header33 + plain},
		{"standard with a byte order mark", "\xef\xbb\xbf" + header33 + plain},
		{"header lines with tabs", strings.ReplaceAll(strings.ReplaceAll(header33, " ", "\t"), "s:\t", "s: ") + plain},
		{"fields with dashes for parentheses", "#Fields: " + standardOrder + "\n" + plain},
		{"rows alone, as grep leaves them", plain},
		{"rows of 26 fields alone", strings.Join(bad.columns()[:26], "\t") + "\n" + strings.Join(good.columns()[:26], "\t") + "\n"},
		{"rows with fields yet unknown", bad.String()[:len(bad.String())-1] + "\tx\ty\n" + good.String()[:len(good.String())-1] + "\tx\ty"},
		{"plain with a title", strings.Join(order, "\t") + "\n" + plain},
		{"plain, chosen fields", custom + customRow(bad) + customRow(good)},
		{"JSON", object(bad, nil) + "\n" + object(good, nil) + "\n"},
		{"JSON with numbers", object(bad, map[string]any{"sc-status": 503, "time-taken": 0.125}) + "\n" + object(good, map[string]any{"sc-status": 200})},
		{"JSON with other keys in each row", object(bad, map[string]any{"asn": "1"}) + "\n" + object(good, map[string]any{"zzz": []any{1, "}"}, "aaa": nil})},
		{"JSON without line breaks", object(bad, nil) + object(good, nil)},
		{"bytes that are no text in a row", header33 + testRow{status: "503", result: "CapacityExceeded", agent: "a\x00b"}.String() + good.String()},
		{"a JSON list", "[" + object(bad, nil) + ",\n" + object(good, nil) + "]\n"},
		{"JSON by milliseconds", object(bad, map[string]any{"date": "", "time": "", "timestamp(ms)": "1795167000400"}) + "\n" +
			object(good, map[string]any{"date": "", "time": "", "timestamp(ms)": 1795167002900})},
		{"real-time", realTimeRow("1795167000.541", "503", "CapacityExceeded") + realTimeRow("1795167002.100", "200", "Hit")},
		{"real-time in exponents of nothing", realTimeRow("1795167000", "503", "CapacityExceeded") + realTimeRow("1795167002", "200", "Hit")},
		{"the first row is cut", good.String()[80:] + plain},
	} {
		log := readText(t, f.text)
		if log.Rows != 2 {
			t.Errorf("%s: %d rows, want 2; unread %+v", f.name, log.Rows, log.Run.Unread)
			continue
		}
		cells := cellsOf(t, log.Run)
		if len(cells) != 2 {
			t.Fatalf("%s: %d cells, want 2", f.name, len(cells))
		}
		c, last := cells[0], cells[1]
		if c.Second != 0 || c.Status != 503 || c.Signals.Names()[0] != "log-capacity" || c.POP != "FRA56-P1" || last.Second != 2 || last.Status != 200 {
			t.Errorf("%s: cells %+v and %+v", f.name, c, last)
		}
		if got := log.Run.Info.Start.Unix(); got != 1795167000 {
			t.Errorf("%s: starts at %d, want 1795167000", f.name, got)
		}
		if len(log.Run.Clients) != 1 || log.Run.Clients[0].Name != "192.0.2.1" || log.Run.Clients[0].Status503 != 1 || log.Run.Info.Requests[0] != "/a" {
			t.Errorf("%s: clients %+v, requests %v", f.name, log.Run.Clients, log.Run.Info.Requests)
		}
	}
}

// What is no log that can be read is refused, with what it looks like and what
// to do.
func TestForeign(t *testing.T) {
	for _, f := range []struct{ name, text, looks string }{
		{"nothing", "", "an empty file"},
		{"white space", "\n \n", "an empty file"},
		{"RTMP", "#Version: 1.0\n#Fields:\tdate time x-edge-location c-ip x-event sc-bytes x-cf-status x-cf-client-id\n", "RTMP"},
		{"IIS", "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem sc-status\n", "IIS"},
		{"no status", "#Fields: date time c-ip\n", "the field sc-status is missing"},
		{"no time", "#Fields: date c-ip sc-status\n", "the field time is missing"},
		{"no date", "#Fields: time c-ip sc-status\n", "the field date is missing"},
		{"no fields", "# a comment\nx\n", "no #Fields line"},
		{"ALB", `https 2026-07-02T22:23:00.186641Z app/my-alb/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://…"`, "an Application Load Balancer's"},
		{"ELB", `2026-05-13T23:39:43.945958Z my-elb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET …"`, "a Classic Load Balancer's"},
		{"S3", strings.Repeat("79a59df900b949e5", 4) + ` bucket [06/Feb/2026:00:00:38 +0000] 192.0.2.3 - 3E57427F3EXAMPLE REST.GET.VERSIONING`, "an S3 server access log"},
		{"nginx", `192.0.2.7 - - [06/Feb/2026:00:00:38 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"`, "common or combined"},
		{"CloudTrail", `{"Records":[{"eventVersion":"1.08"}]}`, "CloudTrail"},
		{"WAF", `{"timestamp":1576280412771,"formatVersion":1,"webaclId":"arn","action":"BLOCK"}`, "WAF"},
		{"vegeta", `{"attack":"","seq":0,"code":503,"timestamp":"2026-11-20T09:30:00Z","latency":5,"bytes_out":0}`, "vegeta"},
		{"JSON without a status", object(testRow{}, map[string]any{"sc-status": ""}), "the field sc-status is missing"},
		{"JSON over lines", "{\n  \"date\": \"2026-11-20\"\n}\n", "over several lines"},
		{"JSON of nobody", `{"a": 1}`, "JSON objects of another kind"},
		{"a zip archive", "PK\x03\x04rest", "a zip archive"},
		{"zstd", "\x28\xb5\x2f\xfdrest", "zstd"},
		{"a run file", "SQLite format 3\x00", "a SQLite file"},
		{"Parquet without its reader", "PAR1", "a Parquet file"},
		{"UTF-16", "\xff\xfe#\x00", "UTF-16"},
		{"binary", "abc\x00\x01\x02", "a binary file"},
		{"prose", "Dear Sir or Madam,\nthere is no log here.\n", `text that begins with "Dear Sir`},
		{"real-time with chosen fields", "1795167000.541\t192.0.2.1\t200\n", "--fields"},
	} {
		_, err := Read(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(f.text)})
		e, ok := errors.AsType[*ForeignError](err)
		if !ok || !strings.Contains(err.Error(), f.looks) || e.Name != "standard input" {
			t.Errorf("%s: %v, want a ForeignError of standard input with %q", f.name, err, f.looks)
		}
	}
}

func TestGivenFields(t *testing.T) {
	fields, err := ParseFields("timestamp, c-ip sc-status,cs-uri-stem")
	if err != nil || len(fields) != 4 {
		t.Fatalf("ParseFields() = %v, %v", fields, err)
	}
	text := "1795167000.541\t192.0.2.1\t503\t/a\n1795167000.9\t192.0.2.1\t200\t/a\textra\n1795167001.9\t192.0.2.1\t200\t/a\n"
	log, err := Read(t.Context(), []string{"-"}, Options{Stdin: strings.NewReader(text), Fields: fields})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if log.Rows != 3 || log.Run.Unread.Partly[reasonWords[fewColumns]] != 1 {
		t.Errorf("%d rows, unread %+v, want 3, one of them in part", log.Rows, log.Run.Unread)
	}
	for list, want := range map[string]string{
		"":                     "no field is named",
		"timestamp,c-ip":       "the field sc-status is missing",
		"date,sc-status":       "the field time is missing",
		"timestamp,sc-staus":   `no field of CloudFront's is "sc-staus"`,
		"sc-status,c-ip":       "date and time, or timestamp",
		" , ":                  "no field is named",
		"time,sc-status,x,y,z": "the field date is missing",
	} {
		if _, err := ParseFields(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFields(%q) = %v, want %q", list, err, want)
		}
	}
}

// A directory is read with all that is in it; what is no log there is counted.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("2026/11/a.gz", packed(t, header33+testRow{}.String()))
	write("2026/12/b", []byte(testRow{time: "09:29:00"}.String()))
	write("2026/12/c.json", []byte(object(testRow{}, nil)))
	write("2026/README.md", []byte("# logs\n"))
	write("2026/other/photo", []byte("\x89PNG\r\n\x1a\n\x00"))
	write(".hidden", []byte("nothing"))
	if err := os.Symlink("nowhere", filepath.Join(dir, "broken")); err != nil {
		t.Fatal(err)
	}
	log, err := Read(t.Context(), []string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if log.Rows != 3 || log.Files != 3 || log.Run.Unread.Lines != 2 || len(log.Run.Unread.Reasons) != 2 || log.Run.Info.Name != dir {
		t.Errorf("%d rows of %d files, unread %+v, want 3 of 3 and 2 files passed over", log.Rows, log.Files, log.Run.Unread)
	}
	if _, err := Read(t.Context(), []string{filepath.Join(dir, "2026", "other")}, Options{}); err == nil || !strings.Contains(err.Error(), "a binary file") {
		t.Errorf("a directory without logs: %v, want what is in it", err)
	}
	for _, names := range [][]string{{filepath.Join(dir, "absent")}, {}, {"-"}, {dir, "-"}} {
		_, err := Read(t.Context(), names, Options{})
		if _, ok := errors.AsType[*NameError](err); !ok {
			t.Errorf("Read(%v) = %v, want a NameError", names, err)
		}
	}
}

// A row far in time from all others costs neither memory nor the rest.
func TestStrayDates(t *testing.T) {
	var b strings.Builder
	b.WriteString(header33)
	for i := range 100 {
		b.WriteString(testRow{time: fmt.Sprintf("09:30:%02d", i%60)}.String())
	}
	for _, year := range []string{"1970", "2100", "2012"} {
		b.WriteString(strings.Replace(testRow{status: "503"}.String(), "2026", year, 1))
	}
	run := readText(t, b.String()).Run
	if got := run.Info.End.Sub(run.Info.Start).Seconds(); got != 60 {
		t.Errorf("the run has %v s, want 60", got)
	}
	var n int64
	for _, c := range cellsOf(t, run) {
		n += c.Count
	}
	if n != 100 || run.Unread.Reasons[reasonWords[outside]] != 3 || len(run.Exemplars) != 0 || run.Clients[0].Requests != 100 {
		t.Errorf("%d rows, unread %+v, want 100 and 3", n, run.Unread)
	}
}

// Secrets in a query are not shown.
func TestExemplar(t *testing.T) {
	r := testRow{status: "503", result: "Error", detail: "OriginError", path: "/a b", query: "q=1&token=hunter2&Signature=abc", id: "the-request-id-of-it=="}
	run := readText(t, header33+r.String()).Run
	if len(run.Exemplars) != 1 {
		t.Fatalf("%d exemplars, want 1", len(run.Exemplars))
	}
	e := run.Exemplars[0]
	if want := "https://www.example.com/a b?q=1&token=(not stored)&Signature=(not stored)"; e.URL != want {
		t.Errorf("URL %q, want %q", e.URL, want)
	}
	if e.RequestID != r.id || e.POP != "FRA56-P1" || e.Method != "GET" || e.Source.String() != "192.0.2.1" || e.Protocol.String() != "h2" ||
		fmt.Sprint(e.Headers) != "[{x-edge-result-type Error} {x-edge-response-result-type Error} {x-edge-detailed-result-type OriginError}]" {
		t.Errorf("%+v", e)
	}
}

// Wanted rows are found by their request ids, whatever their status.
func TestWant(t *testing.T) {
	text := header33 + testRow{id: "one"}.String() + testRow{id: "two", time: "09:30:05", result: "Miss"}.String() + testRow{id: "three"}.String()
	log, err := Read(t.Context(), []string{"-"}, Options{
		Stdin: strings.NewReader(text),
		Want:  func(id []byte) bool { return string(id) == "two" },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if len(log.Found) != 1 || log.Found[0].RequestID != "two" || log.Found[0].At.Seconds() != 5 || log.Found[0].Headers[0].Value != "Miss" {
		t.Errorf("found %+v, want the row of two", log.Found)
	}
}
