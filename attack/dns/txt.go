package dns

import (
	"context"
	"fmt"

	"golang.org/x/net/dns/dnsmessage"
)

// maxTexts is how many texts are taken from an answer.
const maxTexts = 256

// TXT asks the client's resolver for the TXT records of a name, and returns
// their texts: each string of each record for itself, since what is longer
// than 255 bytes is cut into several. Nothing is taken from a cache of the
// client's own, and no client subnet is sent. There may be no text at all; a
// name that does not exist is an [ErrNoName]. The hosts file is not read, and
// the name is taken as it is written.
func (c *Client) TXT(ctx context.Context, name string) ([]string, error) {
	if c.invalid != nil {
		return nil, c.invalid
	}
	owner, err := parseName(name)
	if err != nil {
		return nil, err
	}
	if err := c.cfg.Budget.wait(ctx, 1); err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	p := c.query(ctx, part{kind: kind{record: dnsmessage.TypeTXT, name: "TXT"}, owner: owner}, c.setup())
	return p.texts, p.err
}

// addText takes the texts of one record.
func (f *records) addText(owner string, texts []string) {
	if f.texts == nil {
		f.texts = map[string][]string{}
	}
	for _, text := range texts {
		if f.counted++; f.counted <= maxTexts {
			f.texts[owner] = append(f.texts[owner], text)
		}
	}
}
