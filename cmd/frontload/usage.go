package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

// usage makes err one of wrong usage, and says where to read on.
func usage(cmd *cobra.Command, err error) error {
	return app.Usage(fmt.Errorf("%w\nsee '%s --help'", err, cmd.CommandPath()))
}
