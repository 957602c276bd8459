package accesslog

import (
	"fmt"
	"slices"
	"testing"
)

// namesOf counts paths by the names that they get in the end.
func namesOf(paths map[string]int64) map[string]int64 {
	p := newPaths()
	at := map[string]uint16{}
	rows := make([]int64, 1<<16)
	for path, n := range paths {
		at[path] = p.find([]byte(path))
		rows[at[path]] += n
	}
	n := newNaming(p, rows[:len(p.nodes)])
	got := map[string]int64{}
	for path, rows := range paths {
		got[n.names[n.of[at[path]]]] += rows
	}
	return got
}

// What a user of different sites sees as names of requests.
func TestPathNames(t *testing.T) {
	many := func(format string, n int) map[string]int64 {
		m := map[string]int64{}
		for i := range n {
			m[fmt.Sprintf(format, i)] = 1
		}
		return m
	}
	letters := func(format string, n int) map[string]int64 {
		m := map[string]int64{}
		for i := range n {
			m[fmt.Sprintf(format, string(rune('a'+i%26))+string(rune('a'+i/26)))] = 10
		}
		return m
	}
	for _, c := range []struct {
		say   string
		paths []map[string]int64
		want  map[string]int64
	}{
		{"numbered articles, however few", []map[string]int64{many("/articles/%d", 3)}, map[string]int64{"/articles/*": 3}},
		{"a whole site", []map[string]int64{
			many("/articles/%d", 2000), many("/img/2026/%d.jpg", 500),
			{"/": 100, "/index.html": 50, "/api/v1/items": 300, "/api/v1/users": 200, "/search?q=x": 70},
			many("/static/app.%08d.js", 9),
		}, map[string]int64{
			"/articles/*": 2000, "/img/*": 500, "/": 100, "/index.html": 50, "/api/v1/items": 300, "/api/v1/users": 200, "/search": 70, "/static/*": 9,
		}},
		{"what is below something that varies", []map[string]int64{many("/users/%d/orders", 100)}, map[string]int64{"/users/*": 100}},
		{"too many files for names of their own", []map[string]int64{letters("/blog/%s", 100), {"/": 1000}}, map[string]int64{"/blog/*": 1000, "/": 1000}},
		{"too many directories", []map[string]int64{letters("/%s/page", 200)}, map[string]int64{"/*": 2000}},
		{"deep down", []map[string]int64{{"/a/b/c/d/e/f.html": 5, "/a/b/c/g": 5}}, map[string]int64{"/a/b/c/*": 10}},
		{"one request in very many", []map[string]int64{{"/a": 100_000, "/b/c": 3, "/b/d": 200}}, map[string]int64{"/a": 100_000, "/*": 3, "/b/d": 200}},
		{"no path", []map[string]int64{{"-": 4, "/a": 1, "": 2}}, map[string]int64{"(no path)": 6, "/a": 1}},
		{"only the root", []map[string]int64{{"/": 4}}, map[string]int64{"/": 4}},
	} {
		all := map[string]int64{}
		for _, m := range c.paths {
			for path, n := range m {
				all[path] += n
			}
		}
		got := namesOf(all)
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s:\n got %v\nwant %v", c.say, got, c.want)
		}
	}
}

// Names are few, whatever the paths, and so is the tree.
func TestPathsAreBounded(t *testing.T) {
	p := newPaths()
	rows := make([]int64, 1<<16)
	for i := range 400_000 {
		letter := func(k int) string { return string(rune('a'+i/k%60)) + "x" }
		rows[p.find([]byte("/"+letter(1)+"/"+letter(60)+"/"+letter(3600)+"/"+letter(7)))]++
	}
	if len(p.nodes) > 4*mostNodes {
		t.Errorf("the tree has %d nodes, want at most %d", len(p.nodes), 4*mostNodes)
	}
	n := newNaming(p, rows[:len(p.nodes)])
	if len(n.names) > mostPathNames {
		t.Errorf("%d names, want at most %d: %v", len(n.names), mostPathNames, n.names)
	}
	if slices.Contains(n.names, "") {
		t.Errorf("a name is empty: %v", n.names)
	}
}
