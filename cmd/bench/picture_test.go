//go:build linux

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestPictureIsAnSVGOfItsOwn(t *testing.T) {
	s := spectrum{{0, 0.5}, {90, 0.6}, {99, 900}, {100, 1000}}
	all := []stall{
		{Tool: "frontload", Connections: 1, Said: s, Served: s},
		{Tool: "frontload", Connections: 8, Said: s, Served: s, Truth: truth{Waits: s}},
		{Tool: "vegeta", Connections: 8, Said: s[:3], Truth: truth{Waits: s}},
		{Tool: "vegeta", Connections: 1000, Said: s},
	}
	var b bytes.Buffer
	if err := picture(&b, all); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v", err)
		}
	}
	for _, want := range []string{"Frontload with 8", "record of each", "vegeta", "the truth", "99.9%", "rgb(212,53,28)"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
	for _, not := range []string{"var(--", "rgb(1,2,"} {
		if strings.Contains(b.String(), not) {
			t.Errorf("%q in the picture needs a style sheet, which it has not", not)
		}
	}
	if err := picture(io.Discard, nil); err == nil {
		t.Error("a picture of nothing is drawn")
	}
}
