package dns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Errors of [Client.Resolve], beside [ServerError], those of the context and
// those of the system, such as too many open files. They come wrapped in what
// was asked of whom.
var (
	// ErrNoName: the resolver says that the name does not exist.
	ErrNoName = errors.New("name does not exist")
	// ErrNoAnswer: nothing usable came back from the resolver in time.
	ErrNoAnswer = errors.New("resolver did not answer")
	// ErrUntrusted: the resolver's certificate is not one that is trusted.
	ErrUntrusted = errors.New("resolver is not trusted")
	// ErrNoAddress: the name exists and has no address of a usable family.
	ErrNoAddress = errors.New("name has no usable address")
)

// A ServerError says that a resolver answered that it could or would not
// answer.
type ServerError struct {
	Resolver string // its address and port
	Name     string // that was asked for
	RCode    string // such as SERVFAIL or REFUSED; HTTP 429 or the like where HTTPS brought no message
	Subnet   string // EDNS client subnet that was sent; empty for none
	passing  bool   // it may answer when it is asked again
}

// Error names resolver, name and code, and says what to try.
func (e *ServerError) Error() string {
	try := "name another resolver in clients.resolvers"
	switch {
	case e.Subnet != "" && slices.Contains([]string{"FORMERR", "NOTIMP", "REFUSED"}, e.RCode):
		try = fmt.Sprintf("it may not accept the client subnet %s: %s, or leave out clients.subnets", e.Subnet, try)
	case e.RCode == "REFUSED":
		try = "it may not serve this machine: " + try
	case e.RCode == "SERVFAIL":
		try = "check the name's own name servers, or " + try
	case strings.HasPrefix(e.RCode, "HTTP 4"):
		try = "check that the URL is that of DNS over HTTPS, or " + try
	}
	return fmt.Sprintf("look up %s: resolver %s answered %s; %s", e.Name, e.Resolver, e.RCode, try)
}

// Reason puts an error of [Client.Resolve] into a few fixed words. They are
// empty for nil and for what is no trouble of name look-ups, such as too many
// open files.
func Reason(err error) string {
	var server *ServerError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrNoName):
		return "name does not exist"
	case errors.Is(err, ErrNoAddress):
		return "name has no address"
	case errors.Is(err, ErrUntrusted):
		return "resolver is not trusted"
	case errors.Is(err, ErrNoAnswer):
		return "resolver did not answer"
	case errors.As(err, &server) && strings.HasPrefix(server.RCode, unnamed):
		return "resolver answered an error"
	case errors.As(err, &server):
		return "resolver answered " + strings.Replace(strings.ToLower(server.RCode), "http", "HTTP", 1)
	case errors.Is(err, context.DeadlineExceeded):
		return "look-up timeout"
	}
	return ""
}

// rcodeNames are the codes by their names in the registry of DNS parameters.
var rcodeNames = map[dnsmessage.RCode]string{
	1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
	6: "YXDOMAIN", 7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE", 16: "BADVERS", 23: "BADCOOKIE",
}

// unnamed begins the name of a code that is not in rcodeNames.
const unnamed = "RCODE"

func rcodeName(code dnsmessage.RCode) string {
	if name, ok := rcodeNames[code]; ok {
		return name
	}
	return fmt.Sprintf("%s%d", unnamed, code)
}
