package scenarios

import (
	"fmt"
	"net/url"
	"strings"
)

// control compiles the section origin; nil when nothing is to be asked there.
func (s *Scenario) control(f *faults) *Control {
	m := s.model.Origin
	if m == nil {
		return nil
	}
	authorization := s.authorization(f, "origin.authorization", m.Authorization, "the origin may be asked")
	if !s.origin.has("origin.control") {
		if m.Authorization != nil {
			f.add("origin.authorization", "it authorises nothing: there is no origin.control")
		}
		return nil
	}
	u, err := parseControl(m.Control)
	if err != nil {
		f.add("origin.control", "%v", err)
		return nil
	}
	return &Control{URL: u, Authorization: authorization}
}

func parseControl(text string) (*url.URL, error) {
	if err := checkScheme(text); err != nil {
		return nil, err
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL: %w", text, urlFault(err))
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q does not begin with https:// or http://", text)
	case u.User != nil:
		return nil, fmt.Errorf("the URL holds a user and password, which are not sent: ask something that needs none")
	case u.Fragment != "":
		return nil, fmt.Errorf("%q has a fragment, which is never sent: remove #%s", text, u.Fragment)
	}
	if _, err := hostName(strings.TrimSuffix(u.Host, ":")); err != nil {
		return nil, err
	}
	return u, nil
}
