package lab

import (
	"context"
	"net/http"
	"time"

	"frontload/results"
)

const (
	// shortTransfer is the longest transfer that leaves in one piece, when
	// its last byte is due. It is the resolution of the runtime's timers, so
	// cutting it up would cost a write and show nothing.
	shortTransfer = time.Millisecond

	pieceEvery = 10 * time.Millisecond // how often a longer transfer writes
	maxPieces  = 64                    // most writes of one transfer
)

// play writes reply at its times, which count from zero, never early. It
// reports false when the client left or the server was closed before the end;
// nothing more may be written then. The body is left out unless withBody is
// true.
func play(ctx context.Context, w http.ResponseWriter, reply *Reply, zero time.Time, withBody bool) bool {
	body := reply.Body
	if !withBody {
		body = nil
	}
	start, transfer := zero.Add(reply.FirstByte), reply.Done-reply.FirstByte
	if len(body) < 2 || transfer <= shortTransfer {
		start, transfer = start.Add(max(0, transfer)), 0
	}
	if !waitUntil(ctx, start) {
		return false
	}
	writeHead(w, reply)
	return playBody(ctx, w, body, start, transfer)
}

// playBody spreads body evenly over transfer: the first bytes leave at start
// and the last ones at its end.
func playBody(ctx context.Context, w http.ResponseWriter, body []byte, start time.Time, transfer time.Duration) bool {
	flush := http.NewResponseController(w).Flush
	pieces := pieceCount(len(body), transfer)
	for i := range pieces {
		due := start.Add(transfer * time.Duration(i) / time.Duration(max(1, pieces-1)))
		if !waitUntil(ctx, due) {
			return false
		}
		if _, err := w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces]); err != nil {
			return false
		}
		if i < pieces-1 && flush() != nil {
			return false
		}
	}
	return true
}

// pieceCount returns in how many writes a body of size bytes leaves: one when
// it takes no time, else at least its beginning and its end.
func pieceCount(size int, transfer time.Duration) int {
	if transfer == 0 {
		return min(size, 1)
	}
	return min(size, maxPieces, 2+int(transfer/pieceEvery))
}

// writeHead writes the status and exactly the reply's headers. net/http adds
// Date and guesses a Content-Type unless it finds their keys, here without a
// value. It sorts headers by name, so their order on the wire is not reply's.
func writeHead(w http.ResponseWriter, reply *Reply) {
	header := w.Header()
	header["Date"] = nil
	header["Content-Type"] = nil
	values := make([]string, len(reply.Header))
	for i, h := range reply.Header {
		name := wireName(h)
		if had := header[name]; had != nil {
			header[name] = append(had[:len(had):len(had)], h.Value)
			continue
		}
		values[i] = h.Value
		header[name] = values[i : i+1 : i+1]
	}
	w.WriteHeader(reply.Status)
}

// wireName returns the name to hand to net/http: as the model writes it, but
// in canonical form where net/http itself acts on the header.
func wireName(h results.Header) string {
	switch canonical := http.CanonicalHeaderKey(h.Name); canonical {
	case "Connection", "Content-Length", "Content-Type", "Date", "Transfer-Encoding":
		return canonical
	default:
		return h.Name
	}
}

// waitUntil returns true at due or a little later, never earlier, and false
// as soon as ctx is done.
func waitUntil(ctx context.Context, due time.Time) bool {
	for {
		left := time.Until(due)
		if left <= 0 {
			return ctx.Err() == nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}
