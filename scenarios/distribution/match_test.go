package distribution

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestMatch holds the examples of the CloudFront Developer Guide on path
// patterns, and what it says of them in words.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		what     string
		patterns string
		path     string
		want     string
	}{
		{"all .jpg files", "*.jpg", "/logo.jpg", "*.jpg"},
		{"all .jpg files, in directories too", "*.jpg", "/a/b/c.jpg", "*.jpg"},
		{"capitals tell apart", "*.jpg", "/LOGO.JPG", "*"},
		{"subdirectories are under the directory", "images/*.jpg", "/images/2026/05/sample.jpg", "images/*.jpg"},
		{"the name begins with a", "a*.jpg", "/apple.jpg", "a*.jpg"},
		{"the name begins with a", "a*.jpg", "/appalachian_trail_2012_05_21.jpg", "a*.jpg"},
		{"the path begins with a", "a*.jpg", "/abra/cadabra/magic.jpg", "a*.jpg"},
		{"the directory does not begin with a", "a*.jpg", "/b/apple.jpg", "*"},
		{"exactly two other characters", "a??.jpg", "/ant.jpg", "a??.jpg"},
		{"exactly two other characters", "a??.jpg", "/abe.jpg", "a??.jpg"},
		{"one is too few", "a??.jpg", "/an.jpg", "*"},
		{"three are too many", "a??.jpg", "/anna.jpg", "*"},
		{"an extension that begins so", "*.doc*", "/report.doc", "*.doc*"},
		{"an extension that begins so", "*.doc*", "/report.docx", "*.doc*"},
		{"? is not nothing", "*.doc?", "/report.doc", "*"},
		{"? is one character", "*.doc?", "/report.docm", "*.doc?"},
		{"the first that fits counts", "images/*.jpg images/* *.gif", "/images/sample.gif", "images/*"},
		{"the first that fits counts", "images/*.jpg images/* *.gif", "/images/sample.jpg", "images/*.jpg"},
		{"the last of them", "images/*.jpg images/* *.gif", "/photos/sample.gif", "*.gif"},
		{"none of them", "images/*.jpg images/* *.gif", "/photos/sample.png", "*"},
		{"a leading slash is optional", "/images/*", "/images/a.png", "/images/*"},
		{"a leading slash is optional", "images/*", "images/a.png", "images/*"},
		{"no star, no files below", "test/", "/test/file1.jpg", "*"},
		{"a query is no part of the path", "/a/b* /a*", "/a/b?c=1", "/a/b*"},
		{"the path is normalised", "/a/b* /a*", "/a/b/..?c=1", "/a*"},
		{"a query cannot make a fit", "*.jpg", "/search?q=x.jpg", "*"},
		{"doubled slashes are one", "/a/b", "//a///b", "/a/b"},
		{"needless escapes are taken away", "/api/*", "/%61p%69/x", "/api/*"},
		{"an escaped slash is none", "/api/*", "/api%2Fx", "*"},
		{"dots in names stay", "/a/..b/*", "/a/..b/c", "/a/..b/*"},
		{"nothing is above the root", "/a", "/../../a", "/a"},
		{"a star alone fits everything", "*", "/", "*"},
		{"stars one after the other", "/a/**/c", "/a/b/c", "/a/**/c"},
		{"a star takes as much as it must", "*a*a", "/aaaaab-a", "*a*a"},
		{"the root", "/", "/", "/"},
		{"the default root object does not show in the path", "/index.html", "/", "*"},
	} {
		d := Distribution{}
		for pattern := range strings.FieldsSeq(c.patterns) {
			d.Behaviours = append(d.Behaviours, Behaviour{Pattern: pattern})
		}
		d.Behaviours = append(d.Behaviours, Behaviour{Pattern: "*", Default: true})
		if got := d.Match(c.path).Pattern; got != c.want {
			t.Errorf("%s: with %s, Match(%q) = %s, want %s", c.what, c.patterns, c.path, got, c.want)
		}
	}
}

// TestFitsLikeARegularExpression holds fits against an oracle that is slow and
// obviously right.
func TestFitsLikeARegularExpression(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab/*?.")), 0, 10, -1).Draw(t, "pattern")
		path := rapid.StringOfN(rapid.RuneFrom([]rune("ab/.")), 0, 12, -1).Draw(t, "path")
		text := regexp.QuoteMeta(strings.TrimPrefix(pattern, "/"))
		text = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(text)
		want := regexp.MustCompile("^" + text + "$").MatchString(strings.TrimPrefix(path, "/"))
		if got := fits(pattern, path); got != want {
			t.Fatalf("fits(%q, %q) = %t, want %t", pattern, path, got, want)
		}
	})
}
