package wire

import "sync/atomic"

// A callQueue is first in, first out. Its memory shrinks as it drains.
type callQueue struct {
	calls []*Call
	head  int
	total *atomic.Int64 // of the calls in all queues that count there
}

func (q *callQueue) push(c *Call) {
	q.calls = append(q.calls, c)
	q.total.Add(1)
}

// peek returns the oldest call, or nil.
func (q *callQueue) peek() *Call {
	if q.head == len(q.calls) {
		return nil
	}
	return q.calls[q.head]
}

// pop takes out the oldest call, or returns nil.
func (q *callQueue) pop() *Call {
	c := q.peek()
	if c == nil {
		return nil
	}
	q.total.Add(-1)
	q.calls[q.head] = nil
	q.head++
	if q.head > 64 && q.head > len(q.calls)/2 || q.head == len(q.calls) {
		q.calls = append(q.calls[:0:0], q.calls[q.head:]...)
		q.head = 0
	}
	return c
}
