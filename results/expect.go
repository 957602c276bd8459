package results

// Expected is a set of HTTP statuses: those that a request's answers should
// have. A nil Expected stands for what is usual: every status below 400 is
// good. Once it is made, many goroutines may use it at once.
type Expected struct{ has [600]bool }

// Add puts the statuses from first to last into the set; what is outside 100 to
// 599 is left out.
func (e *Expected) Add(first, last int) {
	for status := max(first, 100); status <= min(last, 599); status++ {
		e.has[status] = true
	}
}

// Judge returns the outcome of an answer, given what its status and its signals
// alone make of it: OK where the status is expected, and Unexpected where it is
// not and would be OK otherwise. Other errors stay what they are, and so does a
// 503, expected or not: who wrote it is what is asked of a run.
func (e *Expected) Judge(status int, o Outcome) Outcome {
	switch {
	case e == nil || status == 503 || status < 0 || status >= len(e.has):
		return o
	case e.has[status]:
		return OK
	case o == OK:
		return Unexpected
	}
	return o
}
