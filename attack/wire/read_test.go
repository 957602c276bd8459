package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"frontload/results"
)

// readAll reads an answer that comes in pieces of the given sizes, in turn, and
// ends with the connection. It returns the reader, how many bytes it took, and
// why it ended.
func readAll(method string, answer []byte, sizes ...int) (*answerReader, int, error) {
	r := &answerReader{}
	cfg := Config{MaxHeaderBytes: 4 << 10, MaxBodyBytes: 64 << 10, Marker: "X-Origin"}
	r.begin(&cfg, method == http.MethodHead)
	took := 0
	for i := 0; took < len(answer) && r.state != whole; i++ {
		piece := bytes.Clone(answer[took:min(len(answer), took+sizes[i%len(sizes)])])
		n, err := r.read(piece)
		took += n
		for j := range piece {
			piece[j] = '!' // what the reader keeps must be a copy
		}
		if err != nil {
			return r, took, err
		}
		if n < len(piece) && r.state != whole {
			return r, took, errors.New("the reader left bytes and is not done")
		}
	}
	if r.state == whole {
		return r, took, nil
	}
	return r, took, r.end(io.EOF)
}

// seen is what of an answer bears on a sample.
func seen(r *answerReader) string {
	return fmt.Sprintf("state %d keep %t body %d bytes %d page %q reply %+v fields %v",
		r.state, r.keep, r.body, r.bytes, r.page, r.reply, r.fields())
}

func answers() []string {
	long := strings.Repeat("x", 5000)
	return []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nConnection: Foo, Close\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\nnext",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n00000000000000005\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + long + "\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\n\r\nto the end",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Cache: Hit\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw",
		"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 304 Not Modified\r\n\r\n",
		"HTTP/1.1 503 No\r\nX-Cache: Error from cloudfront\r\nX-Amz-Cf-Pop: FRA56-P1\r\nX-Amz-Cf-Id: abc==\r\nVia: x\r\nServer: CloudFront\r\n" +
			"Server-Timing: cdn-pop\r\nServer-Timing: cdn-rid\r\nAge: 7\r\nX-Origin: 1\r\nContent-Length: 5000\r\n\r\n" + long,
		"HTTP/1.1 503 No\r\nx-amz-request-id: A\r\nX-AMZ-ID-2: B\r\nx-amzn-RequestId: C\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-Long: " + long + "\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-Cache : Hit\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-A: a\rb\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX-A: a\x00b\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n",
		"\r\nHTTP/1.1 200 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "", "HTTP/1.1 200 OK\r\nContent-Le",
	}
}

// How an answer is cut into pieces on its way changes nothing.
func TestAnswersInPieces(t *testing.T) {
	for _, answer := range answers() {
		for _, method := range []string{"GET", "HEAD"} {
			want, took, err := readAll(method, []byte(answer), 1<<20)
			for _, size := range [][]int{{1}, {2}, {3, 1}, {7}, {64}} {
				got, n, gotErr := readAll(method, []byte(answer), size...)
				if errors.Is(err, ErrMalformed) && errors.Is(gotErr, ErrMalformed) {
					continue // found out sooner or later
				}
				if seen(got) != seen(want) || fmt.Sprint(gotErr) != fmt.Sprint(err) || n != took && err == nil {
					t.Errorf("%s %.60q in pieces of %v: %d bytes, %v, %s\nas a whole: %d bytes, %v, %s",
						method, answer, size, n, gotErr, seen(got), took, err, seen(want))
				}
			}
		}
	}
}

// What an answer may not be, since a reader on the way could understand it in
// another way.
func TestAnswersThatSmuggle(t *testing.T) {
	refused := 0
	for _, answer := range answers() {
		_, _, err := readAll("GET", []byte(answer), 1<<20)
		if errors.Is(err, ErrMalformed) {
			refused++
		}
	}
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 05x\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nX: 1\r\n Content-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nX: 1\rContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 hello\r\nhello\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 1\rY: 2\r\n\r\n",
	} {
		if _, _, err := readAll("GET", []byte(answer), 1<<20); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v, want it refused as malformed", answer, err)
		}
	}
	if refused < 20 {
		t.Errorf("%d of the answers above are refused as malformed, want at least 20", refused)
	}
}

// What each chunk has to have beside its data is no header: an answer may have
// any number of chunks. Extensions and trailers are bounded as headers are.
func TestManyChunks(t *testing.T) {
	cfg := Config{}.withDefaults()
	read := func(chunk string, n int) (answerReader, error) {
		var r answerReader
		r.begin(&cfg, false)
		_, err := r.read([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
		for i := 0; i < n && err == nil; i++ {
			_, err = r.read([]byte(chunk))
		}
		return r, err
	}
	if r, err := read("5\r\nhello\r\n", 1_000_000); err != nil || r.body != 5_000_000 {
		t.Errorf("a million chunks: %d bytes of body, %v", r.body, err)
	}
	if _, err := read("5;extension\r\nhello\r\n", 10_000); !errors.Is(err, ErrHeader) {
		t.Errorf("a hundred thousand bytes of extensions: %v, want ErrHeader", err)
	}
	if _, err := read("5          \r\nhello\r\n", 10_000); !errors.Is(err, ErrHeader) {
		t.Errorf("a hundred thousand spaces: %v, want ErrHeader", err)
	}
}

func TestWhatIsReadOfAnAnswer(t *testing.T) {
	for _, answer := range answers() {
		if !strings.HasPrefix(answer, "HTTP/1.1 503") {
			continue
		}
		r, _, err := readAll("GET", []byte(answer), 100)
		if err != nil {
			t.Fatal(err)
		}
		got := r.reply
		want := results.Answer{Status: 503, S3ID: "A", GatewayID: "C"}
		if len(r.page) > 0 {
			want = results.Answer{
				Status: 503, Server: "CloudFront", XCache: "Error from cloudfront", POP: "FRA56-P1", RequestID: "abc==",
				Age: "7", ServerTiming: "cdn-pop,cdn-rid", Marked: true,
			}
			if len(r.page) != bodyStart || r.body != 5000 {
				t.Errorf("%d bytes of %d are kept, want %d of 5000", len(r.page), r.body, bodyStart)
			}
		}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("read %+v\nwant %+v", got, want)
		}
	}
}

// Whatever this reader and net/http both take for an answer, they read alike;
// and however it is cut into pieces, this reader reads it alike.
func FuzzAnswerReader(f *testing.F) {
	for _, answer := range answers() {
		f.Add([]byte(answer), false, uint64(1))
	}
	f.Fuzz(func(t *testing.T, answer []byte, head bool, seed uint64) {
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		r, took, err := readAll(method, answer, 1<<20)
		rng := rand.New(rand.NewPCG(seed, 0))
		pieces, n, pieceErr := readAll(method, answer, 1+rng.IntN(9), 1+rng.IntN(99), 1+rng.IntN(9))
		if (err == nil) != (pieceErr == nil) || err == nil && (n != took || seen(r) != seen(pieces)) {
			t.Fatalf("as a whole: %d, %v, %s\nin pieces: %d, %v, %s", took, err, seen(r), n, pieceErr, seen(pieces))
		}
		if err != nil {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(answer), len(answer)+16) // what it does not take stays in its buffer
		res, oracleErr := http.ReadResponse(in, &http.Request{Method: method})
		for oracleErr == nil && res.StatusCode < 200 && res.StatusCode != http.StatusSwitchingProtocols {
			res, oracleErr = http.ReadResponse(in, &http.Request{Method: method})
		}
		if oracleErr != nil {
			return
		}
		if res.StatusCode == http.StatusSwitchingProtocols {
			if r.reply.Status != res.StatusCode || r.keep {
				t.Fatalf("status %d, keep %t", r.reply.Status, r.keep)
			}
			return
		}
		body, oracleErr := io.ReadAll(res.Body)
		if oracleErr != nil {
			return
		}
		left := in.Buffered()
		if r.reply.Status != res.StatusCode || r.body != int64(len(body)) || r.keep == res.Close || took != len(answer)-left {
			t.Fatalf("status %d, %d bytes of body, keep %t, %d bytes in all; net/http: %d, %d, %t, %d",
				r.reply.Status, r.body, r.keep, took, res.StatusCode, len(body), !res.Close, len(answer)-left)
		}
		want := answerOf(res, "X-Origin")
		want.ServerTiming = r.reply.ServerTiming // an empty one among several is left out by this reader
		if r.reply.Body = nil; fmt.Sprintf("%+v", *want) != fmt.Sprintf("%+v", r.reply) {
			t.Fatalf("read %+v\nnet/http: %+v", r.reply, *want)
		}
	})
}

// answerOf is the answer as net/http read it.
func answerOf(res *http.Response, marker string) *results.Answer {
	h := res.Header
	first := func(names ...string) string {
		for _, name := range names {
			if v := h.Get(name); v != "" {
				return v
			}
		}
		return ""
	}
	return &results.Answer{
		Status:       res.StatusCode,
		Server:       first("Server"),
		XCache:       first("X-Cache"),
		POP:          first("X-Amz-Cf-Pop"),
		RequestID:    first("X-Amz-Cf-Id"),
		Age:          first("Age"),
		ServerTiming: strings.Join(h.Values("Server-Timing"), ","),
		S3ID:         first("X-Amz-Request-Id", "X-Amz-Id-2"),
		GatewayID:    first("X-Amzn-Requestid", "X-Amz-Apigw-Id"),
		Marked:       marker != "" && first(marker) != "",
	}
}

// BenchmarkRead reads an answer such as an edge gives, whole.
func BenchmarkRead(b *testing.B) {
	cfg := Config{}.withDefaults()
	answer := []byte(edgeAnswer)
	var r answerReader
	b.ReportAllocs()
	for b.Loop() {
		r.begin(&cfg, false)
		if _, err := r.read(answer); err != nil || r.state != whole {
			b.Fatal(r.state, err)
		}
	}
}
