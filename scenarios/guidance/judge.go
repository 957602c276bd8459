package guidance

import (
	"maps"
	"math"
	"slices"

	"frontload/results"
)

// The states of a rule.
const (
	Kept          = "kept"
	Broken        = "broken"
	Unknown       = "unknown"
	NotApplicable = "not-applicable"
)

// A finding is what a rule says of facts.
type finding struct {
	status   string
	words    string // what the facts are; empty where nothing is known
	fix      string // what to do; empty where there is nothing
	measured map[string]float64
}

// A rule is one line of the guidance.
type rule struct {
	name   string
	source source
	judge  func(*Facts) finding
}

// rules are in the order of the analysis document.
var rules = []rule{
	{"regions", loadTesting, regions},
	{"client-addresses", loadTesting, clientAddresses},
	{"independent-dns", loadTesting, independentDNS},
	{"spread", loadTesting, spread},
	{"ramp", loadBalancing, ramp},
	{"url-variety", ownRule, urlVariety},
	{"quotas", cloudFrontQuotas, quotas},
	{"no-viewer-lambda", loadTesting, noViewerLambda},
	{"no-origin-shield", loadTesting, noOriginShield},
	{"authorised", testingPolicy, authorised},
}

// A source is who says so.
type source struct{ title, url string }

var (
	loadTesting      = source{"Amazon CloudFront Developer Guide, Load testing CloudFront", "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/load-testing.html"}
	loadBalancing    = source{"AWS, Best Practices in Evaluating Elastic Load Balancing", "https://aws.amazon.com/articles/1636185810492479"}
	cloudFrontQuotas = source{"Amazon CloudFront Developer Guide, Quotas, and those of the origins' services", "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html"}
	testingPolicy    = source{"AWS, Amazon EC2 Testing Policy", "https://aws.amazon.com/ec2/testing/"}
	ownRule          = source{"Frontload's own: AWS gives no rule for URLs", ""}
)

// Judge judges a load test by each rule, as planned and as observed, by the
// same code. Either may be nil. Where both tell something, the worse of the two
// is the rule's state: broken before not-applicable before kept before unknown.
// Of what a run cannot show, such as which origin a key prefix has, observed
// facts are filled up with the planned ones.
func Judge(planned, observed *Facts) []results.Rule {
	if observed != nil && observed.Source == sourceLog {
		return withoutTest()
	}
	observed = observed.filledFrom(planned)
	list := make([]results.Rule, 0, len(rules))
	for _, r := range rules {
		p, o := r.judged(planned), r.judged(observed)
		worse := p // and what to do is more exact of a plan
		if slices.Index(severity, o.status) > slices.Index(severity, p.status) || p.status == o.status && p.fix == "" {
			worse = o
		}
		list = append(list, results.Rule{
			Rule: r.name, Status: worse.status, Planned: p.words, Observed: o.words, Fix: worse.fix,
			PlannedStatus: p.status, ObservedStatus: o.status, Source: r.source.title, SourceURL: r.source.url,
			Measured: results.Measured{Planned: finite(p.measured), Observed: finite(o.measured)},
		})
	}
	return list
}

// finite leaves out what JSON cannot hold, which facts out of a damaged run file
// may come to.
func finite(measured map[string]float64) map[string]float64 {
	maps.DeleteFunc(measured, func(_ string, x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) })
	return measured
}

// severity orders the states from the one that any other overrules.
var severity = []string{Unknown, Kept, NotApplicable, Broken}

// judged judges facts, nil for none.
func (r rule) judged(f *Facts) finding {
	if f == nil {
		return finding{status: Unknown}
	}
	return r.judge(f)
}

// The sources of runs that another program sent, or viewers: access logs tell of
// the latter.
const (
	sourceLog    = "access-log"
	sourceVegeta = "vegeta"
)

// withoutTest returns the rules of a run that was no load test: viewers sent
// its requests.
func withoutTest() []results.Rule {
	list := make([]results.Rule, 0, len(rules))
	for _, r := range rules {
		list = append(list, results.Rule{
			Rule: r.name, Status: NotApplicable, PlannedStatus: Unknown, ObservedStatus: NotApplicable, Source: r.source.title, SourceURL: r.source.url,
			Observed: "an access log of viewers' requests: there was no load test to judge",
		})
	}
	return list
}

// filledFrom returns observed facts together with what only a plan knows.
func (f *Facts) filledFrom(planned *Facts) *Facts {
	if f == nil || planned == nil {
		return f
	}
	filled := *f
	filled.DNS.Literal = planned.DNS.Literal
	filled.Quotas.Origins = planned.Quotas.Origins
	filled.Quotas.Prefixes = slices.Clone(f.Quotas.Prefixes)
	for i := range filled.Quotas.Prefixes {
		filled.Quotas.Prefixes[i].fillFrom(planned.Quotas.Prefixes)
	}
	return &filled
}

// fillFrom gives a prefix that was observed the origin that it has by the plan.
func (p *PrefixFact) fillFrom(planned []PrefixFact) {
	i := slices.IndexFunc(planned, func(q PrefixFact) bool { return q.Prefix == p.Prefix })
	if i < 0 {
		return
	}
	p.Origin, p.Lambda = planned[i].Origin, planned[i].Lambda
	if all := planned[i].Reads + planned[i].Writes; all > 0 { // a run does not count methods
		p.Writes = p.Reads * planned[i].Writes / all
		p.Reads -= p.Writes
	}
}
