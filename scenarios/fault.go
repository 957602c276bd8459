package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Fault is one thing that is wrong with a scenario. In a file it has a
// place there; in flag mode it names a flag.
type Fault struct {
	File         string
	Line, Column int    // from 1, the column in characters; zero in flag mode
	Flag         string // such as "--rate"; empty in a file
	Message      string
	Source       string // the faulty line; empty in flag mode

	path string // of the faulty key
}

// Error returns "FILE:LINE:COLUMN: message", the source line and a line with
// a caret under the column; or else "--flag: message".
func (f Fault) Error() string {
	if f.Flag != "" {
		return f.Flag + ": " + f.Message
	}
	line, column := window(f.Source, f.Column)
	return fmt.Sprintf("%s:%d:%d: %s\n%s\n%s^", f.File, f.Line, f.Column, f.Message, line, indent(line, column))
}

// Faults is everything that is wrong with a scenario, in the order of the
// file. As an error it prints one after the other.
type Faults []Fault

// maxShown bounds how many faults an error prints.
const maxShown = 100

func (f Faults) Error() string {
	var b strings.Builder
	for i, fault := range f[:min(len(f), maxShown)] {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(fault.Error())
	}
	if n := len(f) - maxShown; n > 0 {
		fmt.Fprintf(&b, "\nand %d more faults", n)
	}
	return b.String()
}

// maxLine is how much of a long source line is shown, in characters.
const maxLine = 160

// window returns what to show of a source line, and the column in it.
func window(line string, column int) (string, int) {
	shown := []rune(strings.Map(printable, strings.TrimRight(line, "\r")))
	if len(shown) <= maxLine {
		return string(shown), column
	}
	from := min(max(0, column-maxLine/2), len(shown)-maxLine)
	return string(shown[from : from+maxLine]), column - from
}

// printable replaces what a terminal might obey.
func printable(r rune) rune {
	if r == utf8.RuneError || r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
		return '?'
	}
	return r
}

// indent returns blanks as wide as what stands before the column.
func indent(line string, column int) string {
	var b strings.Builder
	for _, r := range line {
		if column--; column < 1 {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// origin knows where each key of a scenario was written: in a file, or as
// flags. Keys are named by paths such as "requests[0].vars.id".
type origin struct {
	file  string
	lines []string          // of the file
	at    map[string]marks  // by path
	flags map[string]string // by path, in flag mode; then nothing else is set
}

// marks are the positions of a key and of its value.
type marks struct{ key, value mark }

// has reports whether the key was written.
func (o *origin) has(path string) bool {
	_, inFile := o.at[path]
	return inFile || o.flags[path] != ""
}

// faults gathers what is wrong with a scenario.
type faults struct {
	origin *origin
	all    Faults
	found  int             // faults met while checking, silent ones too
	silent map[string]bool // paths of which no more need be said: see settle
}

// settle is called between reading and checking, and again after checks whose
// faults say all that there is to say. What is found from here on
// at the path of an earlier fault, or at one of the given paths, is that
// fault's consequence, and left out.
func (f *faults) settle(paths []string) {
	if f.silent == nil {
		f.silent = make(map[string]bool)
	}
	for _, path := range paths {
		f.silent[path] = true
	}
	for _, fault := range f.all {
		f.silent[fault.path] = true
	}
}

// add reports a fault of the value at path; the message goes on after the
// path.
func (f *faults) add(path, format string, args ...any) {
	f.put(path, false, prefixed(path, fmt.Sprintf(format, args...)))
}

// addKey reports a fault of the key at path.
func (f *faults) addKey(path, format string, args ...any) {
	f.put(path, true, prefixed(path, fmt.Sprintf(format, args...)))
}

// later reports a part of the contract that this version does not carry out;
// what says so with its verb, such as "thresholds are".
func (f *faults) later(path, what string) {
	f.put(path, true, "not yet: "+what+" not supported in this version")
}

func prefixed(path, message string) string {
	if path == "" {
		return message
	}
	return path + ": " + message
}

func (f *faults) put(path string, key bool, message string) {
	f.found++
	if f.silent[path] {
		return
	}
	message = strings.Map(printable, message)
	if f.origin.flags != nil {
		f.putFlag(path, message)
		return
	}
	found, ok := f.origin.at[path]
	for p := path; !ok && p != ""; {
		p = parent(p)
		found, ok = f.origin.at[p]
		key = true
	}
	at := found.value
	if key && found.key != (mark{}) {
		at = found.key
	}
	f.putAt(path, at, message)
}

func (f *faults) putFlag(path, message string) {
	flag := f.origin.flags[path]
	for p := path; flag == "" && p != ""; {
		p = parent(p)
		flag = f.origin.flags[p]
	}
	message = strings.TrimPrefix(message, path+": ")
	f.all = append(f.all, Fault{Flag: cmp.Or(flag, "--url"), Message: message, path: path})
}

// putAt reports a fault of the key at path, which stands at a known place.
func (f *faults) putAt(path string, at mark, message string) {
	at = mark{max(1, at.line), max(1, at.column)}
	fault := Fault{File: f.origin.file, Line: at.line, Column: at.column, Message: message, path: path}
	if at.line <= len(f.origin.lines) {
		fault.Source = f.origin.lines[at.line-1]
	}
	f.all = append(f.all, fault)
}

// err returns all faults in the order of the file, or nil when there is none.
func (f *faults) err() error {
	if len(f.all) == 0 {
		return nil
	}
	slices.SortStableFunc(f.all, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return f.all
}

// parent returns the path of what holds path.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// join returns the path of a key within path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
