package lab

import (
	"testing"
	"time"

	"frontload/results"
)

// A viewer can tell each kind of origin by its errors, fresh and replayed.
func TestOriginErrorsTellTheirKind(t *testing.T) {
	tests := []struct {
		kind  originKind
		shows results.Signals
		want  results.Outcome
	}{
		{kindS3, results.SignalServerS3 | results.SignalS3IDs | results.SignalPageS3, results.OriginS3},
		{kindELB, results.SignalServerELB | results.SignalPageELB, results.OriginELB},
		{kindAPIGateway, results.SignalServerAbsent | results.SignalAPIGatewayIDs | results.SignalPageAPIGateway, results.OriginAPIGateway},
		{kindCustom, results.SignalServerOther | results.SignalServerSoftware | results.SignalPageOther, results.OriginCustom},
	}
	for _, test := range tests {
		m := New(refusing(test.kind), 1, 10*time.Second)
		fresh := signalsOf(m.Ask(1100*time.Millisecond, asking("/articles/1")))
		if want := test.shows | results.SignalUpstream; fresh != want {
			t.Errorf("%v: a fresh error shows %v, want %v", test.kind, fresh.Names(), want.Names())
		}
		r := m.Ask(3*time.Second, asking("/articles/1"))
		if replayed, want := signalsOf(r), test.shows|results.SignalAge; replayed != want {
			t.Errorf("%v: a replayed error shows %v, want %v", test.kind, replayed.Names(), want.Names())
		}
		a := results.Answer{Status: 503}
		if got := a.Outcome(fresh); got != test.want {
			t.Errorf("%v: outcome %v, want %v", test.kind, got, test.want)
		}
	}
	if n := len(unavailablePage("")); n != 162 {
		t.Errorf("a load balancer's page has %d bytes, want 162", n)
	}
}

// A viewer can tell each error of the edge's own.
func TestEdgeErrorsTellTheirCause(t *testing.T) {
	own := results.SignalServerCloudFront | results.SignalPageCloudFront
	tests := []struct {
		kind  answerKind
		shows results.Signals
		want  results.Outcome
	}{
		{answerCapacity, own | results.SignalXCacheCapacity | results.SignalPageCapacity, results.EdgeCapacity},
		{answerLimit, own | results.SignalXCacheLimit, results.EdgeQuota},
		{answerLambdaLimit, own | results.SignalXCacheLambda | results.SignalPageCompute, results.EdgeCompute},
		{answerFunctionError, own | results.SignalXCacheFunction | results.SignalPageCompute, results.EdgeCompute},
	}
	m := New(mustCase(t, "calm"), 1, time.Minute)
	for _, test := range tests {
		d := answer{number: 1, age: -1}
		d.fail(test.kind)
		s := m.shape(&d)
		if s.signals != test.shows || s.outcome != test.want {
			t.Errorf("kind %d shows %v, outcome %v, want %v, %v", test.kind, s.signals.Names(), s.outcome, test.shows.Names(), test.want)
		}
	}
}

func signalsOf(r Reply) results.Signals {
	a := results.Answer{Status: r.Status, Body: r.Body}
	readHeader(&a, r.Header)
	return a.Signals()
}
