package store

import (
	"fmt"

	"frontload/results"
	"frontload/results/hist"
)

// Histogram returns the latencies of the whole run of one kind, or an empty
// histogram when there are none.
func (r *Reader) Histogram(key results.LatencyKey) (*hist.Histogram, error) {
	h := hist.New(3)
	err := r.view(func(v view) error {
		return v.rows("histograms", "SELECT series, grouped_by, value, hdr_v2 FROM histograms WHERE span_seconds = 0",
			func(scan func(...any) error) error {
				var k results.LatencyKey
				var stored []byte
				if err := scan(&k.Series, &k.By, &k.Value, &stored); err != nil || k != key {
					return err
				}
				var err error
				h, err = hist.Decode(stored)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", r.path, damaged(err))
	}
	return h, nil
}
