package main

import (
	"errors"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newAnalyze() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "analyze RUN",
		Short: "say what caused each burst of 503s in a run file",
		Example: `  frontload analyze rehearsal.db
  frontload analyze --json rehearsal.db | jq '.bursts[] | {verdict, confidence}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage(cmd, errors.New("name a run file, such as rehearsal.db"))
			}
			if err := refuseLater(cmd.Flags()); err != nil {
				return err
			}
			if len(args) > 1 {
				return app.NotYet("analyzing several inputs together")
			}
			return app.Analyze(args[0], out.to(cmd))
		},
	}
	out.addJSON(cmd, "print the analysis document, and no text")
	cmd.Flags().String("fields", "", "not yet")
	_ = cmd.Flags().MarkHidden("fields") // fails for an unknown flag only
	return cmd
}
