package run

import (
	"errors"
	"io"
	"log"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"frontload/internal/netns"
	"frontload/results"
	"frontload/scenarios"
)

var quiet = log.New(io.Discard, "", 0)

// An attempt tries to have load sent where nobody allowed it.
type attempt struct {
	name string
	with func(*world) // sets the world up
	text string       // target section and more; see world.attack
	opt  Options

	refused string // expression that the refusal matches

	// What may come to the victim at most: connections, and of these requests
	// for the proof. Never load.
	connections, proofs int
}

// Before anything is sent the run is refused, and the victim hears nothing of
// it, nor does the owner get load.
var beforeTheRun = []attempt{
	{
		name: "a name of the victim's, with no authorisation",
		text: `target: {url: "http://VICTIM:PLAIN"}`, refused: `^www.victim.test is at 203.0.113.9, which is not loopback, .*_frontload.www.victim.test .*/.well-known/frontload.txt .*--attest`,
	},
	{
		name: "an answer that mixes loopback with the victim",
		with: func(w *world) { w.zone.set(ownerHost, "127.0.0.1", victim) },
		text: `target: {url: "http://OWNER:PLAIN"}`, refused: `203.0.113.9, which is not loopback`,
	},
	{
		name: "the victim in the answer to a later client only",
		with: func(w *world) { w.zone.set(ownerHost, "127.0.0.1"); w.zone.then(ownerHost, victim) },
		text: `target: {url: "http://OWNER:PLAIN"}`, refused: `203.0.113.9, which is not loopback`,
	},
	{
		name: "the victim in the answer of a second resolver",
		with: func(w *world) { w.zone.set(ownerHost, "127.0.0.1") },
		text: "target: {url: \"http://OWNER:PLAIN\"}\nclients: {count: 2, resolvers: [\"RESOLVER\", \"OTHER\"]}", refused: `203.0.113.9, which is not loopback`,
	},
	{
		name: "proof: dns without a record",
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns, token: TOKEN}}`, refused: `not proved.*_frontload.www.victim.test.*NXDOMAIN.*publish it as: _frontload.www.victim.test. 60 IN TXT "frontload=ftl-`,
	},
	{
		name: "proof: dns by a record of the domain above",
		with: func(w *world) { w.zone.record("_frontload.victim.test", token); w.zone.record("victim.test", token) },
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns, token: TOKEN}}`, refused: `_frontload.www.victim.test`,
	},
	{
		name: "proof: dns by a record of the name itself",
		with: func(w *world) { w.zone.record(victimHost, token) },
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns, token: TOKEN}}`, refused: `_frontload.www.victim.test`,
	},
	{
		name: "proof: dns by a record that holds the token among other words",
		with: func(w *world) {
			w.zone.record("_frontload."+victimHost, "search "+token, "x"+token, token+" ")
			w.zone.record("_frontload."+victimHost, token[:10], token[10:])
		},
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns, token: TOKEN}}`, refused: `none is the token`,
	},
	{
		name: "proof: dns for the URL's name, with the Host of another",
		with: func(w *world) { w.zone.record("_frontload."+ownerHost, token); w.zone.set(ownerHost, victim) },
		text: `target: {url: "http://OWNER:PLAIN", host: VICTIM, authorization: {proof: dns, token: TOKEN}}`, refused: `_frontload.www.victim.test`,
	},
	{
		name: "proof: dns for the Host, with the URL of another",
		with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
		text: `target: {url: "http://VICTIM:PLAIN", host: OWNER, authorization: {proof: dns, token: TOKEN}}`, refused: `_frontload.www.victim.test`,
	},
	{
		name: "proof: dns for a name that is like one of CloudFront's",
		with: func(w *world) {
			w.zone.record("_frontload."+ownerHost, token)
			w.zone.set("d1.cloudfront.net.victim.test", victim)
			w.zone.set("evilcloudfront.net", victim)
		},
		text: `target: {url: "http://evilcloudfront.net:PLAIN", host: OWNER, authorization: {proof: dns, token: TOKEN}}`, refused: `_frontload.evilcloudfront.net`,
	},
	{
		name: "proof: dns for a name of CloudFront's itself",
		with: func(w *world) {
			w.zone.set("d1.cloudfront.net", victim)
			w.zone.record("_frontload.d1.cloudfront.net", token)
		},
		text: `target: {url: "http://d1.cloudfront.net:PLAIN", authorization: {proof: dns, token: TOKEN}}`, refused: `only CloudFront can publish`,
	},
	{
		name: "proof: dns that one of two resolvers does not see",
		with: func(w *world) { w.zone.set(ownerHost, owner); w.zone.record("_frontload."+ownerHost, token) },
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {proof: dns, token: TOKEN}}\nclients: {count: 2, resolvers: [\"RESOLVER\", \"OTHER\"]}", refused: `_frontload.www.owner.test`,
	},
	{
		name: "proof: dns of a literal address",
		text: `target: {url: "http://203.0.113.9:PLAIN", host: OWNER, authorization: {proof: dns, token: TOKEN}}`, refused: `no record in DNS`,
		with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
	},
	{
		name: "proof: dns over https, the name being an alias of the victim's",
		with: func(w *world) { w.zone.record("_frontload."+ownerHost, token); w.zone.alias(ownerHost, victimHost) },
		text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: dns, token: TOKEN}}`, refused: `203.0.113.9.*not proved.*its certificate does not show that it serves www.owner.test`, connections: 1,
	},
	{
		name: "proof: dns with a token that the environment does not have either",
		with: func(w *world) { w.zone.record("_frontload."+victimHost, "frontload=") },
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns}}`, refused: `frontload init.*FRONTLOAD_TOKEN`,
	},
	{
		name: "proof: dns with a wildcard's text for a token",
		with: func(w *world) { w.zone.record("_frontload."+victimHost, "v=spf1 -all") },
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns}}`, opt: Options{Token: "v=spf1 -all"}, refused: `is no token`,
	},
	{
		name: "a proof that fails, with an attestation beside it",
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: dns, token: TOKEN, attest: ours}}`, refused: `not proved`,
	},
	{
		name: "proof: well-known that another address serves",
		with: func(w *world) { w.publish(owner); w.zone.set(ownerHost, owner, victim) },
		text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, refused: `203.0.113.9.*answered with 404`, connections: 1, proofs: 1,
	},
	{
		name: "proof: well-known at another port than the load's",
		with: func(w *world) {
			w.answer(victim, func(out http.ResponseWriter, r *http.Request) {
				if r.TLS != nil {
					io.WriteString(out, token)
				}
			})
		},
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, refused: `no line of it`, connections: 1, proofs: 1,
	},
	{
		name: "proof: well-known for another Host than the load's",
		with: func(w *world) {
			w.answer(victim, func(out http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.Host, ownerHost) {
					io.WriteString(out, token)
				}
			})
			w.zone.set(ownerHost, victim)
		},
		text: `target: {url: "http://OWNER:PLAIN", host: VICTIM, authorization: {proof: well-known, token: TOKEN}}`, refused: `no line of it`, connections: 1, proofs: 1,
	},
	{
		name: "proof: well-known over https from a machine that has no certificate for the Host",
		with: func(w *world) { w.publish(victim); w.zone.set(ownerHost, victim) },
		text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: well-known, token: TOKEN}}`, refused: `certificate`, connections: 1,
	},
	{
		name: "proof: well-known within a line, as a page of user content would have it",
		with: func(w *world) {
			w.answer(victim, func(out http.ResponseWriter, _ *http.Request) { io.WriteString(out, "<p>"+token+"</p>\n") })
		},
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, refused: `no line of it`, connections: 1, proofs: 1,
	},
	{
		name: "proof: well-known behind 4 KiB of something else",
		with: func(w *world) {
			w.answer(victim, func(out http.ResponseWriter, _ *http.Request) {
				io.WriteString(out, strings.Repeat("\n", 4096)+token)
			})
		},
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, refused: `longer than 4096 bytes`, connections: 1, proofs: 1,
	},
	{
		name: "proof: well-known with another status than 200",
		with: func(w *world) {
			w.answer(victim, func(out http.ResponseWriter, _ *http.Request) {
				out.WriteHeader(http.StatusAccepted)
				io.WriteString(out, token)
			})
		},
		text: `target: {url: "http://VICTIM:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, refused: `answered with 202`, connections: 1, proofs: 1,
	},
	{
		name: "a literal address", text: `target: {url: "http://203.0.113.9:PLAIN"}`, refused: `203.0.113.9 is not loopback`,
	},
	{
		name: "IPv4 in the disguise of IPv6", text: `target: {url: "http://[::ffff:203.0.113.9]:PLAIN"}`, refused: `203.0.113.9, which is not loopback`,
	},
	{
		name: "the unspecified address, attested", text: `target: {url: "http://0.0.0.0:PLAIN", authorization: {attest: ours}}`, refused: `never asked`,
	},
	{
		name: "the unspecified address of IPv6, attested", text: `target: {url: "http://[::]:PLAIN", authorization: {attest: ours}}`, refused: `never asked`,
	},
	{
		name: "a cloud's metadata service, attested", text: `target: {url: "http://169.254.169.254", authorization: {attest: ours}}`, refused: `link-local.*never asked`,
	},
	{
		name: "a name that leads to a cloud's metadata service, attested",
		with: func(w *world) { w.zone.set(ownerHost, owner, "169.254.169.254") },
		text: `target: {url: "http://OWNER:PLAIN", authorization: {attest: ours}}`, refused: `169.254.169.254.*never asked`,
	},
	{
		name: "a number for an address", text: `target: {url: "http://3405803785:PLAIN"}`, refused: `ends in a number`,
	},
	{
		name: "an address in hexadecimal", text: `target: {url: "http://0xcb.0x0.0x71.0x9:PLAIN"}`, refused: `ends in a number`,
	},
	{
		name: "an address with parts left out", text: `target: {url: "http://203.28937:PLAIN"}`, refused: `ends in a number`,
	},
	{
		name: "an address with a trailing dot", text: `target: {url: "http://203.0.113.9.:PLAIN"}`, refused: `ends in a number`,
	},
	{
		name: "an address with a zone", text: `target: {url: "http://[fe80::1%25lo]:PLAIN"}`, refused: `is not a host name`,
	},
	{
		name: "a loopback address for a user, the victim for the host",
		text: `target: {url: "http://127.0.0.1@VICTIM:PLAIN"}`, refused: `no user and password`,
	},
	{
		name: "letters that only look like a name", text: `target: {url: "http://127。0。0。1:PLAIN"}`, refused: `not ASCII`,
	},
	{
		name: "a name with a trailing dot", text: `target: {url: "http://VICTIM.:PLAIN"}`, refused: `203.0.113.9, which is not loopback`,
	},
	{
		name: "a Host header of another's beside a proof of one's own",
		with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {proof: dns, token: TOKEN}}\nrequests: [{path: /, headers: {Host: VICTIM}}]", refused: `set target.host instead`,
	},
	{
		name: "a Host header by a line break in another",
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\nrequests: [{path: /, headers: {X-A: \"1\\r\\nHost: VICTIM\"}}]", refused: `headers`,
	},
	{
		name: "a whole URL of the victim's for a path",
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\nrequests: [{path: \"http://VICTIM:PLAIN/\"}]", refused: `path`,
	},
	{
		name: "a variable that makes a whole URL of a path",
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\nrequests: [{path: \"{u}\", vars: {u: {list: [\"http://VICTIM:PLAIN/\"]}}}]", refused: `path`,
	},
	{
		name: "the origin's control URL, the target being attested",
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\norigin: {control: \"http://203.0.113.9:PLAIN/\"}", refused: `^origin.control: 203.0.113.9 is not loopback.*origin.authorization.attest`,
	},
	{
		name: "the origin's control URL, by a proof that does not hold there",
		text: "target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\norigin: {control: \"http://203.0.113.9:PLAIN/\", authorization: {proof: well-known, token: TOKEN}}", refused: `^origin.control: .*answered with 404`, connections: 1, proofs: 1,
	},
	{
		name: "an address that is not CloudFront's, attested, with --ip-ranges",
		with: func(w *world) { w.zone.set(ownerHost, owner, victim) },
		text: `target: {url: "http://OWNER:PLAIN", authorization: {attest: ours}}`, opt: Options{IPRanges: "testdata/ip-ranges.json"}, refused: `203.0.113.9, which is outside CloudFront's ranges.*target.outside: \[203.0.113.9/32\]`,
	},
}

func TestWaysAroundAuthorisationBeforeTheRun(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	for _, a := range beforeTheRun {
		t.Run(a.name, func(t *testing.T) {
			w := newWorld(t)
			second := newZone(t) // another resolver, for which the owner's name is at the victim
			second.set(ownerHost, victim)
			if a.with != nil {
				a.with(w)
			}
			run, err := w.attack(strings.ReplaceAll(a.text, "OTHER", second.addr), a.opt)
			if run != nil || err == nil || !regexp.MustCompile(a.refused).MatchString(err.Error()) {
				t.Errorf("Run() = %v, want a refusal that matches %s", err, a.refused)
			}
			w.checkVictim(a.connections, a.proofs)
			if n := w.load(owner); n != 0 {
				t.Errorf("%d requests were sent to the owner though the run was refused", n)
			}
		})
	}
}

// checkVictim holds what came to the victim against the most that may.
func (w *world) checkVictim(connections, proofs int) {
	w.t.Helper()
	if n := w.load(victim); n != 0 {
		w.t.Errorf("the victim got %d requests of the load", n)
	}
	if n := w.proofs(victim); n > proofs {
		w.t.Errorf("the victim got %d requests for the proof, want at most %d", n, proofs)
	}
	if n := w.connections(victim); n > connections {
		w.t.Errorf("the victim got %d connections or packets, want at most %d", n, connections)
	}
}

// While a run goes on, the answer moves to the victim: nothing is sent there,
// and the arrivals that were for it are counted as refused.
func TestWaysAroundAuthorisationDuringTheRun(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	h3 := "\nclients: {count: 2, protocol: h3, resolvers: [\"RESOLVER\"]}"
	for _, a := range []attempt{
		{
			name: "loopback becomes the victim",
			with: func(w *world) { w.host("127.0.0.1", ownerHost); w.zone.set(ownerHost, "127.0.0.1") },
			text: `target: {url: "http://OWNER:PLAIN"}`,
		},
		{
			name: "loopback becomes the victim, over HTTP/3",
			with: func(w *world) { w.host("127.0.0.1", ownerHost); w.zone.set(ownerHost, "127.0.0.1") },
			text: `target: {url: "https://OWNER:SECURE", ca: "CA"}` + h3,
		},
		{
			name: "a name with a record moves, over http",
			with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
			text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: dns, token: TOKEN}}`,
		},
		{
			name: "a name with a record moves, over https",
			with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
			text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: dns, token: TOKEN}}`, connections: 1,
		},
		{
			name: "a name with a record moves, over HTTP/3",
			with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) },
			text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: dns, token: TOKEN}}` + h3, connections: 1,
		},
		{
			name: "a name whose first address served the token moves",
			with: func(w *world) { w.publish(owner) },
			text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, connections: 1, proofs: 1,
		},
		{
			name: "a name whose first address served the token moves, over HTTP/3",
			with: func(w *world) { w.publish(owner) },
			text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: well-known, token: TOKEN}}` + h3, connections: 1,
		},
		{
			name: "an attested name leaves CloudFront's ranges",
			text: `target: {url: "http://OWNER:PLAIN", authorization: {attest: ours}}`, opt: Options{IPRanges: "testdata/ip-ranges.json"},
		},
	} {
		t.Run(a.name, func(t *testing.T) {
			w := newWorld(t)
			if a.with != nil {
				a.with(w)
			}
			w.onLoad(func() { w.zone.set(ownerHost, victim) })
			run, err := w.attack(a.text+"\nload: {rate: 40/s, for: 2500ms}", a.opt)
			if err != nil {
				t.Fatal(err)
			}
			w.checkVictim(a.connections, a.proofs)
			if n := refusedArrivals(t, run); n < 10 {
				t.Errorf("%d arrivals were refused, want the last seconds' worth", n)
			}
			told := false
			for _, e := range run.Events {
				told = told || e.Kind == "authorisation" && strings.Contains(e.Text, "nothing is sent to "+victim)
			}
			if !told {
				t.Errorf("no event tells that the victim was refused: %+v", run.Events)
			}
		})
	}
}

// refusedArrivals counts what was for the victim, of which nothing was sent.
func refusedArrivals(t *testing.T, run *results.Run) (n int) {
	t.Helper()
	for c, err := range run.Cells {
		if err != nil {
			t.Fatal(err)
		}
		if c.Edge.String() == victim {
			n += int(c.Count)
			if c.Written != 0 || c.Outcome != results.Transport {
				t.Errorf("%d requests were sent to the victim, outcome %v", c.Written, c.Outcome)
			}
		}
	}
	return n
}

// What the target answers leads load nowhere else: not a redirect, nor another
// service that it names. The same holds for the proof and for control requests.
func TestAnswersLeadNowhere(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	elsewhere := func(status int) http.HandlerFunc {
		return func(out http.ResponseWriter, r *http.Request) {
			scheme, port := "http", plainPort
			if r.TLS != nil {
				scheme, port = "https", securePort
			}
			out.Header().Set("Location", scheme+"://"+victim+":"+port+"/load")
			out.Header().Set("Alt-Svc", `h2="`+victim+`:8443", h3="`+victim+`:8443"; ma=3600; persist=1`)
			out.Header().Set("Refresh", "0; url="+scheme+"://"+victim+":"+port+"/load")
			out.WriteHeader(status)
		}
	}
	for _, status := range []int{200, 301, 302, 303, 307, 308, 421} {
		for protocol, url := range map[string]string{"h1": "http://OWNER:PLAIN", "h2": "https://OWNER:SECURE", "h3": "https://OWNER:SECURE"} {
			t.Run(protocol+" "+http.StatusText(status), func(t *testing.T) {
				w := newWorld(t)
				w.answer(owner, elsewhere(status))
				run, err := w.attack(`
target: {url: "`+url+`", ca: "CA", authorization: {attest: ours}}
clients: {count: 2, protocol: `+protocol+`, resolvers: ["RESOLVER"], new-viewers: 50%}
load: {rate: 40/s, for: 500ms}`, Options{})
				if err != nil {
					t.Fatal(err)
				}
				if run.Info.Authorization != "attest: ours" || w.load(owner) == 0 {
					t.Errorf("%d requests at the owner by %q, want about 20", w.load(owner), run.Info.Authorization)
				}
				w.checkVictim(0, 0)
			})
		}
	}
	for _, status := range []int{301, 302, 307, 308} {
		t.Run("proof "+http.StatusText(status), func(t *testing.T) {
			w := newWorld(t)
			w.publish(victim)
			w.answer(owner, func(out http.ResponseWriter, r *http.Request) {
				http.Redirect(out, r, "http://"+victim+":"+plainPort+r.URL.Path, status)
			})
			_, err := w.attack(`target: {url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, Options{})
			var refused *RefusedError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), "it is a redirect") {
				t.Errorf("Run() = %v, want a refusal for the redirect", err)
			}
			w.checkVictim(0, 0)
		})
	}
	t.Run("control", func(t *testing.T) {
		w := newWorld(t)
		w.host("127.0.0.1", "localhost")
		w.answer("127.0.0.1", elsewhere(302))
		run, err := w.attack("target: {url: \"http://OWNER:PLAIN\", authorization: {attest: ours}}\norigin: {control: \"http://127.0.0.1:PLAIN/\"}", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(run.Control) == 0 || run.Control[0].Status != 302 {
			t.Errorf("control answers %+v, want a 302", run.Control)
		}
		w.checkVictim(0, 0)
	})
}

// A proxy that the environment names gets neither load nor proofs nor control
// requests.
func TestEnvironmentsProxyIsNotUsed(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+victim+":"+plainPort)
	}
	t.Setenv("NO_PROXY", "")
	if !netns.Inside(t) {
		return
	}
	for _, url := range []string{"http://OWNER:PLAIN", "https://OWNER:SECURE"} {
		t.Run(url, func(t *testing.T) {
			w := newWorld(t)
			w.publish(owner)
			_, err := w.attack(`
target: {url: "`+url+`", ca: "CA", authorization: {proof: well-known, token: TOKEN}}
origin: {control: "http://198.51.100.1:PLAIN/health", authorization: {attest: ours}}`, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if w.load(owner) < 10 || w.proofs(owner) != 1 {
				t.Errorf("%d requests and %d proofs at the owner, want about 40 and 1", w.load(owner), w.proofs(owner))
			}
			w.checkVictim(0, 0)
		})
	}
}

// What holds lets a run through, and the run file keeps it.
func TestProofsThatHold(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	const second = "198.51.100.2"
	when := `, \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`
	for _, row := range []struct {
		name   string
		with   func(*world)
		text   string
		opt    Options
		held   string // expression for the authorisation of the run file
		proofs int    // at each of the owner's addresses
	}{
		{
			name: "a record, over http", held: `^proof: dns TXT _frontload.www.owner.test` + when + `$`,
			with: func(w *world) { w.zone.record("_frontload."+ownerHost, "v=other", "frontload="+token) },
			text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: dns, token: TOKEN}}`,
		},
		{
			name: "a record, over https, with the token of the environment", held: `^proof: dns TXT _frontload.www.owner.test and certificate at 2 addresses` + when + `$`,
			with: func(w *world) { w.zone.record("_frontload."+ownerHost, token) }, opt: Options{Token: token + "\n"},
			text: `target: {url: "https://OWNER:SECURE", ca: "CA", authorization: {proof: dns}}`,
		},
		{
			name: "records of both names", held: `^proof: dns TXT _frontload.www.owner.test and _frontload.edge.owner.test, `,
			with: func(w *world) {
				w.zone.set("edge.owner.test", owner, second)
				w.zone.record("_frontload."+ownerHost, token)
				w.zone.record("_frontload.edge.owner.test", token)
			},
			text: `target: {url: "http://edge.owner.test:PLAIN", host: "www.Owner.test:PLAIN", authorization: {proof: dns, token: TOKEN}}`,
		},
		{
			name: "a record of the Host, the URL's name being CloudFront's", held: `^proof: dns TXT _frontload.www.owner.test and certificate`,
			with: func(w *world) {
				w.zone.set("d111111abcdef8.cloudfront.net", owner, second)
				w.zone.record("_frontload."+ownerHost, token)
			},
			text: `target: {url: "https://d111111abcdef8.cloudfront.net:SECURE", host: OWNER, ca: "CA", authorization: {proof: dns, token: TOKEN}}`,
		},
		{
			name: "a record that is an alias", held: `^proof: dns TXT _frontload.www.owner.test`,
			with: func(w *world) {
				w.zone.alias("_frontload."+ownerHost, "proofs.owner.test")
				w.zone.record("proofs.owner.test", token)
			},
			text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: dns, token: TOKEN, attest: CHG-1}}`,
		},
		{
			name: "a file, over http", held: `^proof: well-known at 2 addresses` + when + `; attest: CHG-1$`, proofs: 1,
			text: `target: {url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN, attest: CHG-1}}`,
		},
		{
			name: "a file, over https and HTTP/2", held: `^proof: well-known at 2 addresses`, proofs: 1,
			text: "target: {url: \"https://OWNER:SECURE\", ca: \"CA\", authorization: {proof: well-known, token: TOKEN}}\nclients: {protocol: h2, resolvers: [\"RESOLVER\"]}",
		},
		{
			name: "a file, for load over HTTP/3", held: `^proof: well-known at 2 addresses`, proofs: 1,
			text: "target: {url: \"https://OWNER:SECURE\", ca: \"CA\", authorization: {proof: well-known, token: TOKEN}}\nclients: {protocol: h3, resolvers: [\"RESOLVER\"]}",
		},
		{
			name: "a file at literal addresses", held: `^proof: well-known at 1 address,`, proofs: 1,
			text: `target: {url: "http://198.51.100.1:PLAIN", host: OWNER, authorization: {proof: well-known, token: TOKEN}}`,
		},
		{
			name: "CloudFront's own addresses", held: `^attest: ours; 2 of 2 addresses are CloudFront's by its ranges of 2026-11-20$`, opt: Options{IPRanges: "testdata/ip-ranges.json"},
			text: `target: {url: "http://OWNER:PLAIN", authorization: {attest: ours}}`,
		},
		{
			name: "addresses outside CloudFront's that are listed", opt: Options{IPRanges: "testdata/ip-ranges.json"},
			held: `^attest: ours; 1 of 2 addresses are CloudFront's by its ranges of 2026-11-20, the others are in target.outside$`,
			with: func(w *world) { w.host("192.0.2.7", ownerHost); w.zone.set(ownerHost, owner, "192.0.2.7") },
			text: `target: {url: "http://OWNER:PLAIN", outside: [192.0.2.0/28], authorization: {attest: ours}}`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.host(second, ownerHost)
			w.zone.set(ownerHost, owner, second)
			w.publish(owner)
			w.publish(second)
			if row.with != nil {
				row.with(w)
			}
			run, err := w.attack(row.text, row.opt)
			if err != nil {
				t.Fatal(err)
			}
			if !regexp.MustCompile(row.held).MatchString(run.Info.Authorization) {
				t.Errorf("authorisation %q, want %s", run.Info.Authorization, row.held)
			}
			if n := w.load(owner); n < 5 || w.proofs(owner) != row.proofs || w.proofs(second) > row.proofs {
				t.Errorf("%d requests, %d and %d proofs at the owner's addresses, want about 20, and %d each", n, w.proofs(owner), w.proofs(second), row.proofs)
			}
			w.checkVictim(0, 0)
		})
	}
}

// An address of the owner's that comes during the run is asked for its proof,
// once, and then used.
func TestNewAddressesAreProvedOnce(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	const second = "198.51.100.2"
	w := newWorld(t)
	w.host(second, ownerHost)
	w.publish(owner)
	w.publish(second)
	w.onLoad(func() { w.zone.set(ownerHost, owner, second) })
	run, err := w.attack(`
target: {url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN}}
load: {rate: 60/s, for: 3s}`, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w.proofs(owner) != 1 || w.proofs(second) != 1 || w.load(second) < 20 {
		t.Errorf("%d and %d proofs, %d requests at the new address, want 1, 1 and about 60", w.proofs(owner), w.proofs(second), w.load(second))
	}
	if !strings.HasPrefix(run.Info.Authorization, "proof: well-known at 2 addresses, ") {
		t.Errorf("authorisation %q", run.Info.Authorization)
	}
}

// Authorise judges as a run does, and sends no load.
func TestAuthorise(t *testing.T) {
	t.Parallel()
	if !netns.Inside(t) {
		return
	}
	for name, row := range map[string]struct {
		text          string
		opt           Options
		held, refused string
		notes         int
	}{
		"proved":    {text: `{url: "http://OWNER:PLAIN", authorization: {proof: well-known, token: TOKEN}}`, held: "^proof: well-known at 1 address, "},
		"loopback":  {text: `{url: "http://127.0.0.1:PLAIN"}`, held: "^loopback$"},
		"over http": {text: `{url: "http://OWNER:PLAIN", authorization: {proof: dns, token: TOKEN}}`, held: "^proof: dns TXT _frontload.www.owner.test, ", notes: 1},
		"refused":   {text: `{url: "http://VICTIM:PLAIN"}`, refused: "not authorised to load it; if it is yours to test"},
		"an old list": {
			text: `{url: "http://VICTIM:PLAIN", authorization: {attest: ours}}`, opt: Options{IPRanges: "testdata/ip-ranges-old.json"},
			refused: "is outside CloudFront's ranges", notes: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.publish(owner)
			w.zone.record("_frontload."+ownerHost, token)
			s, err := scenarios.Parse("test.yaml", []byte("version: 1\ntarget: "+w.fill(row.text)+w.fill("\nclients: {resolvers: [\"RESOLVER\"]}\nrequests: [{path: /load}]\nload: {rate: 5/s, for: 1s}\n")))
			if err != nil {
				t.Fatal(err)
			}
			plan, err := s.Plan()
			if err != nil {
				t.Fatal(err)
			}
			a, err := Authorise(t.Context(), plan, row.opt)
			var refused *RefusedError
			switch {
			case row.refused != "" && (!errors.As(err, &refused) || !regexp.MustCompile(row.refused).MatchString(err.Error())):
				t.Errorf("Authorise() = %v, want a refusal that matches %s", err, row.refused)
			case row.refused == "" && (err != nil || !regexp.MustCompile(row.held).MatchString(a.Text) || len(a.Addresses) != 1):
				t.Errorf("Authorise() = %+v, %v, want %s", a, err, row.held)
			}
			if len(a.Notes) != row.notes || a.Time.IsZero() {
				t.Errorf("notes %q at %v, want %d", a.Notes, a.Time, row.notes)
			}
			w.checkVictim(0, 0)
			if n := w.load(owner); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}
