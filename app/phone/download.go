package phone

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxResumes is how often one download asks for the rest of a recording that broke
// off: a line that breaks more often than that is better tried later.
const maxResumes = 5

// A Downloader opens a connector's recordings. Where a recording breaks off or
// stands still it asks, by Range, for what is missing, a few times, as long as each
// time brings something; the reader notices nothing of it. It may be used
// concurrently; its fields do not change.
type Downloader struct {
	Op string // names the download in errors

	// SignedIn calls try with a token, as [Session.Do] does.
	SignedIn func(ctx context.Context, op string, try func(token string) error) error

	Explain func(answer []byte) error // see TakeAudio
	Sleep   func(context.Context, time.Duration) error
	Limit   *Throttle // nil: none
}

// A GetAudio asks a phone system for a recording, with a token and these headers
// besides. The answer's status is 200 or 206; any other is an error as the one of
// [Source.Audio] is, or ErrTokenRefused.
type GetAudio func(ctx context.Context, token string, header http.Header) (*http.Response, error)

// Open is [Source.Audio] for the recording that get asks for. What goes wrong after
// the system has begun to answer is about this recording and not about the system:
// a BadContent [*Error].
func (d *Downloader) Open(ctx context.Context, get GetAudio) (audio Audio, err error) {
	b := &download{Downloader: d, ctx: ctx, get: get, watch: newWatch()}
	err = b.ask(b.header(), func(resp *http.Response, body io.ReadCloser) error {
		b.part, b.at, b.total, b.mark, b.err = body, 0, -1, mark(resp.Header), nil
		if resp.ContentLength > 0 {
			b.total = resp.ContentLength
		}
		audio, err = TakeAudio(d.Op, resp, b, d.Explain)
		return err
	})
	b.resumable = err == nil
	return audio, err
}

// A download is the body of a recording, of one answer after the other.
type download struct {
	*Downloader
	ctx   context.Context
	get   GetAudio
	watch *watch

	part      io.ReadCloser // of the answer that is read
	from      int64         // where that began
	at        int64         // bytes so far
	total     int64         // of the whole; -1: not known
	mark      string        // for If-Range, or empty
	resumes   int
	resumable bool
	err       error // what every Read returns from now on
}

func (b *download) header() http.Header {
	h := http.Header{"Accept-Encoding": {"identity"}} // so that an offset means what it says
	if b.at > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", b.at))
		if b.mark != "" {
			h.Set("If-Range", b.mark)
		}
	}
	return h
}

// mark is what a recording is known by to be the same still, or empty.
func mark(h http.Header) string {
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) { // W/ is too weak for a part
		return tag
	}
	return h.Get("Last-Modified")
}

// ask sends the request and hands the answer and its body, under the limits of
// time, to take; where that returns an error the body is closed here.
func (b *download) ask(header http.Header, take func(*http.Response, io.ReadCloser) error) error {
	return b.SignedIn(b.ctx, b.Op, func(token string) error {
		call, cancel := context.WithCancel(b.ctx)
		late := time.AfterFunc(answerTime, cancel)
		resp, err := b.get(call, token, header)
		if !late.Stop() && b.ctx.Err() == nil {
			if err == nil {
				resp.Body.Close()
			}
			err = &Error{Kind: Unreachable, Op: b.Op, Err: errNoAnswer}
		}
		if err != nil {
			cancel()
			return err
		}
		body := &timedBody{ReadCloser: resp.Body, watch: b.watch, cancel: cancel}
		if err := take(resp, body); err != nil {
			body.Close()
			return err
		}
		return nil
	})
}

// Read implements [io.Reader].
func (b *download) Read(p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 && b.err == nil {
		n, err = b.part.Read(p[:b.Limit.most(len(p))])
		b.at += int64(n)
		if err == nil {
			err = b.Limit.wait(b.ctx, n)
		}
		switch {
		case err == nil:
		case b.ctx.Err() != nil:
			b.err = NetworkError(b.ctx, b.Op, b.ctx.Err())
		case errors.Is(err, io.EOF) && (b.total < 0 || b.at == b.total):
			b.err = io.EOF
		default:
			b.err = b.resume(err)
		}
	}
	if n > 0 || len(p) == 0 {
		return n, nil
	}
	return 0, b.err
}

// Close implements [io.Closer].
func (b *download) Close() error {
	if b.part == nil {
		return nil
	}
	return b.part.Close()
}

// resume asks for what is missing after cause, and returns nil where that comes.
func (b *download) resume(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	if !b.resumable || b.at == b.from || b.resumes == maxResumes || b.watch.spent() {
		return b.broken(cause)
	}
	b.part.Close()
	b.resumes++
	if err := b.Sleep(b.ctx, time.Duration(b.resumes)*time.Second); err != nil {
		if b.ctx.Err() != nil {
			return NetworkError(b.ctx, b.Op, err)
		}
		return b.broken(cause)
	}
	err := b.ask(b.header(), b.takeRest)
	if e, ok := errors.AsType[*Error](err); ok && !goneAway(e) {
		return b.broken(fmt.Errorf("%w; then %w", cause, err))
	}
	return err
}

// goneAway reports whether a failure to get the rest is no matter of that recording.
func goneAway(e *Error) bool {
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return e.Kind == Credentials || e.Kind == Unreachable || e.Kind == TLS
}

// takeRest goes on with an answer if it is what was asked for and nothing else.
func (b *download) takeRest(resp *http.Response, body io.ReadCloser) error {
	if resp.StatusCode != http.StatusPartialContent {
		if err := b.explain(body); err != nil {
			return err
		}
		return &Error{Kind: BadContent, Op: b.Op, Status: resp.StatusCode, Detail: "the rest was asked for and is not given alone"}
	}
	start, total, ok := contentRange(resp.Header.Get("Content-Range"))
	if !ok || start != b.at || total >= 0 && b.total >= 0 && total != b.total {
		return &Error{Kind: BadContent, Op: b.Op, Status: resp.StatusCode, Detail: "another part came than the one asked for"}
	}
	if b.total < 0 {
		b.total = total
	}
	b.part, b.from = body, b.at
	return nil
}

// explain tells an answer in JSON where a recording should be.
func (b *download) explain(body io.Reader) error {
	buffered := bufio.NewReader(body)
	if head, _ := buffered.Peek(1); b.Explain == nil || !bytes.Equal(head, []byte("{")) {
		return nil
	}
	answer, err := io.ReadAll(io.LimitReader(buffered, maxAnswer))
	if err != nil {
		return nil // it is no good either way
	}
	return b.Explain(answer)
}

// broken is the error of a recording that did not come whole.
func (b *download) broken(cause error) error {
	detail := fmt.Sprintf("the recording broke off after %d bytes", b.at)
	if b.total >= 0 {
		detail = fmt.Sprintf("the recording broke off after %d of %d bytes", b.at, b.total)
	}
	return &Error{Kind: BadContent, Op: b.Op, Detail: detail, Err: cause}
}

// contentRange reads "bytes 5-9/10": where a part begins, and how long the whole is,
// -1 where that is not said.
func contentRange(s string) (start, total int64, ok bool) {
	s, unit := strings.CutPrefix(s, "bytes ")
	span, size, whole := strings.Cut(s, "/")
	first, last, dash := strings.Cut(span, "-")
	start, err := strconv.ParseInt(first, 10, 64)
	end, errEnd := strconv.ParseInt(last, 10, 64)
	if !unit || !whole || !dash || err != nil || errEnd != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if size == "*" {
		return start, -1, true
	}
	total, err = strconv.ParseInt(size, 10, 64)
	return start, total, err == nil && total > end
}
