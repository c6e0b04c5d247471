package phonetest

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A delivery is how a recording is sent, and what goes wrong meanwhile.
type delivery struct {
	sound    []byte
	tag      string // its ETag, or empty
	ranges   RangeAnswer
	noLength bool
	truncate int // the connection ends so many bytes early where the whole was asked for
	breaks   int // and after so many bytes of any answer; zero: it does not
	stall    bool
}

// send answers a request for a recording.
func (d delivery) send(w http.ResponseWriter, r *http.Request) {
	if d.tag != "" {
		w.Header().Set("ETag", `"`+d.tag+`"`)
	}
	if d.breaks > 0 {
		w = &breaking{w, d.breaks}
	}
	if r.Header.Get("Range") != "" {
		switch d.ranges {
		case RangeRefused:
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		case RangeHonoured:
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(d.sound))
			return
		case RangeShifted, RangeResized:
			d.mislead(w, r)
			return
		}
	}
	if !d.noLength {
		w.Header().Set("Content-Length", strconv.Itoa(len(d.sound)))
	}
	if d.stall {
		_, _ = w.Write(d.sound[:len(d.sound)/2])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return
	}
	_, _ = w.Write(d.sound[:max(0, len(d.sound)-d.truncate)])
	if d.truncate > 0 {
		panic(http.ErrAbortHandler) // the connection breaks
	}
}

// mislead answers with another part than was asked for, or one of another whole.
func (d delivery) mislead(w http.ResponseWriter, r *http.Request) {
	from, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"))
	total := len(d.sound)
	if d.ranges == RangeShifted {
		from = max(0, from-1)
	} else {
		total++
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(d.sound)-1, total))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(d.sound[min(from, len(d.sound)):])
}

// breaking is an answer whose connection ends after so many bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

// Write implements [io.Writer].
func (b *breaking) Write(p []byte) (int, error) {
	n, err := b.ResponseWriter.Write(p[:min(len(p), b.left)])
	if b.left -= n; b.left == 0 && n < len(p) {
		_ = http.NewResponseController(b.ResponseWriter).Flush() // what there is arrives
		panic(http.ErrAbortHandler)
	}
	return n, err
}
