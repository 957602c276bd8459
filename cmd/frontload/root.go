package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"frontload/internal/app"
	"frontload/internal/nearest"
)

// newRoot returns the command line.
func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "frontload",
		Short: "load-test CloudFront by its own rules, and learn who wrote the 503s",
		Long: `Frontload load-tests Amazon CloudFront the way CloudFront asks to be load-tested,
and says of every burst of HTTP 503s whether the edge or the origin caused it.`,
		Example: `  frontload rehearse                                  # an embedded CloudFront, no set-up
  frontload check launch.yaml                         # by CloudFront's rules; sends no load
  frontload attack --url http://127.0.0.1:8080 --rate 500/s --for 30s
  frontload attack launch.yaml --html launch.html
  frontload report launch-20261123-101500.db`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,

		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, noSuchFlag(cmd, err)) })
	root.AddCommand(newRehearse(), newCheck(), newAttack(), newAnalyze(), newReport(), newLab(), newInit(), newSchema(), newVersion(), newCompletion(root))
	for _, later := range notYet {
		root.AddCommand(later.command())
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp(root))
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	checkArgs(root)
	return root
}

// newHelp returns the command that shows the help of another.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err == nil && len(rest) > 0 {
				err = noSuchCommand(root, rest)
			}
			if err != nil {
				return usage(root, err)
			}
			return cmd.Help()
		},
	}
}

// noSuchCommand says what was probably meant by a word that is no command.
func noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("there is no command %q, did you mean %s?", args[0], near[0])
	}
	return fmt.Errorf("there is no command %q", args[0])
}

// elsewhere are flags that other programs have, and what they are called here.
var elsewhere = map[string]string{
	"duration": "for", "time": "for", "length": "for", "rps": "rate", "qps": "rate", "requests-per-second": "rate",
	"concurrency": "clients", "users": "clients", "vus": "clients", "output": "out", "target": "url", "data": "body",
	"headers": "header", "cacert": "ca", "report": "html",
}

// noSuchFlag says what was probably meant by a flag that there is not.
func noSuchFlag(cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	if short := unknown.GetSpecifiedShortnames(); short != "" {
		return fmt.Errorf("there is no flag -%s: flags are words with two dashes, such as --for 30s", short)
	}
	if ours := elsewhere[unknown.GetSpecifiedName()]; cmd.Flags().Lookup(ours) != nil {
		return fmt.Errorf("%w, did you mean --%s?", err, ours)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if near := nearest.Word(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w, did you mean --%s?", err, near)
	}
	return err
}

// checkArgs makes every command's complaint about its arguments one of usage.
func checkArgs(cmd *cobra.Command) {
	for _, c := range append(cmd.Commands(), cmd) {
		check := c.Args
		c.Args = func(cmd *cobra.Command, args []string) error {
			if check == nil {
				return nil
			}
			if err := check(cmd, args); err != nil {
				return usage(cmd, err)
			}
			return nil
		}
	}
}

// output gathers the flags that many commands have.
type output struct{ app.Output }

func (o *output) addJSON(cmd *cobra.Command, what string) {
	cmd.Flags().BoolVar(&o.JSON, "json", false, what)
}

func (o *output) addQuiet(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.Quiet, "quiet", false, "neither progress nor text, only errors and JSON")
}

func (o *output) addHTML(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.HTML, "html", "", "write the HTML report to `FILE`")
}

// to completes the output with where the command writes.
func (o *output) to(cmd *cobra.Command) app.Output {
	o.Out, o.Err = cmd.OutOrStdout(), cmd.ErrOrStderr()
	o.Page = 100
	if f, ok := o.Out.(*os.File); ok {
		if w := columns(f); w > 0 {
			o.Page = min(o.Page, w)
		}
	}
	if f, ok := o.Err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Terminal = true
		o.Width = func() int { return columns(f) }
	}
	return o.Output
}

// columns returns the width of a terminal, or zero for what is none.
func columns(f *os.File) int {
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}
