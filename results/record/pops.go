package record

import (
	"strings"
	"sync"

	"frontload/results"
)

// mostPOPs bounds the edge locations that are told apart. CloudFront answers
// one load generator from a few of them.
const mostPOPs = 256

// popNames numbers the names of edge locations from 1 in order of appearance.
type popNames struct {
	mu    sync.RWMutex
	ids   map[string]uint16
	names []string
}

// id returns the number of a name, a new one when there is none: 0 when it
// has not the shape of an edge location's name or there are too many.
func (p *popNames) id(name string) uint16 {
	if !results.ValidPOP(name) {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if id, ok := p.ids[name]; ok {
		return id
	}
	if len(p.names) >= mostPOPs {
		return 0
	}
	if p.ids == nil {
		p.ids = map[string]uint16{}
	}
	name = strings.Clone(name)
	p.names = append(p.names, name)
	p.ids[name] = uint16(len(p.names))
	return p.ids[name]
}

// name returns the name of a number; empty for 0.
func (p *popNames) name(id uint16) string {
	if id == 0 {
		return ""
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.names[id-1]
}
