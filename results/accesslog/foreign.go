package accesslog

import (
	"regexp"
	"strings"
)

// foreignLines are the logs of others that people take for CloudFront's.
var foreignLines = []struct {
	looks   string
	pattern *regexp.Regexp
}{
	{"an Application Load Balancer's access log", regexp.MustCompile(`^(https?|h2|grpcs?|wss?) \d{4}-\d\d-\d\dT\S+Z \S+/\S+ \S+:\d+ `)},
	{"a Network Load Balancer's access log", regexp.MustCompile(`^tls \d\.\d \d{4}-\d\d-\d\dT`)},
	{"a Classic Load Balancer's access log", regexp.MustCompile(`^\d{4}-\d\d-\d\dT\S+Z \S+ \S+:\d+ `)},
	{"an S3 server access log", regexp.MustCompile(`^[0-9a-f]{64} \S+ \[\d\d/\w{3}/\d{4}:`)},
	{"a VPC flow log", regexp.MustCompile(`^(\d \d{12} eni-|version account-id )`)},
	{"a web server's log in the common or combined form", regexp.MustCompile(`^\S+ \S+ \S+ \[\d\d/\w{3}/\d{4}:[^\]]+\] "`)},
	{"vegeta's results as CSV", regexp.MustCompile(`^\d{19},\d{1,3},\d+,\d+,\d+,`)},
	{"an HTML or XML page", regexp.MustCompile(`(?i)^<(!doctype|html|\?xml)`)},
	{"a scenario or another YAML file", regexp.MustCompile(`^(version: \d|---\s*$)`)},
}

// foreignLine says what log a line is of, empty where that is not known.
func foreignLine(line string) string {
	line = line[:min(len(line), 4096)]
	for _, f := range foreignLines {
		if f.pattern.MatchString(line) {
			return f.looks
		}
	}
	return ""
}

// foreignObjects are JSON objects of others, by a key that each has.
var foreignObjects = []struct{ key, looks string }{
	{"Records", "a CloudTrail log"},
	{"webaclId", "an AWS WAF log"},
	{"eventVersion", "a CloudTrail event"},
	{"frontload", "a document of frontload's own"},
	{"metric", "k6's results as JSON"},
	{"attack", "vegeta's results as JSON"},
	{"latency", "vegeta's results as JSON"},
	{"latencies", "vegeta's report as JSON"},
	{"log", "a HAR file"},
	{"schema", "a document of frontload's own"},
}

func foreignObject(keys []string) string {
	for _, f := range foreignObjects {
		for _, k := range keys {
			if strings.EqualFold(k, f.key) {
				return f.looks
			}
		}
	}
	return "JSON objects of another kind"
}
