package distribution

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Read reads the output of `aws cloudfront get-distribution-config` or
// `get-distribution`, or the DistributionConfig alone. What the package does
// not know is passed over; what bears on a load test must be there and be whole.
// File stands in errors, all of which are of type [Faults].
func Read(file string, data []byte) (*Distribution, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &reader{file: file, data: data}
	root, err := readTree(data)
	if err != nil {
		fault := err.(*treeError)
		r.add(fault.at, fault.Error())
		return nil, r.faults
	}
	d := &Distribution{}
	if config := r.config(root, d); config != nil {
		r.distribution(config, d)
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return slices.Compare([]int{a.Line, a.Column}, []int{b.Line, b.Column}) })
		return nil, r.faults
	}
	return d, nil
}

// config finds the DistributionConfig in what a command printed.
func (r *reader) config(root *node, d *Distribution) *node {
	if root.kind != object {
		r.fault(root, "want the output of `aws cloudfront get-distribution-config --id ID --output json`, got %s", root.kind)
		return nil
	}
	if whole := r.get(root, "Distribution", object); whole != nil {
		d.ID, d.DomainName = r.text(whole, "Id"), r.text(whole, "DomainName")
		root = whole
	}
	if config := r.get(root, "DistributionConfig", object); config != nil {
		return config
	}
	if r.get(root, "DefaultCacheBehavior", "") == nil && len(r.faults) == 0 {
		r.fault(root, "there is neither DistributionConfig nor DefaultCacheBehavior here: write the file with `aws cloudfront get-distribution-config --id ID --output json`")
		return nil
	}
	return root
}

func (r *reader) distribution(n *node, d *Distribution) {
	d.Enabled, d.Staging, d.IPv6 = r.flag(n, "Enabled"), r.flag(n, "Staging"), r.flag(n, "IsIPV6Enabled")
	d.HTTPVersion, d.PriceClass = strings.ToLower(r.text(n, "HttpVersion")), r.text(n, "PriceClass")
	d.WebACL, d.AnycastList = r.text(n, "WebACLId"), r.text(n, "AnycastIpListId")
	d.DefaultRootObject = r.text(n, "DefaultRootObject")
	d.Aliases = r.texts(n, "Aliases")
	for _, item := range r.needItems(n, "Origins") {
		d.Origins = append(d.Origins, r.originOf(item, d))
	}
	for _, item := range r.items(n, "OriginGroups") {
		d.Groups = append(d.Groups, r.group(item, d))
	}
	for _, item := range r.items(n, "CacheBehaviors") {
		d.Behaviours = append(d.Behaviours, r.behaviour(item, d, r.pattern(item), false))
	}
	if item := r.need(n, "DefaultCacheBehavior", object); item != nil {
		d.Behaviours = append(d.Behaviours, r.behaviour(item, d, "*", true))
	}
	for _, item := range r.items(n, "CustomErrorResponses") {
		d.Errors = append(d.Errors, r.errorPage(item))
	}
}

func (r *reader) originOf(n *node, d *Distribution) Origin {
	o := Origin{ID: r.needText(n, "Id"), Domain: r.needText(n, "DomainName"), Path: r.text(n, "OriginPath")}
	if o.ID != "" && d.origin(o.ID) != nil {
		r.fault(n, "the origin %s stands twice", shown(o.ID))
	}
	o.Kind, o.Website = kindOf(o.Domain)
	switch {
	case r.get(n, "VpcOriginConfig", object) != nil:
		o.Kind = VPC
	case r.get(n, "S3OriginConfig", object) != nil:
		o.Kind = S3
	}
	if shield := r.get(n, "OriginShield", object); shield != nil {
		enabled := r.need(shield, "Enabled", boolean)
		if o.Shield = enabled != nil && enabled.text == "true"; o.Shield {
			o.ShieldRegion = r.needText(shield, "OriginShieldRegion")
		}
	}
	return o
}

func (r *reader) group(n *node, d *Distribution) Group {
	g := Group{ID: r.needText(n, "Id")}
	for _, item := range r.needItems(n, "Members") {
		id := r.needText(item, "OriginId")
		r.known(item, "OriginId", id, d)
		g.Members = append(g.Members, id)
	}
	if criteria := r.get(n, "FailoverCriteria", object); criteria != nil {
		if codes := r.get(criteria, "StatusCodes", object); codes != nil {
			for _, item := range r.itemsOf(codes) {
				g.Codes = append(g.Codes, int(r.wholeOf(item, 400, 599)))
			}
		}
	}
	return g
}

// known reports that the id under a key is no origin's. Where origins could not
// be read, that is said already.
func (r *reader) known(n *node, key, id string, d *Distribution) {
	if id != "" && d.origin(id) == nil && len(d.Origins) > 0 {
		r.fault(r.get(n, key, text), "there is no origin %s: the ids here are %s", shown(id), d.ids())
	}
}

// ids lists the origins and groups that there are.
func (d *Distribution) ids() string {
	var all []string
	for _, o := range d.Origins {
		all = append(all, shown(o.ID))
	}
	for _, g := range d.Groups {
		all = append(all, shown(g.ID))
	}
	if more := len(all) - 8; more > 0 {
		all = append(all[:8], fmt.Sprintf("%d more", more))
	}
	return strings.Join(all, ", ")
}

// maxPattern is the longest path pattern. Source: the CloudFront Developer
// Guide, path pattern.
const maxPattern = 255

func (r *reader) pattern(n *node) string {
	pattern := r.needText(n, "PathPattern")
	if len(pattern) > maxPattern {
		r.fault(r.get(n, "PathPattern", ""), "it is %d characters long, and CloudFront takes %d at most", len(pattern), maxPattern)
	}
	return pattern
}

func (r *reader) behaviour(n *node, d *Distribution, pattern string, def bool) Behaviour {
	b := Behaviour{Pattern: pattern, Default: def, Target: r.needText(n, "TargetOriginId"), OriginRequestPolicy: r.text(n, "OriginRequestPolicyId")}
	if !slices.ContainsFunc(d.Groups, func(g Group) bool { return g.ID == b.Target }) {
		r.known(n, "TargetOriginId", b.Target, d)
	}
	events := []Event{ViewerRequest, ViewerResponse, OriginRequest, OriginResponse}
	b.Lambdas = r.associations(n, "LambdaFunctionAssociations", "LambdaFunctionARN", events)
	b.Functions = r.associations(n, "FunctionAssociations", "FunctionARN", events[:2])
	b.Caching = r.caching(n)
	return b
}

func (r *reader) associations(n *node, key, arn string, events []Event) []Association {
	var all []Association
	for _, item := range r.items(n, key) {
		a := Association{Event: Event(r.needText(item, "EventType")), ARN: r.text(item, arn)}
		if a.Event != "" && !slices.Contains(events, a.Event) {
			r.fault(r.get(item, "EventType", ""), "%s is no event of a function: want one of %q", shown(string(a.Event)), events)
		}
		all = append(all, a)
	}
	return all
}

// caching reads how a behaviour caches: a cache policy by its id, or settings
// of its own, as older distributions have them.
func (r *reader) caching(n *node) Caching {
	if id := r.text(n, "CachePolicyId"); id != "" {
		return managedPolicy(id)
	}
	own := r.get(n, "ForwardedValues", object)
	if own == nil {
		return Caching{}
	}
	c := Caching{
		Known:  true,
		MinTTL: r.seconds(n, "MinTTL", 0), DefaultTTL: r.seconds(n, "DefaultTTL", 24*time.Hour), MaxTTL: r.seconds(n, "MaxTTL", forever),
	}
	if c.Query.All = r.flag(own, "QueryString"); c.Query.All {
		c.Query.Names = r.texts(own, "QueryStringCacheKeys")
		c.Query.All = len(c.Query.Names) == 0 || slices.Contains(c.Query.Names, "*")
	}
	if cookies := r.get(own, "Cookies", object); cookies != nil {
		switch forward := r.needText(cookies, "Forward"); forward {
		case "none", "":
		case "all":
			c.Cookies.All = true
		case "whitelist":
			c.Cookies.Names = r.texts(cookies, "WhitelistedNames")
		default:
			r.fault(r.get(cookies, "Forward", ""), "%s is not known: want none, all or whitelist", shown(forward))
		}
	}
	c.Headers.Names = r.texts(own, "Headers")
	c.Headers.All = slices.Contains(c.Headers.Names, "*")
	return c
}

func (r *reader) errorPage(n *node) ErrorPage {
	e := ErrorPage{Page: r.text(n, "ResponsePagePath"), TTL: r.seconds(n, "ErrorCachingMinTTL", DefaultErrorTTL)}
	if code := r.need(n, "ErrorCode", number); code != nil {
		e.Code = int(r.wholeOf(code, 400, 599))
	}
	if answer := r.get(n, "ResponseCode", ""); answer != nil && answer.text != "" {
		e.Response = int(r.wholeOf(answer, 200, 599))
	}
	return e
}
