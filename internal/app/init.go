package app

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"frontload/results/report/plain"
	"frontload/scenarios"
	"frontload/scenarios/proof"
	"frontload/scenarios/propose"
)

// An Init says what to make a scenario of.
type Init struct {
	From     string   // URL of a page or a sitemap, or a sitemap's file; with Logs the target, and empty for the logs' own host
	Logs     []string // access logs; none for the page
	File     string   // where the scenario goes; empty for HOST.yaml
	Resolver string   // "ip:port"; empty for the system's
	CA       string   // file of a root to trust as well; empty for none
}

// InitScenario writes a scenario to start from, never in the place of a file,
// and says what to type next.
func InitScenario(ctx context.Context, i Init, out Output) error {
	if u, err := parseURL(i.From); i.File == "" && err == nil {
		i.File = fileOf(u.Hostname())
	}
	if err := free(i.File); err != nil {
		return Usage(err)
	}
	s, err := i.propose(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w before anything was written", ErrInterrupted)
	}
	if err != nil {
		return err
	}
	if i.File == "" {
		i.File = fileOf(s.Host)
		if err := free(i.File); err != nil {
			return Usage(err)
		}
	}
	i.place(s)
	text := s.Text()
	if len(s.From) == 0 { // logs were read just now
		if _, err := scenarios.Parse(i.File, []byte(text)); err != nil {
			return fmt.Errorf("the scenario that was made has a fault, which is this program's own: %w", err)
		}
	}
	if err := writeNew(i.File, text); err != nil {
		return err
	}
	if !out.Quiet {
		_, err = fmt.Fprintf(out.Out, "%s", i.next(s))
	}
	return err
}

// fileOf returns the name of a host's scenario.
func fileOf(host string) string { return notInName.ReplaceAllString(host, "-") + ".yaml" }

var notInName = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

// free reports, as an error, that there is a file of this name, or no place for
// one.
func free(file string) error {
	if file == "" {
		return nil
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already and is not replaced: name another file with --out", file)
	}
	if _, err := os.Stat(filepath.Dir(file)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: the directory %s does not exist; make it first", file, filepath.Dir(file))
	}
	return nil
}

// writeNew writes a file that is not there yet.
func writeNew(file, text string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write %s: %w", file, reason(err))
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// place makes the paths that the scenario names relative to its own.
func (i Init) place(s *propose.Scenario) {
	s.CA = from(i.File, s.CA)
	for k := range s.From {
		s.From[k] = from(i.File, s.From[k])
	}
}

// next says what was written and the next commands to type.
func (i Init) next(s *propose.Scenario) string {
	publish := ""
	if !s.Loopback {
		publish = fmt.Sprintf("Publish the token that shows that %s is yours: %q\nin a TXT record at %s, or choose another way in the file.\n", s.Host, proof.Record(s.Token), proof.RecordName(s.Host))
	}
	return fmt.Sprintf("Wrote %s.\n%sNext:\n  frontload check %s\n  frontload attack %s --dry-run\n  frontload attack %s --html %s\n",
		i.File, publish, quote(i.File), quote(i.File), quote(i.File), quote(strings.TrimSuffix(i.File, filepath.Ext(i.File))+".html"))
}

// quote makes a file's name one word of a shell's, and no flag.
func quote(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	if name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune("./-_+,:@%", r) && !alphanumeric(r) }) {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}

func alphanumeric(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// propose makes a scenario of what there is to make one of.
func (i Init) propose(ctx context.Context) (*propose.Scenario, error) {
	if len(i.Logs) > 0 {
		return i.fromLogs(ctx)
	}
	if !strings.Contains(i.From, "://") {
		if _, err := os.Stat(i.From); err == nil {
			return i.fromFile()
		}
	}
	u, err := parseURL(i.From)
	if err != nil {
		return nil, Usage(err)
	}
	f, err := i.fetch(ctx, u)
	if err != nil {
		return nil, err
	}
	if body, err := unpacked(f.body); err == nil && isSitemap(body) {
		return i.fromSitemap(u, body, f.loopback)
	}
	return i.fromPage(f)
}

// parseURL reads the URL of a page.
func parseURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		return nil, fmt.Errorf("%q is neither a URL nor a file: write https://%s", text, text)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL: %w", text, reasonOf(err))
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return nil, fmt.Errorf("%q is not the URL of a page: it begins with https:// or http:// and a host name", text)
	case u.User != nil:
		return nil, errors.New("the URL holds a user and password, which would stand in the scenario: leave them out, and send them in a header")
	case propose.Start(u).Path == "":
		return nil, errors.New("the URL is longer than CloudFront takes, which is 8,192 bytes")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// scenario returns what is common to all scenarios of a site.
func (i Init) scenario(u *url.URL, loopback bool, origin string) *propose.Scenario {
	return &propose.Scenario{
		Origin: fmt.Sprintf("%s on %s", origin, time.Now().Format(time.DateOnly)), Name: u.Hostname(), URL: u.Scheme + "://" + u.Host, Host: u.Hostname(),
		Loopback: loopback, Token: proof.NewToken(), CA: i.CA, Resolver: i.Resolver,
	}
}

// fromPage asks for the page itself and for what it refers to.
func (i Init) fromPage(f *fetched) (*propose.Scenario, error) {
	if _, err := parseURL(f.url.String()); err != nil {
		return nil, fmt.Errorf("%s redirects to where no load can go: %w", i.From, err)
	}
	s := i.scenario(f.url, f.loopback, f.url.Redacted())
	var page propose.Page
	if f.html {
		page = propose.ReadPage(f.url, bytes.NewReader(f.body))
	}
	requests, rest := propose.Group(page.URLs, 1)
	s.Requests = append([]propose.Request{propose.Start(f.url)}, requests...)
	s.Notes = append(s.Notes, "One visit asks for the page, one of its links, and each of its files once: what a browser that knows nothing does.")
	s.Notes = append(s.Notes, leftOut(page.Foreign, "references to other sites")...)
	s.Notes = append(s.Notes, leftOut(page.Left, "links that may change something, such as a log-out")...)
	s.Notes = append(s.Notes, leftOut(rest, "URLs of the smaller directories")...)
	return s, nil
}

// leftOut says what was left out, if anything was.
func leftOut(count int, what string) []string {
	if count == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Left out, %s: %s.", what, plain.Count(int64(count)))}
}

// fromFile makes a scenario of a sitemap's file.
func (i Init) fromFile() (*propose.Scenario, error) {
	f, err := os.Open(i.From)
	if err != nil {
		return nil, Usage(err)
	}
	defer f.Close()
	body, err := io.ReadAll(io.LimitReader(f, maxFetched+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", i.From, reason(err))
	}
	if body, err = unpacked(body); err != nil {
		return nil, Usage(fmt.Errorf("%s: %w", i.From, err))
	}
	if !isSitemap(body) {
		return nil, Usage(fmt.Errorf("%s is no sitemap: for access logs write --from-logs %s", i.From, i.From))
	}
	return i.fromSitemap(nil, body, false)
}

// fromSitemap makes a scenario of a sitemap's pages, those of the first one's
// site where there is no URL.
func (i Init) fromSitemap(site *url.URL, body []byte, loopback bool) (*propose.Scenario, error) {
	found, err := propose.ReadSitemap(site, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", i.From, err)
	}
	s := i.scenario(found.Site, loopback || site == nil && isLoopback(found.Site.Hostname()), "the sitemap "+i.From)
	s.Notes = append(s.Notes, "A sitemap does not tell what viewers ask for most: each page counts alike.")
	s.Notes = append(s.Notes, leftOut(found.Foreign, "pages of other sites")...)
	if site == nil {
		s.From = []string{i.From}
		return s, nil
	}
	requests, rest := propose.Group(found.URLs, 100)
	s.Requests = requests
	s.Notes = append(s.Notes, leftOut(rest, "pages of the smaller directories")...)
	s.Notes = append(s.Notes, "For every page download the sitemap, and write in the place of these: - from: ./sitemap.xml")
	return s, nil
}

// isLoopback reports whether a host is loopback without a look-up.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() || host == "localhost"
}

func isSitemap(body []byte) bool {
	head := body[:min(len(body), 4<<10)]
	return bytes.Contains(head, []byte("<urlset")) || bytes.Contains(head, []byte("<sitemapindex"))
}

// unpacked returns what gzip packed, and anything else as it is.
func unpacked(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte("\x1f\x8b")) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	out, err := io.ReadAll(io.LimitReader(z, maxFetched+1))
	if err == nil && len(out) > maxFetched {
		err = fmt.Errorf("unpacked it is longer than %d bytes", maxFetched)
	}
	return out, err
}
