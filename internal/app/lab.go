package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"frontload/results/report"
	"frontload/results/report/plain"
	"frontload/scenarios/lab"
)

// A Lab says what the embedded CloudFront serves, and what is written for those
// who use it.
type Lab struct {
	Case     string
	For      time.Duration // within which the case's faults lie, from the first request
	Seed     uint64
	InClear  bool   // HTTP/1.1 without TLS
	CA       string // file for the root certificate; empty for a temporary one
	Scenario string // file for a scenario to try; empty for none
	Config   string // file for the distribution's configuration; empty for none
	Log      string // file for the access log; empty for none
}

// labOpening is how every scenario and root certificate of a lab begins.
const labOpening = "# Made by `frontload lab`.\n"

func (l Lab) files() files {
	return files{out: []outFile{
		{"--ca", l.CA, labOpening},
		{"--scenario", l.Scenario, labOpening},
		{"--distribution", l.Config, lab.ConfigOpening},
		logFile(l.Log),
	}}
}

// labSchema names the document that a lab prints as JSON.
const labSchema = "frontload.lab/1"

// A labDocument is what a lab counted.
type labDocument struct {
	Schema  string     `json:"schema"`
	URL     string     `json:"url"`
	Truth   lab.Truth  `json:"truth"`
	Lookups labLookups `json:"lookups"` // DNS queries that were answered
}

type labLookups struct {
	A     int64 `json:"a"`
	AAAA  int64 `json:"aaaa"`
	Other int64 `json:"other"`
}

// ServeLab serves the embedded CloudFront alone until ctx ends, which is how it
// is meant to end, and shows what it counted.
func ServeLab(ctx context.Context, l Lab, out Output) (err error) {
	c, err := lab.FindCase(l.Case)
	if err != nil {
		return Usage(err)
	}
	if err := l.files().check(); err != nil {
		return err
	}
	model := lab.New(c, l.Seed, l.For)
	closeLog, err := accessLog(model, l.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeLog()) }()
	return l.serve(ctx, c, model, out)
}

func (l Lab) serve(ctx context.Context, c lab.Case, model *lab.Model, out Output) error {
	server, err := lab.Serve(model, lab.Config{TLS: !l.InClear})
	if err != nil {
		return fmt.Errorf("start the lab: %w", err)
	}
	defer server.Close()
	dir, err := os.MkdirTemp("", "frontload-lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := l.write(c, model, server, dir); err != nil {
		return err
	}
	talk := out.Out
	if out.JSON {
		talk = out.Err
	}
	if !out.Quiet {
		fmt.Fprint(talk, l.opening(c, server))
	}
	<-ctx.Done()
	lookups := server.LookupCounts()
	if err := server.Close(); err != nil {
		return fmt.Errorf("end the lab: %w", err)
	}
	d := labDocument{labSchema, server.URL(), model.Truth(), labLookups{lookups.A, lookups.AAAA, lookups.Other}}
	if out.JSON {
		return report.JSON(out.Out, d)
	}
	if !out.Quiet {
		d.show(talk)
	}
	return nil
}

// write writes the files that were asked for, and the root certificate.
func (l *Lab) write(c lab.Case, model *lab.Model, server *lab.Server, dir string) error {
	all := l.files().out
	if l.InClear {
		l.CA = ""
	} else if l.CA == "" {
		l.CA = filepath.Join(dir, "ca.pem")
		all[0].path = l.CA
	}
	config, err := model.Distribution(lab.DefaultName)
	if err != nil {
		return err
	}
	place := lab.Place{URL: server.URL(), Resolver: server.Resolver(), For: l.For, Seed: l.Seed, CAFile: from(l.Scenario, l.CA), Distribution: from(l.Scenario, l.Config)}
	texts := []string{labOpening + string(server.CA()), labOpening + c.Scenario(place), string(config)}
	for i, text := range texts {
		if all[i].path == "" || i == 0 && l.InClear {
			continue
		}
		f, err := all[i].create()
		if err != nil {
			return fmt.Errorf("write %s: %w", all[i].path, err)
		}
		_, err = f.WriteString(text)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// from returns a path as a file that lies elsewhere has to name it.
func from(file, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	if rel, err := filepath.Rel(filepath.Dir(file), path); err == nil {
		return rel
	}
	return path
}

// opening says where the lab is and how to reach it.
func (l Lab) opening(c lab.Case, server *lab.Server) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The embedded CloudFront serves the case %s: %s.\n", c.Name, c.Title)
	if c.Faulty() {
		fmt.Fprintf(&b, "Faults lie within %s of the first request.\n", l.For)
	}
	fmt.Fprintf(&b, "\n  URL       %s\n  resolver  %s\n", server.URL(), server.Resolver())
	if !l.InClear {
		fmt.Fprintf(&b, "  CA file   %s\n", l.CA)
	}
	b.WriteString("\nTry, in another terminal:\n")
	if l.Scenario != "" {
		fmt.Fprintf(&b, "  frontload attack %s\n", quote(l.Scenario))
	} else {
		fmt.Fprintf(&b, "  frontload attack --url %s --resolver %s%s --rate 100/s --for 30s\n", server.URL(), server.Resolver(), l.flag(" --ca"))
	}
	fmt.Fprintf(&b, "  curl -i%s --connect-to ::%s %s/\n\nCtrl-C ends it and shows what it counted.\n", l.flag(" --cacert"), net.JoinHostPort(lab.FirstEdge().String(), portOf(server.URL())), server.URL())
	return b.String()
}

// flag returns a flag with the root certificate, or nothing in the clear.
func (l Lab) flag(name string) string {
	if l.InClear {
		return ""
	}
	return name + " " + quote(l.CA)
}

func portOf(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Port()
}

// show writes what was counted as text.
func (d *labDocument) show(w io.Writer) {
	t := &d.Truth
	count := func(n int64) string { return plain.Count(n) }
	fmt.Fprintf(w, "\n%s requests from %s addresses, %s answered with 503; %s look-ups (%s A, %s AAAA)\n", count(t.Requests), count(int64(len(t.Clients))),
		count(t.Responses503), count(d.Lookups.A+d.Lookups.AAAA+d.Lookups.Other), count(d.Lookups.A), count(d.Lookups.AAAA))
	for _, cause := range slices.Sorted(maps.Keys(t.Causes)) {
		fmt.Fprintf(w, "  503 by %-16s %10s\n", cause, count(t.Causes[cause]))
	}
	table := func(title string, counts map[string]lab.Count) {
		fmt.Fprintf(w, "%-17s %16s %10s\n", title, "requests", "503")
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			if c := counts[name]; c.Requests > 0 {
				fmt.Fprintf(w, "  %-15s %16s %10s\n", name, count(c.Requests), count(c.Responses503))
			}
		}
	}
	if t.Requests > 0 {
		table("edge location", t.POPs)
		table("edge address", t.Edges)
		table("origin", t.Origins)
	}
	for _, f := range t.Faults {
		if f.Start < t.Last {
			fmt.Fprintf(w, "fault: %s from %.1f to %.1f s\n", f.Verdict, f.Start.Seconds(), f.End.Seconds())
		}
	}
}
