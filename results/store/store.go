// Package store keeps what a run left behind in one SQLite file that any
// SQLite tool opens, or in memory.
//
// The file's tables and views: meta (the run's description), seconds (the
// generator's own account), host (what its process and machine were like),
// cells (what finished, by second and key), sends,
// clients, prefixes, histograms (HdrHistogram V2, with their quantiles beside
// them), exemplars, lookups, events and control (requests straight to the
// origin). Columns carry their unit in their
// name; offsets count from the run's start. For instance:
//
//	sqlite3 run.db 'select edge_address, sum(count) from cells where status = 503 group by 1'
//
// While a run is written the file is in WAL mode, and each second is one
// transaction: when the process is killed, what it appended is there, partly
// in the file and partly in the -wal file beside it, which belongs to it.
package store

import (
	"errors"
	"fmt"
)

// The identity of a run file in SQLite's header.
const (
	applicationID  = 0x46524e54 // "FRNT"
	schemaVersion  = 4
	hostVersion    = 2 // the first with the table host
	controlVersion = 3 // the first with the table control
	queryVersion   = 4 // the first with a look-up's transport and scope
)

var (
	// ErrNotRun is wrapped by [Open] and [Create] when a file is no run file
	// that this version reads: not SQLite's, another program's, damaged, or newer.
	ErrNotRun = errors.New("not a Frontload run file")

	// ErrNewer is wrapped, beside [ErrNotRun], when a newer version wrote it.
	ErrNewer = errors.New("written by a newer version of frontload")

	// ErrInUse is wrapped by [Create] when another run is writing the file.
	ErrInUse = errors.New("another run is writing this file; wait for it to end, or choose another name")

	// ErrFull is wrapped when there is no room for what is to be written.
	ErrFull = errors.New("no space left for the run file")
)

func notRun(path, why string) error {
	return fmt.Errorf("open %s: %w: %s", path, ErrNotRun, why)
}

// schema makes the tables of version 4; version 1 had no host, version 2 no
// control, and version 3 no transport and scope of look-ups, of which each then
// had one row for all its queries of a type. The cells' keys are kept apart, since they repeat each second; the
// view joins them.
const schema = `
CREATE TABLE meta (
	key TEXT PRIMARY KEY, value ANY
) STRICT, WITHOUT ROWID;
CREATE TABLE seconds (
	second INTEGER PRIMARY KEY, asked_per_second REAL NOT NULL,
	scheduled INTEGER NOT NULL, sent INTEGER NOT NULL, missed INTEGER NOT NULL, unsent INTEGER NOT NULL,
	held INTEGER NOT NULL, -- those of the unsent that a limit held back
	in_flight INTEGER NOT NULL, lag_p99_ns INTEGER NOT NULL,
	generator_limited TEXT NOT NULL, generator_trouble TEXT NOT NULL, stage TEXT NOT NULL
) STRICT;
CREATE TABLE host ( -- NULL where something could not be had
	second INTEGER PRIMARY KEY, span_ns INTEGER NOT NULL, cpus INTEGER NOT NULL,
	process_cpus_used REAL, machine_cpus INTEGER, machine_cpus_used REAL, steal_share REAL,
	gc_longest_ns INTEGER, gc_total_ns INTEGER, run_queue_p99_ns INTEGER, stall_ns INTEGER,
	resident_bytes INTEGER, open_files INTEGER, tcp_sockets INTEGER,
	allowances_exceeded_json TEXT -- by how much each counter rose
) STRICT;
CREATE TABLE cell_keys (
	id INTEGER PRIMARY KEY, region TEXT NOT NULL, edge_address TEXT NOT NULL, pop TEXT NOT NULL,
	request TEXT NOT NULL, cache TEXT NOT NULL, outcome TEXT NOT NULL, status INTEGER NOT NULL, signals TEXT NOT NULL,
	UNIQUE (region, edge_address, pop, request, cache, outcome, status, signals)
) STRICT;
CREATE TABLE cell_counts (
	second INTEGER NOT NULL, cell INTEGER NOT NULL REFERENCES cell_keys (id),
	count INTEGER NOT NULL, written INTEGER NOT NULL, fresh_connections INTEGER NOT NULL,
	bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,
	response_ns_sum INTEGER NOT NULL, service_ns_sum INTEGER NOT NULL,
	ttfb_ns_sum INTEGER NOT NULL, queueing_ns_sum INTEGER NOT NULL,
	PRIMARY KEY (second, cell)
) STRICT, WITHOUT ROWID;
CREATE VIEW cells AS
	SELECT second, region, edge_address, pop, request, cache, outcome, status, signals,
		count, written, fresh_connections, bytes_in, bytes_out,
		response_ns_sum, service_ns_sum, ttfb_ns_sum, queueing_ns_sum
	FROM cell_counts JOIN cell_keys ON cell_keys.id = cell_counts.cell;
CREATE TABLE sends (
	second INTEGER NOT NULL, region TEXT NOT NULL, edge_address TEXT NOT NULL, request TEXT NOT NULL,
	count INTEGER NOT NULL,
	PRIMARY KEY (second, region, edge_address, request)
) STRICT, WITHOUT ROWID;
CREATE TABLE clients (
	client INTEGER NOT NULL, address TEXT NOT NULL, -- the rest beyond the busiest has neither: -1 and ''
	requests INTEGER NOT NULL, answers INTEGER NOT NULL,
	answers_503 INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
	PRIMARY KEY (client, address)
) STRICT, WITHOUT ROWID;
CREATE TABLE prefixes (
	prefix TEXT PRIMARY KEY, requests INTEGER NOT NULL, answers INTEGER NOT NULL,
	answers_503 INTEGER NOT NULL, bytes_in INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE histograms (
	span_seconds INTEGER NOT NULL, start_second INTEGER NOT NULL,
	series TEXT NOT NULL, grouped_by TEXT NOT NULL, value TEXT NOT NULL, count INTEGER NOT NULL,
	p50_ns INTEGER NOT NULL, p90_ns INTEGER NOT NULL, p99_ns INTEGER NOT NULL, p999_ns INTEGER NOT NULL,
	max_ns INTEGER NOT NULL, hdr_v2 BLOB NOT NULL,
	UNIQUE (span_seconds, start_second, series, grouped_by, value)
) STRICT;
CREATE TABLE exemplars (
	id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, client INTEGER NOT NULL, client_address TEXT NOT NULL,
	edge_address TEXT NOT NULL, pop TEXT NOT NULL, request TEXT NOT NULL, method TEXT NOT NULL, url TEXT NOT NULL,
	status INTEGER NOT NULL, cache TEXT NOT NULL, outcome TEXT NOT NULL, signals TEXT NOT NULL,
	request_id TEXT NOT NULL, reason TEXT NOT NULL, protocol TEXT NOT NULL,
	response_ns INTEGER NOT NULL, service_ns INTEGER NOT NULL, headers_json TEXT NOT NULL
) STRICT;
CREATE TABLE lookups ( -- one row for each query that was sent
	id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, client INTEGER NOT NULL, resolver TEXT NOT NULL,
	transport TEXT NOT NULL, subnet TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, answer TEXT NOT NULL,
	ttl_ns INTEGER NOT NULL, took_ns INTEGER NOT NULL, error TEXT NOT NULL
) STRICT;
CREATE TABLE events (
	id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE TABLE control ( -- status 0 and an error where no whole answer came
	id INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, status INTEGER NOT NULL, took_ns INTEGER NOT NULL, error TEXT NOT NULL
) STRICT;
`
