package phone

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// A Wire sends a connector's requests and compares the clocks at both ends. It
// may be used concurrently.
type Wire struct {
	client *http.Client
	now    func() time.Time
	skew   atomic.Int64 // their clock minus ours in nanoseconds, as last seen
}

// NewWire returns a wire through transport, which decides where requests may go.
// Redirects are not followed: one would carry the credentials along.
func NewWire(transport http.RoundTripper, now func() time.Time) *Wire {
	return &Wire{now: now, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send sends req. The caller closes the answer's body. For the error see
// [NetworkError].
func (w *Wire) Send(req *http.Request) (*http.Response, error) {
	req.Header.Set("User-Agent", "crk")
	sent := w.now()
	resp, err := w.client.Do(req)
	if err != nil {
		return nil, err
	}
	if theirs, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		ours := sent.Add(w.now().Sub(sent) / 2)
		w.skew.Store(int64(theirs.Sub(ours)))
	}
	return resp, nil
}

// Skew is the system's clock minus ours, as its last answer showed it; zero where
// it sends no date.
func (w *Wire) Skew() time.Duration { return time.Duration(w.skew.Load()) }

// StatusError makes an error of an answer whose status is neither a success nor
// about credentials.
func (w *Wire) StatusError(op string, resp *http.Response) *Error {
	e := &Error{Kind: Unexpected, Op: op, Status: resp.StatusCode}
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s >= 500:
		e.Kind = Transient
		e.RetryAfter = RetryAfter(resp.Header, w.now())
	case s >= 300 && s < 400:
		e.Detail = "a redirect was not followed"
	}
	return e
}

// Drain closes a body after reading a little, so that the connection can serve
// again.
func Drain(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}

// Pause waits for d. It returns early with an error when ctx ends, and at once
// where ctx would end before there is time to go on.
func Pause(ctx context.Context, d time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return context.DeadlineExceeded
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// IsPage reports whether body is a page for a browser, which is what one gets at
// an address that is not the phone system's, and from some proxies.
func IsPage(body []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(body[:min(len(body), 512)]), " \t\r\n\ufeff"), "<")
}

// A Text reads a JSON string, or a number to the letter; anything else is empty,
// so that one odd field does not spoil a row.
type Text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = Text(strings.TrimSpace(s))
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		*t = Text(b)
	}
	return nil
}
