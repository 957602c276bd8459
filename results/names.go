package results

import "fmt"

var (
	protocolNames = []string{"", "h1", "h2", "h3"}
	cacheNames    = []string{"unknown", "hit", "miss", "refresh", "error"}
	classNames    = []string{"hit", "miss", "refresh", "error"}
	outcomeNames  = []string{
		"", "ok", "client-error", "edge-capacity", "edge-quota", "edge-compute",
		"origin-s3", "origin-elb", "origin-api-gateway", "origin-custom", "origin",
		"cached-origin-error", "unknown", "transport", "unexpected",
	}
)

// VerdictWords returns a verdict, or a family, in the words of reports, such as
// "edge capacity"; what is neither as it is.
func VerdictWords(verdict string) string {
	switch verdict {
	case VerdictEdgeCapacity:
		return "edge capacity"
	case VerdictEdgeQuota:
		return "edge quota"
	case VerdictEdgeCompute:
		return "edge compute"
	case VerdictOriginSaturation:
		return "origin saturation"
	case FamilyEdge:
		return "the edge"
	case FamilyOrigin:
		return "the origin"
	}
	return verdict
}

// String returns the protocol's name in scenario and run files: h1, h2 or h3.
func (p Protocol) String() string { return name(protocolNames, uint8(p)) }

// String returns the cache result's name: hit, miss, refresh, error or unknown.
func (c Cache) String() string { return name(cacheNames, uint8(c)) }

// String returns the class's name: hit, miss, refresh or error.
func (c Class) String() string { return name(classNames, uint8(c)) }

// String returns the outcome's name in run files and reports, such as "edge-capacity".
func (o Outcome) String() string { return name(outcomeNames, uint8(o)) }

// ParseProtocol is the inverse of [Protocol.String].
func ParseProtocol(s string) (Protocol, error) { return parse[Protocol]("protocol", protocolNames, s) }

// ParseCache is the inverse of [Cache.String].
func ParseCache(s string) (Cache, error) { return parse[Cache]("cache result", cacheNames, s) }

// ParseClass is the inverse of [Class.String].
func ParseClass(s string) (Class, error) { return parse[Class]("class", classNames, s) }

// ParseOutcome is the inverse of [Outcome.String].
func ParseOutcome(s string) (Outcome, error) { return parse[Outcome]("outcome", outcomeNames, s) }

func name(names []string, i uint8) string {
	if int(i) >= len(names) {
		return fmt.Sprintf("#%d", i)
	}
	return names[i]
}

func parse[T ~uint8](what string, names []string, s string) (T, error) {
	for i, n := range names {
		if n == s && s != "" {
			return T(i), nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", what, s)
}
