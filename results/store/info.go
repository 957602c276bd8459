package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"frontload/results"
)

// metaOf returns the rows of the table meta that describe the run.
func metaOf(info results.RunInfo) map[string]string {
	requests, _ := json.Marshal(info.Requests) // strings cannot fail
	hits, _ := json.Marshal(info.Hits)         // nor can finite numbers
	return map[string]string{
		"hits_wanted_json": string(hits),
		"name":             info.Name, "source": info.Source, "version": info.Version, "region": info.Region,
		"target": info.Target, "plan_yaml": info.Plan, "authorization": info.Authorization,
		"planned_json": info.Planned,
		"start":        timeText(info.Start), "end": timeText(info.End),
		"seed": strconv.FormatUint(info.Seed, 10), "request_names_json": string(requests),
		"client_limit_per_second":       strconv.FormatFloat(info.ClientLimit, 'g', -1, 64),
		"edge_address_limit_per_second": strconv.FormatFloat(info.EdgeLimit, 'g', -1, 64),
		"warmup_ns":                     strconv.FormatInt(int64(info.Warmup), 10),
		"interrupted":                   strconv.FormatBool(info.Interrupted),
		"simulated":                     strconv.FormatBool(info.Simulated),
	}
}

// infoOf is the inverse of metaOf.
func infoOf(meta map[string]string) (results.RunInfo, error) {
	info := results.RunInfo{
		Name: meta["name"], Source: meta["source"], Version: meta["version"], Region: meta["region"],
		Target: meta["target"], Plan: meta["plan_yaml"], Authorization: meta["authorization"],
		Planned:   meta["planned_json"],                                        // older files do not say
		Simulated: meta["simulated"] == "true", Rehearsal: meta[metaRehearsal], // older files do not say
	}
	if hits := meta["hits_wanted_json"]; hits != "" { // older files do not say
		if err := json.Unmarshal([]byte(hits), &info.Hits); err != nil {
			return info, fmt.Errorf("meta hits_wanted_json: %w", err)
		}
	}
	for _, field := range []struct {
		key   string
		parse func(string) error
	}{
		{"start", func(s string) (err error) { info.Start, err = parseTime(s); return err }},
		{"end", func(s string) (err error) { info.End, err = parseTime(s); return err }},
		{"seed", func(s string) (err error) { info.Seed, err = strconv.ParseUint(s, 10, 64); return err }},
		{"request_names_json", func(s string) error { return json.Unmarshal([]byte(s), &info.Requests) }},
		{"client_limit_per_second", func(s string) (err error) { info.ClientLimit, err = strconv.ParseFloat(s, 64); return err }},
		{"edge_address_limit_per_second", func(s string) (err error) { info.EdgeLimit, err = strconv.ParseFloat(s, 64); return err }},
		{"warmup_ns", func(s string) error { return parseWarmup(s, &info.Warmup) }},
		{"interrupted", func(s string) (err error) { info.Interrupted, err = strconv.ParseBool(s); return err }},
	} {
		if err := field.parse(meta[field.key]); err != nil {
			return info, fmt.Errorf("meta %s: %w", field.key, err)
		}
	}
	return info, nil
}

// parseWarmup reads the length of the warm-up, of which older files do not say.
func parseWarmup(s string, to *time.Duration) error {
	if s == "" {
		return nil
	}
	ns, err := strconv.ParseInt(s, 10, 64)
	*to = time.Duration(ns)
	return err
}

// timeText returns a time of day in UTC to the nanosecond; empty for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func parseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339Nano, s)
}
