package dns

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// What a server makes of queries, as a second of a run and the number of the
// query in that second have it.
type behaviour func(second, number int) (failed bool)

// watched puts 20 queries a second, if nothing else is said, to a server for a
// minute and returns the seconds in which it was found to limit us.
func watched(rate int, fails behaviour) (found []int) {
	h := new(health)
	for second := range 60 {
		for number := range rate {
			if _, _, limits := h.note(int64(1_000_000+second), fails(second, number)); limits {
				found = append(found, second)
			}
		}
	}
	return found
}

func TestResolverThatLimitsUsIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, test := range []struct {
		name  string
		rate  int
		fails behaviour
		want  string // the seconds in which it is told
	}{
		{"answers the first 10 of 20 in each second", 20, func(_, number int) bool { return number >= 10 }, "[2]"},
		{"begins to after 30 s", 20, func(second, number int) bool { return second >= 30 && number >= 10 }, "[32]"}, // a tenth of 10 s
		{"answers 40 of 45", 45, func(_, number int) bool { return number >= 40 }, "[3]"},
		{"answers one in ten of what is too much", 100, func(_, number int) bool { return number >= 50 && number%10 != 0 }, "[2]"},
		{"answers everything", 100, func(int, int) bool { return false }, "[]"},
		{"loses one in twenty", 100, func(int, int) bool { return random.IntN(20) == 0 }, "[]"},
		{"answers nothing", 100, func(int, int) bool { return true }, "[]"},
		{"goes down", 100, func(second, number int) bool { return second > 20 || second == 20 && number > 50 }, "[]"},
		{"comes back", 100, func(second, number int) bool { return second < 20 || second == 20 && number < 50 }, "[]"},
		{"is down for 5 s", 100, func(second, _ int) bool { return second >= 20 && second < 25 }, "[]"},
		{"is asked once a second and fails every other time", 1, func(second, _ int) bool { return second%2 == 0 }, "[]"},
	} {
		if got := fmt.Sprint(watched(test.rate, test.fails)); got != test.want {
			t.Errorf("a server that %s: told in seconds %s, want %s", test.name, got, test.want)
		}
	}
}

// Time-outs are known late, when later queries have been answered already.
func TestTimeOutsCountWhereTheyWereSent(t *testing.T) {
	h := new(health)
	for second := range int64(20) {
		for range 10 {
			if _, _, limits := h.note(100+second, false); limits {
				t.Fatal("told of answers")
			}
		}
		for range 10 {
			if answered, asked, limits := h.note(97+second, true); limits {
				if second < 5 || answered > asked*9/10 {
					t.Errorf("told in second %d: %d of %d", second, answered, asked)
				}
				return
			}
		}
	}
	t.Error("a server that answers 10 of 20 was not found to limit us")
}

func TestLimitIsToldOnceForEachResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []string
		pool := NewPool(PoolConfig{Tell: func(text string) { mu.Lock(); defer mu.Unlock(); told = append(told, text) }})
		defer pool.Close()
		var wg sync.WaitGroup
		for i := range 100 {
			number := 0
			c, s := scripted(nil, func(cfg *Config) {
				cfg.Pool, cfg.Resolver = pool, fmt.Sprintf("192.0.2.%d:53", 1+i%2)
			})
			s.answer = func(question, int) (reply, error) {
				if number++; i%2 == 0 && number%2 == 0 {
					return reply{rcode: dnsmessage.RCodeRefused}, nil
				}
				return found(0), nil
			}
			wg.Go(func() {
				for range 60 {
					_, _ = c.Resolve(t.Context())
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		if len(told) != 1 || !strings.HasPrefix(told[0], "resolver 192.0.2.1:53 answered ") ||
			!strings.HasSuffix(told[0], " queries in the last 10 s: it limits us; lower clients.lookups or use more resolvers") {
			t.Errorf("told %q, want once that 192.0.2.1 limits us", told)
		}
	})
}
