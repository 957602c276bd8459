// Package lab is an embedded CloudFront: edges in several POPs, each with four
// addresses, a cache per POP, a quota, functions at the edge, and origins that
// can be overwhelmed. It exists to be load-tested, with the truth known.
//
// [Model] is the heart: a pure model without clock, socket or goroutine. Asked
// at a time, it answers at once with the finished [Reply], since every queue in
// it is computed in closed form. The same seed and the same asks give the same
// replies. Two things drive it: [Simulate], a discrete-event simulation that
// feeds samples straight into a recorder, thousands of times faster than real
// time, and the server of this package, which serves it on loopback addresses.
//
// A [Case] is a distribution together with what goes wrong with it. Nothing in
// a case scripts an answer: a fault takes capacity away for a while, and 503s
// follow where the load is more than what is left. [Truth] says afterwards who
// wrote how many of them.
//
// Every faulty case has a variant whose name ends in "-bare". There no answer
// tells who wrote it: the Server header is removed from all, every error wears
// the same custom page, and neither Age nor Server-Timing nor an origin's ids
// are sent. CloudFront itself does not put custom pages on its own capacity
// and quota errors, so the bare cases stand for a distribution behind a layer
// that rewrites answers. Only how the 503s are spread tells their cause there.
package lab
