package accesslog

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A walk finds the logs in a directory and all below it. Hidden files and
// directories are passed over. Links are followed, but to no place twice.
type walk struct {
	*finder
	list    []*input
	known   bool  // something in it was found before
	foreign error // why the first file that is no log is none
}

// unreadable is why directories are passed over.
const unreadable = "directory passed over: it cannot be read"

func (w *walk) directory(dir string) error {
	// With a separator at its end, a link to a directory is that directory.
	root := strings.TrimSuffix(dir, string(filepath.Separator)) + string(filepath.Separator)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			w.skipped[unreadable]++
			return nil
		case strings.HasPrefix(d.Name(), ".") && path != root:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			if !w.first(path) {
				w.known = true
				return fs.SkipDir
			}
			return nil
		}
		return w.file(path)
	})
}

// file looks at what is no directory.
func (w *walk) file(path string) error {
	st, err := os.Stat(path)
	switch {
	case err == nil && st.IsDir(): // a link
		if err := w.directory(path); err != nil {
			w.skipped[unreadable]++
		}
		return nil
	case err != nil || !st.Mode().IsRegular(): // a broken link, a pipe, a socket
		return nil
	case !w.firstFile(path):
		w.known = true
		return nil
	}
	in := &input{name: path, inside: true}
	if err := in.look(w.o); err != nil {
		if w.foreign == nil {
			w.foreign = err
		}
		w.skipped[skipReason(err)]++
		return nil
	}
	w.list = append(w.list, in)
	return nil
}
