package lab

import (
	"encoding/json"
	"fmt"
	"strings"
)

// conf is an object of the configuration's, with the keys that CloudFront has.
type conf map[string]any

// items is a list as the configuration has it.
func items[T any](all []T) conf {
	if len(all) == 0 {
		return conf{"Quantity": 0}
	}
	return conf{"Quantity": len(all), "Items": all}
}

const madeBy = "Made by frontload lab."

// ConfigOpening is how what [Model.Distribution] returns begins, and no
// configuration that CloudFront prints.
const ConfigOpening = "{\n    \"Comment\": \"" + madeBy + "\""

// Distribution returns the configuration of the distribution that the model
// stands in for, in the form in which `aws cloudfront get-distribution-config`
// prints one. Name is the host name that it serves.
func (m *Model) Distribution(name string) ([]byte, error) {
	var origins, groups, behaviours []conf
	for i, o := range m.c.origins {
		origins = append(origins, o.config(i))
	}
	var usual conf
	for i := range m.c.behaviours {
		b := &m.c.behaviours[i]
		if b.second > 0 {
			groups = append(groups, b.group())
		}
		if c := m.behaviourConfig(b); b.prefix == "" {
			usual = c
		} else {
			behaviours = append(behaviours, c)
		}
	}
	config := conf{
		"CallerReference": "lab-" + m.c.Name, "Aliases": items([]string{name}), "DefaultRootObject": "",
		"Origins": items(origins), "OriginGroups": items(groups),
		"DefaultCacheBehavior": usual, "CacheBehaviors": items(behaviours), "CustomErrorResponses": items[conf](nil),
		"Comment": m.c.Title, "PriceClass": "PriceClass_All", "Enabled": true, "WebACLId": "", "HttpVersion": "http2and3",
		"IsIPV6Enabled": false, "ContinuousDeploymentPolicyId": "", "Staging": false, "AnycastIpListId": "",
	}
	text, err := json.MarshalIndent(conf{"Comment": madeBy, "ETag": "ELABEXAMPLE", "DistributionConfig": config}, "", "    ")
	return append(text, '\n'), err
}

// originID names origin i.
func originID(i int) string { return fmt.Sprintf("origin-%d", i+1) }

// config returns the configuration of origin i, at a domain of its kind.
func (o originConfig) config(i int) conf {
	domain := [...]string{
		kindS3:         "amzn-s3-demo-bucket.s3.eu-central-1.amazonaws.com",
		kindELB:        "lab-1234567890.eu-central-1.elb.amazonaws.com",
		kindAPIGateway: "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com",
		kindCustom:     "origin.cloudfront.test",
	}[o.kind]
	c := conf{
		"Id": originID(i), "DomainName": domain, "OriginPath": "", "CustomHeaders": items[conf](nil),
		"ConnectionAttempts": 3, "ConnectionTimeout": 10, "OriginShield": conf{"Enabled": false}, "OriginAccessControlId": "",
	}
	if o.kind == kindS3 {
		c["S3OriginConfig"] = conf{"OriginAccessIdentity": ""}
	} else {
		c["CustomOriginConfig"] = conf{
			"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only", "OriginSslProtocols": items([]string{"TLSv1.2"}),
			"OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5,
		}
	}
	return c
}

// target returns the id of the origin or the group that a behaviour asks.
func (b *behaviour) target() string {
	if b.second > 0 {
		return originID(b.origin) + "-or-" + originID(b.second)
	}
	return originID(b.origin)
}

func (b *behaviour) group() conf {
	members := []conf{{"OriginId": originID(b.origin)}, {"OriginId": originID(b.second)}}
	return conf{
		"Id": b.target(), "Members": items(members), "SelectionCriteria": "default",
		"FailoverCriteria": conf{"StatusCodes": items([]int{500, 502, 503, 504})},
	}
}

// behaviourConfig returns the configuration of a behaviour. The model's caches
// keep objects by the path and the whole query.
func (m *Model) behaviourConfig(b *behaviour) conf {
	var lambdas, functions []conf
	if b.compute && m.compute != nil {
		if m.compute.lambda {
			lambdas = []conf{{"LambdaFunctionARN": "arn:aws:lambda:us-east-1:111122223333:function:lab:1", "EventType": "viewer-request", "IncludeBody": false}}
		} else {
			functions = []conf{{"FunctionARN": "arn:aws:cloudfront::111122223333:function/lab", "EventType": "viewer-request"}}
		}
	}
	ttl := int64(b.ttl.Seconds())
	c := conf{
		"TargetOriginId": b.target(), "ViewerProtocolPolicy": "allow-all", "Compress": false,
		"LambdaFunctionAssociations": items(lambdas), "FunctionAssociations": items(functions),
		"ForwardedValues": conf{
			"QueryString": true, "Cookies": conf{"Forward": "none"}, "Headers": items[string](nil), "QueryStringCacheKeys": items[string](nil),
		},
		"MinTTL": ttl, "DefaultTTL": ttl, "MaxTTL": ttl,
	}
	if b.prefix != "" {
		c["PathPattern"] = strings.TrimSuffix(b.prefix, "*") + "*"
	}
	return c
}
