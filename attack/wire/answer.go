package wire

import "frontload/results"

// bodyStart is how much of an error's body is looked at.
const bodyStart = 4 << 10

// judgeAnswer fills in what the answer says, if its header came.
func (c *Call) judgeAnswer() {
	a := &c.answer
	if a.bytes > 0 {
		c.Sample.BytesIn = a.bytes
	}
	if a.hasHeader() {
		a.reply.Body = a.page
		c.judge(&a.reply)
	}
}

// judge fills in what the answer says.
func (c *Call) judge(a *results.Answer) {
	s := &c.Sample
	s.Status = uint16(a.Status)
	s.Cache = a.Cache()
	s.Signals = a.Signals()
	s.Outcome = c.Request.Expect.Judge(a.Status, a.Outcome(s.Signals))
	if results.ValidPOP(a.POP) {
		s.POP = a.POP
	}
	c.id = a.RequestID
}
