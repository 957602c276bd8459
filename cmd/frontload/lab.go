package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newLab() *cobra.Command {
	var out output
	var l app.Lab
	var length string
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "serve the embedded CloudFront alone, for any tool to hit",
		Long: `Lab serves what rehearse attacks: edges in several edge locations on loopback
addresses, with caches, origins and a DNS server of their own, until it is interrupted.
HTTP/1.1, HTTP/2 and HTTP/3 are served with TLS, HTTP/1.1 in the clear with --plain.
The case's faults count from the first request. In the end it says what it counted.

Cases: ` + strings.Join(app.Cases(), ", ") + `.`,
		Example: `  frontload lab
  frontload lab --case calm --scenario lab.yaml --ca lab-ca.pem --distribution lab.json
  frontload lab --case origin-s3 --for 5m --json > counted.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if l.For, err = app.ParseDuration(length); err != nil {
				return usage(cmd, fmt.Errorf("--for: %w", err))
			}
			if l.For < 10*time.Second || l.For > 24*time.Hour {
				return usage(cmd, fmt.Errorf("--for: %s is not between 10s and 24h", l.For))
			}
			if l.InClear && l.CA != "" {
				return usage(cmd, fmt.Errorf("--ca does not go with --plain: there is no certificate in the clear"))
			}
			return app.ServeLab(cmd.Context(), l, out.to(cmd))
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.Case, "case", "mixed", "what goes wrong: `NAME` of a case")
	f.StringVar(&length, "for", "30s", "length of the load that the faults lie within, such as `30s`")
	f.Uint64Var(&l.Seed, "seed", 1, "`N` that draws the faults; the same draws the same")
	f.BoolVar(&l.InClear, "plain", false, "serve HTTP/1.1 in the clear")
	f.StringVar(&l.CA, "ca", "", "write the root certificate to `FILE`; left out: a temporary one")
	f.StringVar(&l.Scenario, "scenario", "", "write a scenario that attacks the lab to `FILE`")
	f.StringVar(&l.Config, "distribution", "", "write the distribution's configuration, as the AWS CLI prints it, to `FILE`")
	f.StringVar(&l.Log, "access-log", "", "write an access log, in CloudFront's standard form, to `FILE`")
	out.addJSON(cmd, "print what was counted as one JSON document, and no text")
	out.addQuiet(cmd)
	return cmd
}
