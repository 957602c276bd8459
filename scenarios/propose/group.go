package propose

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

const (
	maxRequests = 24  // that are proposed
	maxFiles    = 100 // of one request
)

// Group makes requests of URLs: those of one kind and directory are one
// request. The largest ones are kept; the rest is how many URLs are not. Links
// together weigh as much as linked says, all else weighs one for each URL: each
// visit to a page asks for each of its files once.
func Group(urls []URL, linked float64) (requests []Request, rest int) {
	var groups []*group
	byKey := map[URL]*group{}
	links := 0
	for _, u := range urls {
		dir, file := split(u.Path)
		key := URL{u.Kind, dir}
		if file == "" { // one of its own
			key.Path = "=" + u.Path
		}
		g := byKey[key]
		if g == nil {
			g = &group{kind: u.Kind, dir: dir}
			byKey[key] = g
			groups = append(groups, g)
		}
		g.paths, g.files = append(g.paths, u.Path), append(g.files, file)
		if u.Kind == Link {
			links++
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(len(b.paths), len(a.paths)) })
	for _, g := range groups[min(maxRequests, len(groups)):] {
		rest += len(g.paths)
	}
	groups = groups[:min(maxRequests, len(groups))]
	slices.SortStableFunc(groups, func(a, b *group) int { return cmp.Compare(order(a.kind), order(b.kind)) })
	names := map[string]bool{"start": true}
	for _, g := range groups {
		weight := 1.0
		if g.kind == Link && links > 0 {
			weight = linked / float64(links)
		}
		requests = append(requests, g.request(names, weight))
	}
	return requests, rest
}

// group is the URLs that become one request.
type group struct {
	kind  Kind
	dir   string
	paths []string
	files []string
}

func order(k Kind) int { return slices.Index([]Kind{Link, Style, Script, Image, File}, k) }

// request makes the group a request; weight is that of one URL.
func (g *group) request(names map[string]bool, weight float64) Request {
	r := Request{Path: g.paths[0], Of: len(g.paths), Weight: round(weight * float64(len(g.paths)))}
	words := g.dir
	if len(g.paths) > 1 {
		r.Path, r.Files = g.dir+"{file}", g.files[:min(len(g.files), maxFiles)]
	} else {
		words, _, _ = strings.Cut(g.paths[0], "?")
	}
	r.Name = unique(name(g.kind, words), names)
	return r
}

// round keeps two digits, so that weights can be read, and no weight of zero.
func round(w float64) float64 {
	if w >= 10 {
		return math.Round(w)
	}
	return max(0.01, math.Round(100*w)/100)
}

// plainFile is a last segment that a variable sends as it stands.
var plainFile = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,200}$`)

// split cuts a path into its directory and its last segment, which is empty
// where a variable cannot stand for it.
func split(path string) (dir, file string) {
	i := strings.LastIndexByte(path, '/')
	if dir, file = path[:i+1], path[i+1:]; !plainFile.MatchString(file) || strings.Contains(dir, "?") {
		return dir, ""
	}
	return dir, file
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// name makes a name of a kind and a path: images-static-img.
func name(kind Kind, path string) string {
	words := strings.Trim(notWord.ReplaceAllString(strings.ToLower(path), "-"), "-")
	if len(words) > 40 {
		words = strings.TrimRight(words[:40], "-")
	}
	if words == "" {
		return string(kind)
	}
	return string(kind) + "-" + words
}

// unique returns the name, with a number behind it where it is taken.
func unique(name string, taken map[string]bool) string {
	for i, free := 2, name; ; i++ {
		if !taken[free] {
			taken[free] = true
			return free
		}
		free = fmt.Sprintf("%s-%d", name, i)
	}
}
