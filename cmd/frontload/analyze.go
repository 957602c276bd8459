package main

import (
	"errors"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newAnalyze() *cobra.Command {
	var out output
	var what app.Analysis
	cmd := &cobra.Command{
		Use:   "analyze INPUT...",
		Short: "say what caused each burst of 503s in a run file, CloudFront's access logs or vegeta's results",
		Long: `Analyze reads a run file, or CloudFront's access logs with no load test at all: files,
directories with all that is in them, or - for standard input. Logs are known by their
content: standard logs v1, v2 as w3c, plain, JSON or Parquet, and real-time logs, packed
by gzip or not, in any order. Rows that cannot be read are counted with their reasons.

A run file and access logs of its time are joined by request id: what the logs know of
the requests that the run kept whole becomes evidence on its bursts, and how late the
logs are is told.

Results of vegeta are read too, as JSON, CSV or gob: where the answers' headers name
neither cache result nor edge location, the spread over paths and time is what tells.`,
		Example: `  frontload analyze rehearsal.db
  frontload analyze E2EXAMPLE.2026-11-20-09.*.gz
  frontload analyze launch.db ./access-logs/
  frontload analyze --json ./access-logs/ | jq '.bursts[] | {verdict, confidence}'
  aws s3 cp s3://BUCKET/KEY.gz - | frontload analyze -
  vegeta attack -targets t.txt -rate 500/s -duration 30s | frontload analyze -
  frontload analyze --fields timestamp,c-ip,sc-status,cs-uri-stem,x-edge-location real-time.log`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, errors.New("name a run file, such as rehearsal.db, or access logs"))
			}
			if cmd.Flags().Changed("fields") && what.Fields == "" {
				return usage(cmd, errors.New("--fields: no field is named"))
			}
			what.Inputs, what.Stdin = args, cmd.InOrStdin()
			return app.Analyze(cmd.Context(), what, out.to(cmd))
		},
	}
	out.addJSON(cmd, "print the analysis document, and no text")
	cmd.Flags().StringVar(&what.Fields, "fields", "", "names of the fields of real-time logs, in their order: `LIST` with commas")
	return cmd
}
