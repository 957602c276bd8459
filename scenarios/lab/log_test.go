package lab

import (
	"bytes"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Every reply has its row, and the rows count what the truth counts.
func TestLogAgreesWithTruth(t *testing.T) {
	t.Parallel()
	for _, c := range Cases() {
		m := New(c, 7, 6*time.Second)
		var log bytes.Buffer
		m.Log = func(row []byte) { log.Write(row) }
		var replies []Reply
		drive(m, 8, 400, 6*time.Second, func(_ time.Duration, _ Ask, r Reply) { replies = append(replies, r) })
		lines := strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n")
		if lines[0] != "#Version: 1.0" || !strings.HasPrefix(lines[1], "#Fields: date time x-edge-location ") {
			t.Fatalf("%s: the log begins with %q", c.Name, lines[:2])
		}
		names := strings.Fields(lines[1])[1:]
		if len(names) != 33 || len(lines) != 2+len(replies) {
			t.Fatalf("%s: %d fields and %d rows, want 33 and %d", c.Name, len(names), len(lines)-2, len(replies))
		}
		var all Count
		for i, line := range lines[2:] {
			values := strings.Split(line, "\t")
			if len(values) != 33 {
				t.Fatalf("%s: row %q has %d fields", c.Name, line, len(values))
			}
			row := map[string]string{}
			for j, v := range values {
				row[names[j]] = v
			}
			checkRow(t, m, row, replies[i])
			all.add(row["sc-status"] == "503")
		}
		if all != m.Truth().Count {
			t.Errorf("%s: the log counts %v, the truth %v", c.Name, all, m.Truth().Count)
		}
	}
}

func checkRow(t *testing.T, m *Model, row map[string]string, r Reply) {
	t.Helper()
	ended := m.Epoch.Add(r.Done)
	want := map[string]string{
		"date": ended.Format("2006-01-02"), "time": ended.Format("15:04:05"), "x-edge-location": r.POP,
		"sc-status": strconv.Itoa(r.Status), "x-edge-request-id": r.RequestID, "sc-content-len": header(r, "Content-Length"),
		"sc-content-type": header(r, "Content-Type"), "cs-method": "GET",
		"sc-bytes": strconv.Itoa(headSize(r.Header) + len(r.Body)), "cs-protocol": "https",
	}
	for name, value := range want {
		if row[name] != value {
			t.Errorf("%s is %q, want %q", name, row[name], value)
		}
	}
	result, detailed := row["x-edge-result-type"], row["x-edge-detailed-result-type"]
	byCause := map[Cause]string{
		CauseEdgeCapacity: "CapacityExceeded", CauseEdgeQuota: "LimitExceeded", CauseOrigin: "OriginError", CauseCachedOrigin: "Error",
	}
	if want, ok := byCause[r.Cause]; ok && detailed != want {
		t.Errorf("a 503 by %v has detailed type %q, want %q", r.Cause, detailed, want)
	}
	if r.Status == 200 && !strings.HasPrefix(header(r, "X-Cache"), result+" ") {
		t.Errorf("result type %q beside X-Cache %q", result, header(r, "X-Cache"))
	}
}

func TestLogEncodesWhatViewersSend(t *testing.T) {
	m := New(mustCase(t, "calm"), 1, time.Minute)
	var last string
	m.Log = func(row []byte) { last = string(row) }
	ask := asking("/a b\tc\nd\"%<ü>")
	ask.Query = "q=a b"
	agent := "Mozilla/5.0 (X11; Linux)\t\x00\x7f"
	ask.Header = func(name string) string {
		if name == "User-Agent" {
			return agent
		}
		return ""
	}
	m.Ask(0, ask)
	values := strings.Split(strings.TrimSuffix(last, "\n"), "\t")
	if len(values) != 33 || strings.Count(last, "\n") != 1 {
		t.Fatalf("row %q has %d fields", last, len(values))
	}
	for i, want := range map[int]string{7: ask.Path, 10: agent, 11: ask.Query} {
		if got, err := url.PathUnescape(values[i]); err != nil || got != want {
			t.Errorf("field %d is %q, which decodes to %q (%v), want %q", i, values[i], got, err, want)
		}
	}
	if values[9] != "-" || values[12] != "-" {
		t.Errorf("an absent referer and cookie are %q and %q, want dashes", values[9], values[12])
	}
}
