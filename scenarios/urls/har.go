package urls

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"frontload/results"
)

// maxHAR bounds a HAR file, in bytes: the answers' bodies are in it.
const maxHAR = 256 << 20

// A harEntry is what is read of an exchange in a HAR file (HTTP Archive 1.2).
type harEntry struct {
	Request struct {
		Method   string                         `json:"method"`
		URL      string                         `json:"url"`
		Headers  []struct{ Name, Value string } `json:"headers"`
		PostData struct {
			Text string `json:"text"`
		} `json:"postData"`
	} `json:"request"`
}

// har reads the requests of a HAR file, an entry at a time.
func (r *recorder) har(in *input) error {
	limited := &io.LimitedReader{R: in, N: maxHAR}
	d := json.NewDecoder(limited)
	err := intoKey(d, "log", func() error {
		return intoKey(d, "entries", func() error { return r.harEntries(d, in) })
	})
	switch {
	case err == nil:
		return nil
	case limited.N <= 0:
		return fmt.Errorf("%s: the HAR file is larger than %d bytes", in.name, maxHAR)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the HAR file ends in the middle", in.name)
	}
	return fmt.Errorf("%s: it is no HAR file that can be read: %w", in.name, jsonFault(err))
}

// intoKey reads an object and calls do at the value of a key, passing over the
// others. That the object has no such key is an error.
func intoKey(d *json.Decoder, key string, do func() error) error {
	if err := wantDelim(d, '{'); err != nil {
		return err
	}
	found := false
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		if name == key && !found {
			found = true
			err = do()
		} else {
			err = passOver(d)
		}
		if err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("it has no %q", key)
	}
	_, err := d.Token()
	return err
}

func wantDelim(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err == nil && t != want {
		err = fmt.Errorf("want %s, got %.40q", want, fmt.Sprint(t))
	}
	return err
}

// passOver reads a value of any depth, without keeping it.
func passOver(d *json.Decoder) error {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

func (r *recorder) harEntries(d *json.Decoder, in *input) error {
	if err := wantDelim(d, '['); err != nil {
		return err
	}
	for d.More() {
		var e harEntry
		if err := d.Decode(&e); err != nil {
			return err
		}
		r.harEntry(&e)
	}
	_, err := d.Token()
	return err
}

// notReplayed are headers of a browser that hold for its own cache only.
var notReplayed = map[string]bool{"if-none-match": true, "if-modified-since": true, "if-match": true, "if-unmodified-since": true, "if-range": true}

const noURL = "with no URL that can be asked for"

// harEntry takes an exchange's request. Secrets in headers, such as cookies,
// are one person's: they are not sent for all clients.
func (r *recorder) harEntry(e *harEntry) {
	s := shape{method: strings.Clone(e.Request.Method)}
	if !r.replays(s.method) {
		return
	}
	for _, h := range e.Request.Headers {
		if !notReplayed[strings.ToLower(h.Name)] && !results.Secret(h.Name) {
			s.header = append(s.header, results.Header{Name: h.Name, Value: h.Value})
		}
	}
	s.header = sendableHeader(s.header)
	if text := e.Request.PostData.Text; text != "" && s.method != "GET" && s.method != "HEAD" {
		s.body = []byte(text)
	}
	r.takeFound(e.Request.URL, s)
}

// takeFound takes an absolute URL as it was found: one that cannot be asked for
// is counted, and a bare percent sign is encoded.
func (r *recorder) takeFound(url string, s shape) {
	host, path, err := splitURL(strings.TrimSpace(url))
	if err != nil {
		r.leave(noURL, url, 1)
		return
	}
	if r.foreign(host) {
		r.leave(OtherHost, host, 1)
		return
	}
	path, err = cleanPath(path, true)
	if err != nil {
		r.leave(noURL, url, 1)
		return
	}
	r.put(path, s)
}
