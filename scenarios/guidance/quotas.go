package guidance

import (
	"fmt"
	"strings"

	"frontload/results/report/plain"
)

// A quota is what something takes, and how much it gets: at least, and at most.
// Between the two it depends on cache hits.
type quota struct {
	key         string // of what is measured
	what        string
	least, most float64
	limit       float64
	unit        string
	fix         string
}

// quotas: nothing gets more than AWS lets it take.
func quotas(f *Facts) finding {
	if f.Peak == 0 {
		return finding{status: Unknown}
	}
	g := finding{status: Kept, measured: map[string]float64{}}
	var over, near []string
	for _, q := range f.quotas() {
		g.measured[q.key] = max(q.most, g.measured[q.key])
		switch {
		case q.least > q.limit*(1+f.Chance):
			over = append(over, q.String())
			g.fix = q.fix
		case q.most > q.limit*(1+f.Chance):
			near = append(near, q.String()+" unless caches answer the rest")
		}
	}
	g.words = fmt.Sprintf("at most %s and %s", perSecond(f.Peak), bits(f.BitsPeak))
	if f.BitsPeak == 0 {
		g.words = "at most " + perSecond(f.Peak)
	}
	g.words += fmt.Sprintf(", of %s/s and %s of a distribution", plain.Count(requestsQuota), bits(bitsQuota))
	switch {
	case f.Quotas.Refused > 0:
		over = append(over, many(int(f.Quotas.Refused), "answer says", "answers say")+" that a quota of CloudFront's was exceeded (LimitExceeded)")
		g.fix = strings.TrimPrefix(g.fix+"; send from more client addresses, or have the quota raised", "; ")
		fallthrough
	case len(over) > 0:
		g.status = Broken
	case len(near) > 0:
		g.status = Unknown
		g.fix = "lower the peak, or raise the share of hits"
	}
	if all := append(over, near...); len(all) > 0 {
		g.words = list(all, 3)
		return g
	}
	g.words = sentences(g.words, f.fullest())
	return g
}

// fullest tells of that quota of the origins' and functions' which is used most.
func (f *Facts) fullest() string {
	if !f.Quotas.Origins {
		return "no distribution file says which origins there are"
	}
	said, most := "", 0.0
	for _, q := range f.quotas()[2:] {
		if part := q.most / q.limit; part > most {
			said, most = q.String(), part
		}
	}
	return said
}

// quotas lists what the load is measured by.
func (f *Facts) quotas() []quota {
	list := []quota{
		{"requests_per_s", "the distribution", f.Peak, f.Peak, requestsQuota, "requests/s", "lower the peak, or have the quota raised"},
		{"bits_per_s", "the distribution", f.BitsPeak, f.BitsPeak, bitsQuota, "bit/s", "lower the peak, or have the quota raised"},
	}
	gateway := quota{"api_gateway_per_s", "API Gateway", 0, 0, gatewayQuota, "requests/s", "lower the peak: beyond it API Gateway answers 429"}
	lambda := quota{"lambda_per_s", "Lambda@Edge", 0, 0, lambdaQuota, "requests/s in a Region", "lower the peak, or send to more edge locations"}
	for _, p := range f.Quotas.Prefixes {
		switch p.Origin {
		case "s3":
			where := "S3 under " + plain.Cut(plain.Line(p.Prefix), 40)
			list = append(list,
				quota{"s3_reads_per_s", where, p.Misses, p.Reads, readsQuota, "reads/s", "spread the objects over more key prefixes, or lower the peak"},
				quota{"s3_writes_per_s", where, p.Writes, p.Writes, writesQuota, "writes/s", "spread the objects over more key prefixes, or lower the peak"})
		case "api-gateway":
			gateway.least += p.Misses + p.Writes
			gateway.most += p.Reads + p.Writes
		}
		if p.Lambda {
			lambda.most += p.Reads + p.Writes
		}
	}
	return append(list, gateway, lambda)
}

// String tells the quota and what there is of it.
func (q quota) String() string {
	if q.unit == "bit/s" {
		return fmt.Sprintf("%s gets %s of %s", q.what, bits(q.most), bits(q.limit))
	}
	return fmt.Sprintf("%s gets %s of %s %s", q.what, plain.Number(q.most), plain.Number(q.limit), q.unit)
}

// bits returns a rate in bit/s.
func bits(n float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "Gbps"}, {1e6, "Mbps"}, {1e3, "kbps"}} {
		if n >= u.size {
			return plain.Number(n/u.size) + " " + u.name
		}
	}
	return plain.Number(n) + " bit/s"
}
