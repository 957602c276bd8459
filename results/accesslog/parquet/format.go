package parquet

import (
	"strconv"
	"time"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A formatter appends a value as CloudFront's other logs write it.
type formatter func(b []byte, v pq.Value) []byte

// formatterOf returns how to write a column's values. CloudFront's own are
// texts; who converted them may have chosen numbers, dates and times.
func formatterOf(t pq.Type) formatter {
	if l := t.LogicalType(); l != nil {
		switch l := l.Value.(type) {
		case *format.DateType:
			return date
		case *format.TimeType:
			return clock(unit(l.Unit))
		case *format.TimestampType:
			return timestamp(unit(l.Unit))
		}
	}
	switch t.Kind() {
	case pq.Float:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, float64(v.Float()), 'f', -1, 32) }
	case pq.Double:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendFloat(b, v.Double(), 'f', -1, 64) }
	case pq.Boolean:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }
	case pq.Int32, pq.Int64:
		return func(b []byte, v pq.Value) []byte { return strconv.AppendInt(b, whole(v), 10) }
	}
	return func(b []byte, v pq.Value) []byte { return v.AppendBytes(b) }
}

func unit(u format.TimeUnit) time.Duration {
	if u.Value == nil {
		return time.Millisecond
	}
	return u.Value.Duration()
}

func whole(v pq.Value) int64 {
	if v.Kind() == pq.Int32 {
		return int64(v.Int32())
	}
	return v.Int64()
}

func date(b []byte, v pq.Value) []byte {
	return time.Unix(whole(v)*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

func clock(unit time.Duration) formatter {
	return func(b []byte, v pq.Value) []byte {
		return time.Unix(0, whole(v)*int64(unit)).UTC().AppendFormat(b, time.TimeOnly)
	}
}

// timestamp writes milliseconds since 1970.
func timestamp(unit time.Duration) formatter {
	return func(b []byte, v pq.Value) []byte {
		if unit > time.Millisecond {
			return strconv.AppendInt(b, whole(v)*int64(unit/time.Millisecond), 10)
		}
		return strconv.AppendInt(b, whole(v)/int64(time.Millisecond/unit), 10)
	}
}
