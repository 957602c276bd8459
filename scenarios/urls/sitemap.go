package urls

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

const (
	maxSitemap      = 256 << 20 // bytes of one, unpacked; 50 MB are the most by the protocol
	maxSitemaps     = 50_000    // that an index names: the most by the protocol
	maxSitemapDepth = 2         // of indexes in indexes
)

// ReadSitemap reads a sitemap (https://www.sitemaps.org/protocol.html) and
// calls page with the URL of each page in it, or index with that of each
// sitemap that it names, where it is an index of them. What else it holds,
// priorities too, is passed over: these are a site's wishes to search engines,
// and say nothing of what viewers ask for. An error of page's or index's ends
// it and comes back as it is.
func ReadSitemap(r io.Reader, page, index func(url string) error) error {
	limited := &io.LimitedReader{R: r, N: maxSitemap}
	d := xml.NewDecoder(limited)
	var open []string // names of the elements that are open
	var text strings.Builder
	root := ""
	for {
		token, err := d.Token()
		switch {
		case errors.Is(err, io.EOF) && root != "":
			return nil
		case limited.N <= 0:
			return fmt.Errorf("the sitemap is larger than %d bytes", maxSitemap)
		case errors.Is(err, io.EOF):
			return errors.New("it is no sitemap: it holds no urlset and no sitemapindex")
		case err != nil:
			return fmt.Errorf("it is no XML that can be read: %w", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if root == "" {
				root = t.Name.Local
			}
			if err := sitemapElement(root, len(open)); err != nil {
				return err
			}
			open = append(open, t.Name.Local)
			text.Reset()
		case xml.CharData:
			if len(open) == 3 && text.Len() < 2*maxTarget {
				text.Write(t)
			}
		case xml.EndElement:
			if err := located(open, strings.TrimSpace(text.String()), page, index); err != nil {
				return err
			}
			text.Reset()
			open = open[:len(open)-1]
		}
	}
}

// sitemapElement refuses what no sitemap holds: another root, and elements that
// lie deep in each other.
func sitemapElement(root string, depth int) error {
	switch {
	case root != "urlset" && root != "sitemapindex":
		return fmt.Errorf("it begins with %.40q and is no sitemap: expected a urlset or a sitemapindex", root)
	case depth > 64:
		return errors.New("it is no sitemap: its elements lie too deep in each other")
	}
	return nil
}

// located tells of a URL, where one ends here.
func located(open []string, text string, page, index func(url string) error) error {
	if text == "" {
		return nil
	}
	switch strings.Join(open, "/") {
	case "urlset/url/loc":
		return page(text)
	case "sitemapindex/sitemap/loc":
		return index(text)
	}
	return nil
}

// sitemap takes the pages of a sitemap, and of those that an index names: local
// files beside it, which have the last part of the URL's path for their name.
func (r *recorder) sitemap(in *input, depth int) error {
	var named []string
	err := ReadSitemap(in, func(url string) error {
		r.takeFound(url, shape{method: "GET"})
		return nil
	}, func(url string) error {
		if named = append(named, url); len(named) > maxSitemaps {
			return fmt.Errorf("the index names more than %d sitemaps", maxSitemaps)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	if len(named) > 0 && depth >= maxSitemapDepth {
		return fmt.Errorf("%s: indexes of sitemaps lie too deep in each other", in.name)
	}
	for _, url := range named {
		if err := r.besides(in, url, depth); err != nil {
			return err
		}
	}
	return nil
}

// besides reads a sitemap that an index names.
func (r *recorder) besides(in *input, url string, depth int) error {
	_, where, err := splitURL(url)
	if err != nil {
		where = "/" + url
	}
	where, _, _ = strings.Cut(where, "?")
	name := path.Base(where)
	if name == "/" || name == "." || name == ".." || strings.ContainsRune(name, filepath.Separator) {
		return fmt.Errorf("%s: the index names %.80q, which is no file", in.name, url)
	}
	file := filepath.Join(in.dir, name)
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("%s: the index names %.200s: download it to %s", in.name, url, file)
	}
	inner, err := r.open(file)
	if err != nil {
		return err
	}
	r.files++
	return errors.Join(r.sitemap(inner, depth+1), inner.close())
}
