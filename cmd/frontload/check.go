package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newCheck() *cobra.Command {
	var out output
	var up app.Checkup
	var perRequest string
	cmd := &cobra.Command{
		Use:   "check SCENARIO",
		Short: "judge a scenario by CloudFront's rules before anything is sent",
		Long: `Check judges a scenario by CloudFront's rules for load tests, before anything is sent.
It has up to 50 of the clients look the target up, each by its own resolver and client
subnet, and shows what they are told; then the plan over time, with the clients that
join and the edge addresses that they reach; what all comes to and costs; and how every
rule stands, with what mends it.

It sends no load. The target gets no request at all, but for one HEAD with --head, and
but for the file of a well-known proof where the scenario names that; both only where
the target may be asked.

The cost is an estimate by CloudFront's prices on demand. Those that are built in are
the first tier's, looked up in November 2026: $0.085 for a GB of data transfer from edge
locations in North America and Europe, and $0.01 for 10,000 HTTPS requests in the United
States (in Europe $0.012). https://aws.amazon.com/cloudfront/pricing/ has today's. It is
for requests alone where the bytes of an answer are not known: give --bytes-per-request,
or --head to take those of one answer for all.
What the origin costs is not counted, fetches from it among them, nor are functions,
logs and AWS WAF.

Exit codes: 0 checked, be rules broken or names unknown; 2 wrong usage or scenario;
5 an attack would be refused: not authorised, or a ban; 130 interrupted.`,
		Example: `  frontload check launch.yaml
  frontload check launch.yaml --head
  frontload check launch.yaml --bytes-per-request 50KiB --price-per-gb 0.11 --price-per-10k 0.012
  frontload check launch.yaml --json | jq '.guidance[] | select(.status == "broken") | {rule, fix}'
  curl -o ip-ranges.json https://ip-ranges.amazonaws.com/ip-ranges.json
  frontload check launch.yaml --ip-ranges ip-ranges.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, errors.New("name a scenario file, such as launch.yaml"))
			}
			var err error
			if perRequest != "" {
				if up.PerRequest, err = app.ParseSize(perRequest); err == nil && up.PerRequest == 0 {
					err = errors.New("0 is as much as not known: leave the flag out")
				}
				if err != nil {
					return usage(cmd, fmt.Errorf("--bytes-per-request: %w", err))
				}
			}
			s, err := app.Load(args[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			up.File, up.Own.Token = args[0], os.Getenv(app.TokenVariable)
			return app.Check(cmd.Context(), s, up, out.to(cmd))
		},
	}
	f := cmd.Flags()
	f.BoolVar(&up.Head, "head", false, "send one HEAD request, where the target may be asked, and show what answers")
	f.StringVar(&perRequest, "bytes-per-request", "", "bytes of an answer on the average, such as `50KiB`")
	f.StringVar(&up.Own.IPRanges, "ip-ranges", "", "refuse addresses outside CloudFront's ranges in this `FILE`, AWS's ip-ranges.json")
	up.Prices = app.DefaultPrices
	f.Var((*dollars)(&up.Prices.PerGB), "price-per-gb", "what AWS asks for a GB of data transfer: US `DOLLARS`")
	f.Var((*dollars)(&up.Prices.Per10k), "price-per-10k", "what AWS asks for 10,000 requests: US `DOLLARS`")
	out.addJSON(cmd, "print the check document, and no text")
	out.addQuiet(cmd)
	return cmd
}

// dollars is a flag's amount of money, of zero or more.
type dollars float64

func (d *dollars) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0) || math.IsInf(v, 0) {
		return fmt.Errorf("want an amount such as 0.085, got %q", text)
	}
	*d = dollars(v)
	return nil
}

func (d *dollars) String() string { return fmt.Sprintf("%v", float64(*d)) }

func (d *dollars) Type() string { return "DOLLARS" }
