package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

const header = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) " +
	"cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken " +
	"x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port " +
	"time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n"

var (
	pops = []string{
		"FRA56-P1", "FRA60-C2", "IAD89-C2", "IAD12-P3", "NRT57-P3", "GRU3-P2", "LHR61-C1", "SIN52-C3", "SYD62-P2", "CDG52-P1",
		"AMS54-C1", "DFW55-C3", "SFO53-P1", "BOM78-P4", "HKG62-C2", "MXP64-C1", "ARN56-P1", "JFK50-P6", "ORD58-P9", "LAX50-P1",
	}
	agents = []string{
		"Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/131.0.0.0%20Safari/537.36",
		"Mozilla/5.0%20(iPhone;%20CPU%20iPhone%20OS%2018_1%20like%20Mac%20OS%20X)%20AppleWebKit/605.1.15%20(KHTML,%20like%20Gecko)%20Version/18.1%20Mobile/15E148%20Safari/604.1",
		"Mozilla/5.0%20(X11;%20Linux%20x86_64;%20rv:132.0)%20Gecko/20100101%20Firefox/132.0",
	}
)

// A source draws rows: traffic from 20 edge locations, 50,000
// clients and some thousand paths, with 503s of S3's in two of its minutes.
type source struct {
	*rand.Rand
	zipf, clients *rand.Zipf
	start         time.Time
}

// writeLog writes a standard log of so many rows. Errors stay in w.
func writeLog(w *bufio.Writer, rows int, span time.Duration, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	s := &source{r, rand.NewZipf(r, 1.1, 1, 1999), rand.NewZipf(r, 1.05, 20, 49_999), time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	_, _ = w.WriteString(header)
	var b []byte
	for i := range rows {
		at := time.Duration(float64(i) / float64(rows) * float64(span))
		at += time.Duration(s.IntN(20_000)-10_000) * time.Millisecond // rows are not in order
		b = s.row(b[:0], max(0, at))
		_, _ = w.Write(b)
	}
}

func (s *source) row(b []byte, at time.Duration) []byte {
	path := s.path()
	status, result, detail, taken := 200, "Hit", "Hit", 0.001+0.003*s.Float64()
	if miss := s.Float64() < 0.2; miss {
		result, detail, taken = "Miss", "Miss", 0.05+0.1*s.ExpFloat64()
		if minute := int(at.Minutes()); minute == 20 || minute == 21 {
			if s.Float64() < 0.4 {
				status, result, detail = 503, "Error", "Error"
			}
		}
	}
	client := s.clients.Uint64()
	b = s.start.Add(at).AppendFormat(b, "2006-01-02\t15:04:05\t")
	b = append(b, pops[s.IntN(len(pops))]...)
	b = fmt.Appendf(b, "\t%d\t10.%d.%d.%d\tGET\td111111abcdef8.cloudfront.net\t%s\t%d\t-\t%s\t%s\t-\t%s\t", 500+s.IntN(50_000),
		client>>16, client>>8&255, client&255, path, status, agents[s.IntN(len(agents))], s.query(), result)
	for range 7 {
		b = strconv.AppendUint(b, s.Uint64()|1<<63, 36)[:len(b)+8]
	}
	return fmt.Appendf(b, "==\twww.example.com\thttps\t%d\t%.3f\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t%s\tHTTP/2.0\t-\t-\t%d\t%.3f\t%s\ttext/html\t%d\t-\t-\n",
		60+s.IntN(200), taken, result, 1024+s.IntN(60_000), taken*0.9, detail, 400+s.IntN(40_000))
}

func (s *source) path() string {
	n := s.zipf.Uint64()
	switch p := s.Float64(); {
	case p < 0.5:
		return "/articles/" + strconv.FormatUint(n, 10)
	case p < 0.8:
		return fmt.Sprintf("/img/%d/%d.jpg", n%12, n)
	case p < 0.9:
		return []string{"/api/v1/items", "/api/v1/users", "/api/v2/items", "/search", "/login"}[s.IntN(5)]
	case p < 0.95:
		return "/static/js/app." + strconv.FormatUint(n%7, 10) + ".js"
	}
	return []string{"/", "/index.html", "/favicon.ico", "/robots.txt"}[s.IntN(4)]
}

func (s *source) query() string {
	if s.Float64() < 0.8 {
		return "-"
	}
	return "q=" + strconv.Itoa(s.IntN(1000)) + "&page=2"
}
