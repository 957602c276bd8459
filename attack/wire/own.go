package wire

import "context"

// dialOwn opens a connection for a new viewer's call. The lock is held.
func (p *pool) dialOwn(call *Call) {
	p.own++
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
	p.own--
	p.all = append(p.all, c)
	if p.ended {
		c.close()
		p.mu.Unlock()
		p.t.fail(call, ErrEnded)
		return
	}
	if got := c.reserve(call, 0); got != taken && got != takenLast {
		c.close()
		p.mu.Unlock()
		p.t.fail(call, ErrNoStreams)
		return
	}
	c.in().used = true
	call.Sample.Fresh = true
	call.Sample.Connect, call.Sample.TLS = spans.connect, spans.tls
	call.ready(now - call.Late)
	p.mu.Unlock()
	c.start(call)
}

func (p *pool) ownFailed(call *Call, err error) {
	p.mu.Lock()
	p.own--
	p.forgetIfEmpty()
	p.mu.Unlock()
	p.t.fail(call, err)
}
