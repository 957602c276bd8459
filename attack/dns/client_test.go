package dns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A fake stands for the resolver in virtual time: what it answers and how long
// it takes may be changed as the test goes.
type fake struct {
	v4, v6   []netip.Addr
	ttl      time.Duration
	takes    time.Duration
	silentV6 bool
	lost     int64 // how many queries get lost first
	err      error
	queries  atomic.Int64
}

func (f *fake) ask(ctx context.Context, _ endpoint, q question) (reply, error) {
	number := f.queries.Add(1)
	r := reply{addrs: f.v4, ttl: f.ttl}
	if q.kind == dnsmessage.TypeAAAA {
		r.addrs = f.v6
	}
	wait := time.After(f.takes)
	if number <= f.lost || f.silentV6 && q.kind == dnsmessage.TypeAAAA {
		wait = nil
	}
	select {
	case <-wait:
		if len(r.addrs) == 0 {
			r.ttl = 0
		}
		return r, f.err
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

func fakeClient(f *fake, set ...func(*Config)) *Client {
	cfg := Config{Hostname: host, Resolver: "192.0.2.53", Budget: NewBudget(1e6)}
	for _, s := range set {
		s(&cfg)
	}
	c := New(cfg)
	c.ask = f.ask
	return c
}

var four = addrs("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4")

// next calls Next now and fails unless it has the answer that is wanted.
func next(t *testing.T, c *Client, wantRefresh, wantOK bool) netip.Addr {
	t.Helper()
	addr, refresh, ok := c.Next(time.Now())
	if refresh != wantRefresh || ok != wantOK {
		t.Errorf("Next = %v, %v, %v, want refresh %v and ok %v", addr, refresh, ok, wantRefresh, wantOK)
	}
	return addr
}

func TestAnswerIsUsedForItsTTLAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: 60 * time.Second, takes: time.Second}
		c := fakeClient(f)
		next(t, c, false, false) // nothing is known yet
		resolve(t, c)
		next(t, c, false, true)
		time.Sleep(54*time.Second - 1)
		next(t, c, false, true)
		time.Sleep(time.Nanosecond) // a tenth of the TTL is left
		next(t, c, true, true)
		next(t, c, false, true) // told once only
		time.Sleep(6*time.Second - 1)
		next(t, c, false, true)
		time.Sleep(time.Nanosecond)
		next(t, c, false, false) // 60 s after the answer came
	})
}

func TestRefreshLead(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		0:           0,
		time.Second: 500 * time.Millisecond, // at most half
		// at least a second
		2 * time.Second:  time.Second,
		5 * time.Second:  time.Second,
		10 * time.Second: time.Second,
		// a tenth
		60 * time.Second: 6 * time.Second,
		time.Hour:        6 * time.Minute,
	} {
		if got := refreshLead(ttl, 0); got != want {
			t.Errorf("refreshLead(%v) = %v, want %v", ttl, got, want)
		}
		for offset := range 1000 {
			if got := refreshLead(ttl, offset); got < want || got > max(want, ttl/2) {
				t.Errorf("client %d: refreshLead(%v) = %v, want %v to %v", offset, ttl, got, want, ttl/2)
			}
		}
	}
}

func TestAnswerOfTTLZeroServesOnlyThoseWhoWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, takes: time.Second}
		c := fakeClient(f)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if a := resolve(t, c); !slices.Contains(four, a.Next()) {
					t.Errorf("Addrs = %v", a.Addrs)
				}
			})
		}
		wg.Wait()
		next(t, c, false, false)
		resolve(t, c)
		if got := f.queries.Load(); got != 4 {
			t.Errorf("%d queries, want 2 for those who waited and 2 for the one that came later", got)
		}
	})
}

func TestConcurrentCallersShareOneLookup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: time.Minute, takes: time.Second}
		c := fakeClient(f)
		counts := make(map[netip.Addr]int)
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 15 * time.Millisecond) // the last third come after the answer
				a := resolve(t, c).Next()
				mu.Lock()
				defer mu.Unlock()
				counts[a]++
			})
		}
		wg.Wait()
		if got := f.queries.Load(); got != 2 {
			t.Errorf("%d queries, want one for A and one for AAAA", got)
		}
		for _, a := range four {
			if counts[a] != 25 {
				t.Errorf("%v got %d of 100 arrivals, want 25", a, counts[a])
			}
		}
	})
}

func TestRoundRobinOverTheWholeAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, v6: addrs("2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8::6", "2001:db8::7", "2001:db8::8"), ttl: time.Minute}
		c := fakeClient(f)
		resolve(t, c)
		counts := make(map[netip.Addr]int)
		for range 1200 {
			counts[next(t, c, false, true)]++
		}
		for _, a := range slices.Concat(f.v4, f.v6) {
			if counts[a] != 100 {
				t.Errorf("%v got %d of 1200, want 100", a, counts[a])
			}
		}
	})
}

func TestClientsOfOneRequestSpreadEvenlyThoughTheResolverRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts := make(map[netip.Addr]int)
		for i := range 100 {
			rotated := slices.Concat(four[i%4:], four[:i%4])
			c := fakeClient(&fake{v4: rotated, ttl: time.Minute}, func(cfg *Config) { cfg.Offset = i })
			counts[resolve(t, c).Next()]++
		}
		for _, a := range four {
			if counts[a] != 25 {
				t.Errorf("%v got %d of 100 clients, want 25", a, counts[a])
			}
		}
	})
}

func TestAddressesThatLeftAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: addrs("192.0.2.1", "192.0.2.2"), v6: addrs("2001:db8::1"), ttl: 10 * time.Second}
		c := fakeClient(f)
		steps := []struct {
			v4, v6   []netip.Addr
			silentV6 bool
			want     []netip.Addr
		}{
			{f.v4, f.v6, false, nil},
			{addrs("192.0.2.2", "192.0.2.3"), f.v6, false, addrs("192.0.2.1")},
			{addrs("192.0.2.3"), nil, true, addrs("192.0.2.2")},                     // the lost query says nothing about 2001:db8::1
			{addrs("192.0.2.3"), addrs("2001:db8::2"), false, addrs("2001:db8::1")}, // but this answer does
			{addrs("192.0.2.3"), nil, false, addrs("2001:db8::2")},                  // an empty answer is an answer
		}
		for i, s := range steps {
			f.v4, f.v6, f.silentV6 = s.v4, s.v6, s.silentV6
			if a := resolve(t, c); !slices.Equal(a.Left, s.want) {
				t.Errorf("step %d: Left = %v, want %v", i, a.Left, s.want)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestFailureIsRememberedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{err: errors.New("broken")}
		c := fakeClient(f)
		for range 3 {
			if _, err := c.Resolve(t.Context()); !errors.Is(err, f.err) {
				t.Fatalf("Resolve: error %v, want %v", err, f.err)
			}
			time.Sleep(300 * time.Millisecond)
		}
		if got := f.queries.Load(); got != 2 {
			t.Errorf("%d queries, want 2 in the first second", got)
		}
		f.err, f.v4, f.ttl = nil, four, time.Minute
		time.Sleep(100 * time.Millisecond)
		resolve(t, c)
	})
}

func TestFailedRefreshKeepsTheAnswerAndIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: 30 * time.Second}
		c := fakeClient(f)
		resolve(t, c)
		time.Sleep(27 * time.Second)
		next(t, c, true, true)
		f.err = errors.New("broken")
		if _, err := c.Resolve(t.Context()); err == nil {
			t.Error("Resolve: no error from a broken resolver")
		}
		next(t, c, false, true)
		time.Sleep(time.Second)
		next(t, c, true, true) // a second later it is worth another look
		f.err = nil
		resolve(t, c)
		time.Sleep(20 * time.Second)
		next(t, c, false, true)
	})
}

func TestDeafToAAAADoesNotHoldUpTheOther(t *testing.T) {
	for ttl, want := range map[time.Duration]time.Duration{
		time.Minute: 2 * time.Second, // two fifths of the time-out
		time.Second: time.Second,     // not past the TTL of what is there
	} {
		t.Run(fmt.Sprint(ttl), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := fakeClient(&fake{v4: four, ttl: ttl, silentV6: true})
				start := time.Now()
				resolve(t, c)
				if took := time.Since(start); took != want {
					t.Errorf("took %v, want %v", took, want)
				}
			})
		})
	}
}

func TestSilenceEndsAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: time.Hour}
		start := time.Now()
		_, err := fakeClient(f).Resolve(t.Context())
		if !errors.Is(err, ErrNoAnswer) || time.Since(start) != defaultTimeout || f.queries.Load() != 4 {
			t.Errorf("error %v after %v and %d queries, want ErrNoAnswer after 5s and 4", err, time.Since(start), f.queries.Load())
		}
	})
}

func TestLostPacketsAreRepeatedForBothFamilies(t *testing.T) {
	for lost := range int64(3) {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{v4: four, v6: addrs("2001:db8::1"), ttl: time.Minute, lost: lost}
			start := time.Now()
			a := resolve(t, fakeClient(f))
			if len(a.Addrs) != 5 || f.queries.Load() != 2+lost || time.Since(start) > 2*time.Second {
				t.Errorf("%d packets lost: %v after %v and %d queries, want all addresses within 2s and %d", lost, a.Addrs, time.Since(start), f.queries.Load(), 2+lost)
			}
		})
	}
}

func TestLookupEndsWhenAllWhoWaitHaveGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: time.Minute, takes: 4 * time.Second / 5}
		c := fakeClient(f)
		short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		leaver := func() {
			if _, err := c.Resolve(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Resolve: error %v, want that of its context", err)
			}
		}
		wg.Go(leaver)
		wg.Go(leaver)
		wg.Wait()
		if c.mu.flight != nil {
			t.Error("the look-up goes on though nobody waits")
		}
		wg.Go(func() { resolve(t, c) }) // no failure is remembered
		wg.Wait()
	})
}

func TestOneWhoLeavesDoesNotEndTheLookupOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{v4: four, ttl: time.Minute, takes: time.Second}
		c := fakeClient(f)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := c.Resolve(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Resolve: error %v, want that of its context", err)
			}
		})
		synctest.Wait()
		wg.Go(func() { resolve(t, c) })
		wg.Wait()
		if got := f.queries.Load(); got != 2 {
			t.Errorf("%d queries, want 2", got)
		}
	})
}

func TestBudgetIsSharedAndNotPartOfTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		budget := NewBudget(0)
		f := &fake{v4: four, ttl: time.Hour}
		start := time.Now()
		var wg sync.WaitGroup
		for range 500 {
			c := fakeClient(f, func(cfg *Config) { cfg.Budget = budget })
			wg.Go(func() { resolve(t, c) })
		}
		time.Sleep(5 * time.Second)
		if got := f.queries.Load(); got < 498 || got > 502 {
			t.Errorf("%d queries in 5s, want 100 a second", got)
		}
		wg.Wait()
		if took := time.Since(start).Round(100 * time.Millisecond); took != 10*time.Second {
			t.Errorf("1,000 queries took %v, want 10s", took)
		}
	})
}

func TestNextAllocatesNothing(t *testing.T) {
	c := fakeClient(&fake{v4: four, ttl: time.Hour})
	resolve(t, c)
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() { c.Next(now) }); n != 0 {
		t.Errorf("Next allocates %v times", n)
	}
}

// A thousand clients of one caching resolver have answers that expire at the
// same moment. The budget of 100 queries a second is enough for them over the
// TTL, and they spread their look-ups so that none of them has to wait for it
// with its arrivals.
func TestClientsThatExpireTogetherDoNotWaitForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, ttl = 1000, time.Minute
		budget := NewBudget(100)
		f := &fake{v4: four, ttl: ttl}
		end := time.Now().Add(2 * ttl)
		expires := end // the second time, they expire together
		var all []*Client
		for i := range clients {
			c := fakeClient(f, func(cfg *Config) { cfg.Budget, cfg.Offset, cfg.Families = budget, i, Families{V4: true} })
			a := newAnswer(four, expires, ttl, i)
			a.turn = &c.turn
			c.current.Store(a)
			all = append(all, c)
		}
		waited := 0
		for ; time.Now().Before(end.Add(time.Second)); time.Sleep(100 * time.Millisecond) {
			for _, c := range all {
				_, refresh, ok := c.Next(time.Now())
				if !ok {
					waited++
				}
				if refresh {
					go c.Resolve(t.Context())
				}
			}
		}
		synctest.Wait()
		if waited > 0 {
			t.Errorf("%d times an arrival had to wait for a look-up, want never", waited)
		}
	})
}
