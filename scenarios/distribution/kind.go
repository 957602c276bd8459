package distribution

import "strings"

// A Kind is what an origin is, as far as its configuration and its domain tell.
type Kind string

// The kinds.
const (
	S3           Kind = "s3"
	ELB          Kind = "elb"
	APIGateway   Kind = "api-gateway"
	MediaStore   Kind = "mediastore"
	MediaPackage Kind = "mediapackage"
	LambdaURL    Kind = "lambda-url"
	VPC          Kind = "vpc" // in a private subnet: a load balancer or an instance
	Custom       Kind = "custom"
)

// kindOf tells the kind of an origin by its domain, and whether it is an S3
// website endpoint. Domains under amazonaws.com are made up of labels: the
// service's stands before or after the region's. Source: each service's page
// of endpoints in the AWS General Reference.
func kindOf(domain string) (kind Kind, website bool) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if strings.HasSuffix(domain, ".on.aws") && strings.Contains(domain, ".lambda-url.") {
		return LambdaURL, false
	}
	labels, ok := strings.CutSuffix(strings.TrimSuffix(domain, ".cn"), ".amazonaws.com")
	if !ok {
		return Custom, false
	}
	for _, label := range strings.Split(labels, ".")[1:] {
		switch {
		case strings.HasPrefix(label, "s3-website"):
			return S3, true
		case label == "s3", strings.HasPrefix(label, "s3-"):
			return S3, false
		case label == "elb":
			return ELB, false
		case label == "execute-api":
			return APIGateway, false
		case label == "mediastore":
			return MediaStore, false
		case strings.HasPrefix(label, "mediapackage"):
			return MediaPackage, false
		}
	}
	return Custom, false
}
