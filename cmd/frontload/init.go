package main

import (
	"errors"

	"github.com/spf13/cobra"

	"frontload/internal/app"
)

func newInit() *cobra.Command {
	var out output
	var what app.Init
	cmd := &cobra.Command{
		Use:   "init URL | init --from-logs FILE",
		Short: "write a commented scenario to start from",
		Long: `Init writes a scenario file with comments, and says what to type next. It is made of

  a page       one GET, redirects within the site aside: its links, images, scripts
               and styles, those of one directory together
  a sitemap    its URL or its file, packed by gzip or not
  access logs  CloudFront's: sent again as often as recorded

The file holds a token. Published under the target's name, it shows that the target is
yours, which every run looks for first. No file is ever replaced.`,
		Example: `  frontload init https://www.example.com/
  frontload init https://www.example.com/sitemap.xml --out launch.yaml
  frontload init --from-logs 'access-logs/*.gz'
  frontload init https://staging.example.com --from-logs access-logs/`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && len(what.Logs) == 0 {
				return usage(cmd, errors.New("name a page, such as https://www.example.com/, a sitemap, or access logs with --from-logs FILE"))
			}
			for _, a := range args {
				what.From = a
			}
			return app.InitScenario(cmd.Context(), what, out.to(cmd))
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&what.Logs, "from-logs", nil, "make it of access logs: `FILE`, directory or pattern; may be given often")
	f.StringVar(&what.File, "out", "", "write the scenario to `FILE`; left out: HOST.yaml")
	f.StringVar(&what.Resolver, "resolver", "", "ask this DNS resolver: `IP:PORT`")
	f.StringVar(&what.CA, "ca", "", "trust this root certificate too: `FILE`")
	out.addQuiet(cmd)
	return cmd
}
