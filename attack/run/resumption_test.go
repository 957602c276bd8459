package run

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// The scenario's say on resumption is what the server sees, of every new
// connection but each client's first.
func TestResumptionAtTheServer(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"h1", "h2"} {
		for _, on := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, %t", protocol, on), func(t *testing.T) {
				t.Parallel()
				var mu sync.Mutex
				resumed := map[string]bool{} // by connection
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					mu.Lock()
					defer mu.Unlock()
					resumed[r.RemoteAddr] = r.TLS.DidResume
				}))
				server.EnableHTTP2 = true
				server.StartTLS()
				t.Cleanup(server.Close)
				ca := filepath.Join(t.TempDir(), "ca.pem")
				block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
				if err := os.WriteFile(ca, pem.EncodeToMemory(block), 0o644); err != nil {
					t.Fatal(err)
				}
				const clients = 3
				if _, err := carryOut(t, fmt.Sprintf(`
version: 1
target: {url: "%s", host: example.com, ca: "%s"}
clients: {count: %d, protocol: %s, connections: 1, new-viewers: 50%%, resumption: %t}
requests: [{path: /}]
load: {rate: 50/s, for: 2s}
`, server.URL, ca, clients, protocol, on), nil); err != nil {
					t.Fatal(err)
				}
				mu.Lock()
				defer mu.Unlock()
				full := 0
				for _, r := range resumed {
					if !r {
						full++
					}
				}
				want := len(resumed)
				if on {
					want = clients
				}
				// A client whose first two connections are set up at once has no
				// session for the second.
				if full < want || on && full > 2*clients || len(resumed) < 10 {
					t.Errorf("%d of %d connections had a full handshake, want %d", full, len(resumed), want)
				}
			})
		}
	}
}
