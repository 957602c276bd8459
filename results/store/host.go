package store

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"frontload/results"
)

// host writes what the generator's process and machine were like in a second;
// nothing where nobody looked.
func (w *Writer) host(second int, h *results.Host) error {
	if h == nil {
		return nil
	}
	var allowances any
	if h.Allowances != nil {
		text, err := json.Marshal(h.Allowances)
		if err != nil {
			return err
		}
		allowances = string(text)
	}
	_, err := w.stmts.host.Exec(second, int64(h.Span), h.CPUs, h.ProcessCPU, sql.NullInt64{Int64: int64(h.MachineCPUs), Valid: h.MachineCPUs > 0}, h.MachineCPU, h.Steal,
		(*int64)(h.GCLongest), (*int64)(h.GCTotal), (*int64)(h.RunQueueP99), (*int64)(h.Stall),
		h.Resident, h.OpenFiles, h.TCPSockets, allowances)
	return err
}

// hosts reads them into the run's seconds, which were read before.
func (v view) hosts(run *results.Run) error {
	if v.version < hostVersion {
		return nil
	}
	at := map[int]*results.Second{}
	for i := range run.Seconds {
		at[run.Seconds[i].Second] = &run.Seconds[i]
	}
	return v.rows("host", `SELECT second, span_ns, cpus, process_cpus_used, ifnull(machine_cpus, 0), machine_cpus_used, steal_share,
		gc_longest_ns, gc_total_ns, run_queue_p99_ns, stall_ns, resident_bytes, open_files, tcp_sockets, allowances_exceeded_json FROM host`, func(scan func(...any) error) error {
		var h results.Host
		var second int
		var allowances sql.NullString
		err := scan(&second, &h.Span, &h.CPUs, &h.ProcessCPU, &h.MachineCPUs, &h.MachineCPU, &h.Steal, &h.GCLongest,
			&h.GCTotal, &h.RunQueueP99, &h.Stall, &h.Resident, &h.OpenFiles, &h.TCPSockets, &allowances)
		if err != nil {
			return err
		}
		if at[second] == nil {
			return fmt.Errorf("second %d is not among the seconds", second)
		}
		at[second].Host = &h
		if !allowances.Valid {
			return nil
		}
		return json.Unmarshal([]byte(allowances.String), &h.Allowances)
	})
}
