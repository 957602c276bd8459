package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"frontload/internal/app"
)

func newAttack() *cobra.Command {
	var out output
	var flags app.Flags
	var file, pace string
	var own app.Ownership
	var dry bool
	cmd := &cobra.Command{
		Use:   "attack SCENARIO | attack --url URL --rate 500/s --for 30s",
		Short: "send the load that a scenario file or flags describe",
		Long: `Attack sends the load that a scenario file describes, or that flags describe, and
names the cause of each burst of 503s that it meets. It writes a run file as it goes.

A target whose every address is loopback may be attacked as it is. Anything else needs
an authorisation, as target.authorization or by a flag: a proof, for which the token of
"frontload init" is published as a TXT record at _frontload.HOST or on a line of
https://HOST/.well-known/frontload.txt, or your word with --attest. It is judged before
each run, and for every address again before anything is sent there. A token that the
scenario leaves out is that of the environment variable FRONTLOAD_TOKEN.

A guided load has a guard: on a burst of edge capacity it holds the rate, backs off if
that does not help, and stops if nothing does.

Exit codes: 0 done, 1 failed while running, 2 wrong usage or scenario, 4 stopped by the
guard, 5 refused, 6 not to be believed since the generator was the bottleneck, 130
interrupted.`,
		Example: `  frontload attack --url http://127.0.0.1:8080/ --rate 500/s --for 30s
  frontload attack launch.yaml --dry-run
  frontload attack launch.yaml --out launch.db --html launch.html
  frontload attack --url https://www.example.com/ --rate 50/s --for 1m --attest "CHG-4711, we own it"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := refuseLater(cmd.Flags()); err != nil {
				return err
			}
			if !slices.Contains(app.Paces, pace) {
				return usage(cmd, fmt.Errorf("--pace is %q, want %s", pace, strings.Join(app.Paces, ", ")))
			}
			s, err := readScenario(cmd, args, flags)
			if err != nil {
				return err
			}
			if dry {
				return app.DryRun(s, out.to(cmd))
			}
			own.Token = os.Getenv(app.TokenVariable)
			return app.Attack(cmd.Context(), s, strings.Join(args, ""), file, pace, own, out.to(cmd))
		},
	}
	addScenarioFlags(cmd.Flags(), &flags)
	f := cmd.Flags()
	f.StringVar(&file, "out", "", "write the run file to `FILE`, in the place of an older one; left out: NAME-TIME.db")
	f.StringVar(&pace, "pace", app.Paces[0], "how exactly to keep to the schedule: `auto`, precise (takes up to a CPU) or 1ms (wakes once a ms)")
	f.BoolVar(&dry, "dry-run", false, "show the scenario with every default filled in, and send nothing")
	f.StringVar(&own.IPRanges, "ip-ranges", "", "refuse addresses outside CloudFront's ranges in this `FILE`, AWS's ip-ranges.json")
	out.addJSON(cmd, "print one JSON document, and no text")
	out.addHTML(cmd)
	out.addQuiet(cmd)
	for _, name := range attackLater {
		f.String(name, "", "not yet")
		_ = f.MarkHidden(name) // fails for an unknown flag only
	}
	return cmd
}

// attackLater are flags of the contract that this version refuses.
var attackLater = []string{"junit", "markdown", "samples", "ui", "metrics"}

// refuseLater refuses flags of the contract that are not carried out yet.
func refuseLater(f *pflag.FlagSet) error {
	var errs []error
	f.Visit(func(flag *pflag.Flag) {
		if flag.Usage == "not yet" {
			errs = append(errs, app.NotYet("--"+flag.Name))
		}
	})
	return errors.Join(errs...)
}

// addScenarioFlags adds the flags that stand for a scenario file.
func addScenarioFlags(f *pflag.FlagSet, s *app.Flags) {
	f.StringVar(&s.URL, "url", "", "attack this `URL`, without a scenario file")
	f.StringVar(&s.Rate, "rate", "", "requests per second, such as `500/s`")
	f.StringVar(&s.For, "for", "", "how long, such as `30s`")
	f.StringVar(&s.Arrivals, "arrivals", "", "`uniform` or poisson")
	f.Var((*number)(&s.Clients), "clients", "how many clients: `N`, 1 when left out")
	f.Var((*number)(&s.Connections), "connections", "connections per client and edge address: `N`; left out: at most 6 with h1, 1 with h2 and h3")
	f.StringVar(&s.NewViewers, "new-viewers", "", "share of requests that start on a fresh connection, such as `10%`")
	f.StringVar(&s.Resumption, "resumption", "", "whether later connections of a client resume its TLS session: `true` or false; true when left out")
	f.StringVar(&s.Protocol, "protocol", "", "`h1`, h2 or h3; left out: h1 for http, h2 for https")
	f.StringVar(&s.Method, "method", "", "HTTP `METHOD`, GET when left out")
	f.StringArrayVar(&s.Headers, "header", nil, "request header `'NAME: VALUE'`, in which ${env:NAME} is an environment variable's value; may be given often")
	f.StringVar(&s.Host, "host", "", "Host and TLS `NAME`, when they differ from the URL's")
	f.StringVar(&s.CA, "ca", "", "trust this root certificate too: `FILE`")
	f.StringSliceVar(&s.Addresses, "address", nil, "source address or `CIDR` of clients; may be given often")
	f.StringSliceVar(&s.Resolvers, "resolver", nil, "DNS `RESOLVER` of clients: ip:port, tls://ip#name, https://host/path or system; may be given often")
	f.StringSliceVar(&s.Subnets, "subnet", nil, "EDNS client subnet of clients, a `CIDR`; may be given often")
	f.StringVar(&s.Lookups, "lookups", "", "DNS budget per resolver, `100/s` when left out")
	f.StringVar(&s.LimitClient, "limit-client", "", "most requests of one client, such as `100/s`; left out: unlimited")
	f.StringVar(&s.LimitEdge, "limit-edge-address", "", "most requests to one edge address, such as `500/s`; left out: unlimited")
	f.StringVar(&s.Body, "body", "", "request body: `TEXT`")
	f.StringVar(&s.Timeout, "timeout", "", "await an answer so long, from the send; `100s` when left out")
	f.StringVar(&s.Attest, "attest", "", "`WHY` you may load this target; kept in the run file")
	f.StringVar(&s.Proof, "proof", "", "where the token stands that shows you own the target: `dns` or well-known")
	f.Uint64Var(&s.Seed, "seed", 0, "`N` that draws arrivals and URLs; 1 when left out")
}

// readScenario reads the scenario file, or makes a scenario of the flags.
func readScenario(cmd *cobra.Command, args []string, flags app.Flags) (*app.Scenario, error) {
	if len(args) == 0 {
		if flags.URL == "" {
			return nil, usage(cmd, errors.New("name a scenario file, or a target with --url URL --rate 500/s --for 30s"))
		}
		return app.FromFlags(flags)
	}
	if strings.Contains(args[0], "://") {
		return nil, usage(cmd, fmt.Errorf("%s is a target, not a scenario file: write --url %[1]s", args[0]))
	}
	var both []error
	scenarioFlags := pflag.NewFlagSet("", pflag.ContinueOnError)
	addScenarioFlags(scenarioFlags, new(app.Flags))
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if scenarioFlags.Lookup(f.Name) != nil {
			both = append(both, fmt.Errorf("--%s does not go with a scenario file: write it in %s", f.Name, args[0]))
		}
	})
	if both != nil {
		return nil, usage(cmd, errors.Join(both...))
	}
	s, err := app.Load(args[0], cmd.InOrStdin())
	if errors.Is(err, app.ErrNoFile) {
		err = fmt.Errorf("%w, or give --url, --rate and --for", err)
	}
	return s, err
}

// A number is a flag's, of one or more; zero when the flag was left out.
type number int

func (n *number) Set(text string) error {
	v, err := strconv.Atoi(text)
	if err != nil || v < 1 {
		return fmt.Errorf("want a whole number of 1 or more, got %q", text)
	}
	*n = number(v)
	return nil
}

func (n *number) String() string {
	if *n == 0 {
		return ""
	}
	return strconv.Itoa(int(*n))
}

func (n *number) Type() string { return "N" }
