package main

import (
	"errors"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newReport() *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "show a run file again: as text, JSON or HTML",
		Example: `  frontload report rehearsal.db
  frontload report rehearsal.db --html report.html`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(cmd, errors.New("name one run file, such as rehearsal.db"))
			}
			if err := refuseLater(cmd.Flags()); err != nil {
				return err
			}
			return app.Report(args[0], out.to(cmd))
		},
	}
	out.addJSON(cmd, "print the JSON document that attack prints, and no text")
	out.addHTML(cmd)
	out.addQuiet(cmd)
	for _, name := range []string{"junit", "markdown", "hlog", "vegeta", "csv"} {
		cmd.Flags().String(name, "", "not yet")
		_ = cmd.Flags().MarkHidden(name) // fails for an unknown flag only
	}
	return cmd
}
