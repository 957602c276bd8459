package propose

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"frontload/scenarios/urls"
)

// maxPages bounds how many pages of a sitemap are taken: the most that one has
// by its protocol.
const maxPages = 50_000

// A Sitemap is what a sitemap names.
type Sitemap struct {
	Site    *url.URL // of the pages: scheme and host
	URLs    []URL    // of the site
	Foreign int      // pages of other sites
}

// errEnough ends the reading of a sitemap.
var errEnough = errors.New("enough")

// ReadSitemap reads the pages of a sitemap that are of the given site; nil
// stands for that of its first page. An index of sitemaps is an error that
// names one of them.
func ReadSitemap(site *url.URL, r io.Reader) (*Sitemap, error) {
	s := &Sitemap{Site: site}
	first, named := "", 0
	err := urls.ReadSitemap(r, func(text string) error {
		u, err := url.Parse(text)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
			return nil
		case s.Site == nil:
			s.Site = u
		}
		if !SameSite(u, s.Site) {
			s.Foreign++
			return nil
		}
		if path := pathOf(u); path != "" {
			s.URLs = append(s.URLs, URL{Link, path})
		}
		if len(s.URLs) >= maxPages {
			return errEnough
		}
		return nil
	}, func(text string) error {
		if named++; first == "" {
			first = text
		}
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, errEnough):
		return nil, err
	case named > 0:
		return nil, fmt.Errorf("it is an index of %d sitemaps: name one of them, such as %.200s", named, line(first))
	case len(s.URLs) == 0:
		return nil, errors.New("it names no page of the site")
	}
	return s, nil
}
