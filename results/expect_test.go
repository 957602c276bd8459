package results

import "testing"

// What is expected is ok, what is not and would have been is unexpected, and
// every other error stays what it is.
func TestExpected(t *testing.T) {
	var e Expected
	e.Add(200, 200)
	e.Add(400, 499)
	e.Add(501, 503)
	e.Add(599, 700)
	e.Add(-5, 99)
	for _, c := range []struct {
		say    string
		status int
		alone  Outcome
		want   Outcome
	}{
		{"an expected 200", 200, OK, OK},
		{"a 204 that is not", 204, OK, Unexpected},
		{"a redirect that is not", 302, OK, Unexpected},
		{"an expected 404", 404, ClientError, OK},
		{"an expected 501", 501, UnknownError, OK},
		{"a 500 that is not keeps its writer", 500, OriginCustom, OriginCustom},
		{"a 503 keeps its writer, expected or not", 503, EdgeCapacity, EdgeCapacity},
		{"the last status", 599, UnknownError, OK},
		{"none that HTTP has", 999, UnknownError, UnknownError},
		{"one below all", 99, OK, Unexpected},
		{"a broken one", -1, OK, OK},
	} {
		if got := e.Judge(c.status, c.alone); got != c.want {
			t.Errorf("%s: Judge(%d, %v) = %v, want %v", c.say, c.status, c.alone, got, c.want)
		}
	}
	var none *Expected
	for status, alone := range map[int]Outcome{200: OK, 302: OK, 404: ClientError, 503: EdgeQuota} {
		if got := none.Judge(status, alone); got != alone {
			t.Errorf("where nothing is said, Judge(%d, %v) = %v", status, alone, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { e.Judge(204, OK) }); n != 0 {
		t.Errorf("Judge allocates %v times", n)
	}
}
