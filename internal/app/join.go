package app

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"frontload/results"
	"frontload/results/accesslog"
)

// analyzeJoined analyses a run file, with what access logs tell of the requests
// that it kept whole.
func analyzeJoined(ctx context.Context, file string, logs []string, what Analysis, out Output) (err error) {
	reader, err := open(file)
	if err != nil {
		return err
	}
	defer reader.Close()
	run, err := reader.Run()
	if err != nil {
		return err
	}
	if err := join(ctx, run, logs, what); err != nil {
		return err
	}
	return out.analyze(run, file)
}

// join reads access logs as a stream and keeps what they tell of the run. Only
// the request ids of its exemplars are held in memory.
func join(ctx context.Context, run *results.Run, logs []string, what Analysis) (err error) {
	taken := map[string]*atomic.Bool{} // by request id, whether its row was found: one is enough
	for i := range run.Exemplars {
		if id := run.Exemplars[i].RequestID; id != "" {
			taken[id] = new(atomic.Bool)
		}
	}
	var named atomic.Bool
	log, err := readLogs(ctx, logs, what, func(id []byte) bool {
		if len(id) > 1 && !named.Load() { // a dash stands for none
			named.Store(true)
		}
		one := taken[string(id)]
		return one != nil && one.CompareAndSwap(false, true)
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	j := &results.Joined{Signals: map[string]results.Signals{}, Rows: log.Rows, IDs: named.Load()}
	for i := range log.Found {
		j.Signals[log.Found[i].RequestID] |= log.Found[i].Signals
	}
	if log.Rows > 0 {
		j.From, j.Latest = log.Run.Info.Start, log.Run.Info.End.Add(-time.Second)
	}
	if j.Within, err = rowsWithin(log, &run.Info); err != nil {
		return err
	}
	run.Joined = j
	run.Unread = log.Run.Unread
	if run.Unread.Lines > 0 {
		run.Doubts = append(run.Doubts, log.Run.Doubts...)
	}
	return nil
}

// rowsWithin counts the rows of the run's own time.
func rowsWithin(log *accesslog.Log, info *results.RunInfo) (n int64, err error) {
	first := int(info.Start.Truncate(time.Second).Sub(log.Run.Info.Start) / time.Second)
	last := int(info.End.Sub(log.Run.Info.Start) / time.Second)
	for c, err := range log.Run.Cells {
		if err != nil {
			return 0, err
		}
		if first <= c.Second && (c.Second <= last || info.End.IsZero()) {
			n += c.Count
		}
	}
	return n, nil
}
