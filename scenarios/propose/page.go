package propose

import (
	"cmp"
	"io"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxURLs bounds how many URLs of a page are looked at.
const maxURLs = 10_000

// A Page is what a page refers to.
type Page struct {
	URLs    []URL // of the page's own site, each once, in order
	Foreign int   // references to other sites, and to what is not fetched by HTTP
	Left    int   // links that might change something, such as /logout
}

// ReadPage reads the HTML of a page at the given URL. It never fails: what
// cannot be read ends it. The reader bounds how much is read.
func ReadPage(at *url.URL, r io.Reader) Page {
	p := pageReader{base: at, site: at, seen: map[URL]bool{}}
	z := html.NewTokenizer(r)
	z.SetMaxBuf(1 << 20)
	for p.looked < maxURLs {
		switch z.Next() {
		case html.ErrorToken:
			return p.Page
		case html.StartTagToken, html.SelfClosingTagToken:
			p.tag(z.Token())
		}
	}
	return p.Page
}

type pageReader struct {
	Page
	base, site *url.URL
	seen       map[URL]bool
	looked     int
}

func (p *pageReader) tag(t html.Token) {
	switch t.DataAtom {
	case atom.Base:
		if u, err := p.base.Parse(value(t, "href")); err == nil && value(t, "href") != "" {
			p.base = u
		}
	case atom.A, atom.Area:
		p.add(Link, value(t, "href"))
	case atom.Img, atom.Image:
		p.add(Image, cmp.Or(value(t, "src"), first(value(t, "srcset")))) // browsers take one of them
	case atom.Source, atom.Video, atom.Audio, atom.Track, atom.Embed, atom.Iframe:
		p.add(File, value(t, "src"))
		p.add(Image, value(t, "poster"))
	case atom.Script:
		p.add(Script, value(t, "src"))
	case atom.Link:
		p.link(t)
	}
}

// link takes what a link element refers to, by its relation.
func (p *pageReader) link(t html.Token) {
	href := value(t, "href")
	for rel := range strings.FieldsSeq(strings.ToLower(value(t, "rel"))) {
		switch rel {
		case "stylesheet":
			p.add(Style, href)
		case "icon", "apple-touch-icon":
			p.add(Image, href)
		case "modulepreload":
			p.add(Script, href)
		case "preload", "manifest":
			p.add(kindOf(value(t, "as")), href)
		}
	}
}

// kindOf returns the kind of what is preloaded.
func kindOf(as string) Kind {
	switch as {
	case "script", "worker":
		return Script
	case "style":
		return Style
	case "image":
		return Image
	}
	return File
}

func value(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return strings.TrimSpace(a.Val)
		}
	}
	return ""
}

// first returns the first image of a set.
func first(set string) string {
	one, _, _ := strings.Cut(set, ",")
	if fields := strings.Fields(one); len(fields) > 0 {
		return fields[0]
	}
	return ""
}

// add takes a reference, unless it is one of another site or was there before.
func (p *pageReader) add(kind Kind, ref string) {
	if ref == "" || ref[0] == '#' || strings.HasPrefix(ref, "data:") || len(ref) > maxPath {
		return
	}
	p.looked++
	u, err := p.base.Parse(ref)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || !SameSite(u, p.site) {
		p.Foreign++
		return
	}
	path := pathOf(u)
	switch found := (URL{kind, path}); {
	case path == "" || p.seen[found]:
	case kind == Link && changes(path):
		p.seen[found] = true
		p.Left++
	default:
		p.seen[found] = true
		p.URLs = append(p.URLs, found)
	}
}

// changing are words of links that may do more than show a page, wrong as it
// is for them to.
var changing = []string{
	"logout", "log-out", "log_out", "logoff", "signout", "sign-out", "sign_out", "delete", "remove", "unsubscribe", "add-to-cart", "add_to_cart", "addtocart", "checkout",
}

func changes(path string) bool {
	path = strings.ToLower(path)
	for _, word := range changing {
		if strings.Contains(path, word) {
			return true
		}
	}
	return false
}
