package lab

import (
	"strconv"
	"strings"
	"time"
)

// logFields are the 33 fields of a standard log, version 1. Source: the
// CloudFront Developer Guide on standard logs.
const logFields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) " +
	"cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes " +
	"time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status " +
	"fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len " +
	"sc-range-start sc-range-end"

// distributionName is the distribution's own domain name.
const distributionName = "d111111abcdef8.cloudfront.net"

// log writes the row of one ask. Its time is when the answer ended.
func (m *Model) log(a *Ask, d *answer) {
	if !m.titled {
		m.titled = true
		m.Log([]byte("#Version: 1.0\n#Fields: " + logFields + "\n"))
	}
	info := d.kind.info()
	b := m.Epoch.Add(d.done).UTC().AppendFormat(m.row[:0], "2006-01-02\t15:04:05")
	size := d.size
	if a.Method == "HEAD" {
		size = 0
	}
	b = field(b, m.pops[d.pop].name)
	b = number(b, int64(headSize(m.header(d))+size))
	b = field(b, address(a))
	b = encoded(b, a.Method)
	b = field(b, distributionName)
	b = encoded(b, a.Path)
	b = number(b, int64(info.status))
	b = encoded(b, a.header("Referer"))
	b = encoded(b, a.header("User-Agent"))
	b = encoded(b, a.Query)
	b = encoded(b, a.header("Cookie"))
	b = field(b, info.result)
	b = field(b, m.requestID(d.number))
	b = encoded(b, a.Host)
	b = m.logConnection(b, a, d, info)
	b = field(b, m.contentType(d))
	b = number(b, int64(d.size))
	b = append(b, "\t-\t-\n"...)
	m.row = b
	m.Log(b)
}

// logConnection writes the fields from cs-protocol to
// x-edge-detailed-result-type.
func (m *Model) logConnection(b []byte, a *Ask, d *answer, info kindInfo) []byte {
	scheme, version, cipher := "http", "", ""
	if a.TLS {
		scheme, version, cipher = "https", "TLSv1.3", "TLS_AES_128_GCM_SHA256"
	}
	b = field(b, scheme)
	b = number(b, a.Bytes)
	b = seconds(b, d.done-d.asked)
	b = encoded(b, a.header("X-Forwarded-For"))
	b = field(b, version)
	b = field(b, cipher)
	b = field(b, info.result)
	b = encoded(b, a.Protocol)
	b = append(b, "\t-\t-"...)
	b = number(b, int64(a.Port))
	b = seconds(b, d.first-d.asked)
	return field(b, info.detailed)
}

// header returns a request header, empty where there is none.
func (a *Ask) header(name string) string {
	if a.Header == nil {
		return ""
	}
	return a.Header(name)
}

func address(a *Ask) string {
	if !a.Client.IsValid() {
		return ""
	}
	return a.Client.Unmap().WithZone("").String()
}

// field appends a value that needs no encoding; an empty one becomes a dash.
func field(b []byte, value string) []byte {
	if value == "" {
		value = "-"
	}
	return append(append(b, '\t'), value...)
}

func number(b []byte, n int64) []byte { return strconv.AppendInt(append(b, '\t'), n, 10) }

// seconds appends a time with three decimals.
func seconds(b []byte, t time.Duration) []byte {
	return strconv.AppendFloat(append(b, '\t'), t.Seconds(), 'f', 3, 64)
}

// encoded appends a value as CloudFront encodes what viewers send: control
// characters, the space, everything beyond ASCII and some punctuation become
// percent signs with two hexadecimal digits.
func encoded(b []byte, value string) []byte {
	if value == "" {
		return append(b, "\t-"...)
	}
	const digits = "0123456789ABCDEF"
	b = append(b, '\t')
	for i := range len(value) {
		c := value[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("<>\"#%{}|\\^~[]`'", c) >= 0 {
			b = append(b, '%', digits[c>>4], digits[c&15])
			continue
		}
		b = append(b, c)
	}
	return b
}
