package wire

import "context"

// ownConns are the connections of a pool's new viewers, each of which carries
// one call. The pool's lock guards them.
type ownConns struct {
	dialing int
	open    map[conn]struct{}
}

func (o *ownConns) none() bool { return o.dialing == 0 && len(o.open) == 0 }

func (o *ownConns) add(c conn) {
	if o.open == nil {
		o.open = map[conn]struct{}{}
	}
	o.open[c] = struct{}{}
}

// remove forgets a connection, and reports whether it was one of these.
func (o *ownConns) remove(c conn) bool {
	_, known := o.open[c]
	delete(o.open, c)
	return known
}

// close closes all of them now, whatever they carry.
func (o *ownConns) close() {
	for c := range o.open {
		c.close()
	}
}

// dialOwn opens a connection for a new viewer's call. The lock is held.
func (p *pool) dialOwn(call *Call) {
	if p.retired {
		p.t.keep(p) // it may have been let go as empty
	}
	p.own.dialing++
	p.t.work.Go(func() {
		ctx, cancel := context.WithTimeout(p.t.ctx, p.t.cfg.ConnectTimeout)
		c, spans, err := p.t.connect(ctx, p, call.Sample.Source, call.Edge)
		cancel()
		if err != nil {
			p.ownFailed(call, err)
			return
		}
		p.startOwn(c, call, spans)
		p.t.serve(c) // with a stack that dialling has not made larger
	})
}

// startOwn begins a new viewer's call on its connection, which the pool does
// not know as one that others may use, and so closes when it is free.
func (p *pool) startOwn(c conn, call *Call, spans dialSpans) {
	now := p.t.cfg.Now()
	p.mu.Lock()
	p.own.dialing--
	p.own.add(c)
	if p.ended {
		c.close()
		p.mu.Unlock()
		p.t.fail(call, ErrEnded)
		return
	}
	c.reserve(call, 0)
	c.in().used, call.dialled = true, true
	call.Sample.Fresh = true
	if !call.Sample.Written {
		call.Sample.Connect, call.Sample.TLS = spans.connect, spans.tls
		call.ready(now - call.Late)
	}
	p.mu.Unlock()
	c.start(call)
}

func (p *pool) ownFailed(call *Call, err error) {
	p.mu.Lock()
	p.own.dialing--
	p.forgetIfEmpty()
	p.mu.Unlock()
	p.t.fail(call, err)
}
