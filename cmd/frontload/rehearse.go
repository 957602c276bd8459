package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newRehearse() *cobra.Command {
	var out output
	var r app.Rehearsal
	var length string
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "run the main job against an embedded CloudFront on loopback",
		Long: `Rehearse starts an embedded CloudFront on loopback addresses: its DNS, edges in
several edge locations, caches and origins. It attacks it, and shows what an attack
shows. Something goes wrong on the way, as the case says; the report names the cause,
and the lab's own record says whether that was right.

Cases: ` + strings.Join(app.Cases(), ", ") + `.
A case whose name ends in -bare is the same with every telling header stripped.`,
		Example: `  frontload rehearse
  frontload rehearse --case origin-s3 --seed 3
  frontload rehearse --case mixed --json --out mixed.db`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if r.For, err = app.ParseDuration(length); err != nil {
				return usage(cmd, fmt.Errorf("--for: %w", err))
			}
			if r.For < 10*time.Second || r.For > time.Hour {
				return usage(cmd, fmt.Errorf("--for: %s is not between 10s, which a fault needs to show, and 1h", r.For))
			}
			name := strings.TrimSuffix(r.File, ".db") + ".html"
			if r.Simulate && !cmd.Flags().Changed("out") {
				r.File, name = "", "simulated.html"
			}
			if out.HTML == "" && !out.JSON && !cmd.Flags().Changed("html") {
				out.HTML = name
			}
			return app.Rehearse(cmd.Context(), r, out.to(cmd))
		},
	}
	f := cmd.Flags()
	f.StringVar(&r.Case, "case", "mixed", "what goes wrong: `NAME` of a case")
	f.StringVar(&length, "for", "30s", "length of the load, such as `30s`")
	f.Uint64Var(&r.Seed, "seed", 1, "`N` that draws arrivals, URLs and faults; the same draws the same")
	f.StringVar(&r.File, "out", "rehearsal.db", "write the run file to `FILE`, in the place of an older one; the HTML report goes beside it")
	f.BoolVar(&r.Simulate, "simulate", false, "in virtual time, without sockets: done in a moment; no run file unless --out is given, and simulated.html")
	f.StringVar(&r.Log, "access-log", "", "write the lab's own access log, in CloudFront's standard form, to `FILE`")
	out.addJSON(cmd, "print one JSON document, and no text")
	out.addHTML(cmd)
	out.addQuiet(cmd)
	return cmd
}
