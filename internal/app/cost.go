package app

import (
	"fmt"

	"frontload/results"
)

// Prices are what AWS asks for, in US dollars.
type Prices struct{ PerGB, Per10k float64 }

// DefaultPrices are CloudFront's on demand, in its first tier: data transfer
// out to the internet up to 10 TB a month from edge locations in North America
// and Europe, and HTTPS requests in the United States (in Europe they are
// 0.012). Sources, looked up in November 2026: the table of
// https://aws.amazon.com/cloudfront/pricing/ for data transfer, and AWS's price
// list as https://github.com/infracost/infracost/pull/323 shows it for requests.
var DefaultPrices = Prices{PerGB: 0.085, Per10k: 0.01}

// cost estimates what AWS asks for a number of requests and the bytes of their
// answers; nil bytes are not known and not counted. A GB is counted as 10⁹
// bytes: where AWS means 2³⁰ it asks for less.
func (p Prices) cost(requests int64, bytes *int64) results.Cost {
	c := results.Cost{PerGB: p.PerGB, Per10k: p.Per10k, Requests: float64(requests) / 10_000 * p.Per10k}
	c.Assumptions = []string{fmt.Sprintf("at $%v for 10,000 requests and $%v for a GB; neither the free tier nor a flat-rate plan", p.Per10k, p.PerGB)}
	if c.USD = c.Requests; bytes != nil {
		transfer := float64(*bytes) / 1e9 * p.PerGB
		c.Transfer, c.USD = &transfer, c.USD+transfer
	}
	c.Assumptions = append(c.Assumptions, "not counted: what the origin costs, fetches from it among them, functions, logs, AWS WAF, headers")
	return c
}
