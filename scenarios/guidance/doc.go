// Package guidance judges a load test by CloudFront's guidance: its rules, and
// what it bans. A rule is judged twice, as planned and as observed, by the same
// code: [Planned] and [Observed] gather [Facts] from a plan and from a run, and
// [Judge] knows nothing but facts.
package guidance
