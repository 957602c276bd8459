package main

import (
	"github.com/spf13/cobra"

	"frontload/internal/app"
)

// notYet are commands of the contract that this version refuses.
var notYet = []laterCommand{
	{"compare", "compare runs"},
	{"capacity", "plan an origin's capacity"},
	{"fleet", "attack from many regions"},
}

type laterCommand struct{ name, short string }

func (l laterCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:                l.name,
		Short:              l.short + " (not yet)",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return app.NotYet("the command " + l.name)
		},
	}
}
