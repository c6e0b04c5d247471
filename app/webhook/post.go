package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crk/app"
	"crk/app/egress"
	"crk/store"
)

const (
	keptResponse = 1 << 10  // of an answer, for people who look into what went wrong
	readResponse = 16 << 10 // so that the connection can be used again
)

// A result is what came of a request.
type result struct {
	app.WebhookAttempt
	asked time.Duration // the receiver wants to be left alone for so long
	err   error         // why there was no answer
}

// why says, for the log, what kept an event from arriving.
func (r result) why() string {
	if r.err != nil {
		return r.err.Error()
	}
	return "answered " + strconv.Itoa(r.Status)
}

// post sends the event of a claim. Its error is the appliance's own; one of the
// receiver's is part of the result.
func (c *Courier) post(ctx context.Context, to store.WebhookTarget, claim store.WebhookClaim) (r result, err error) {
	r.At = c.db.Now()
	signature, err := Sign(claim.EventID, r.At, claim.Body, to.Secrets...)
	if err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	near := true // until the connection says otherwise
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { near = isNear(i.Conn.RemoteAddr()) },
	})
	req, err := c.request(ctx, to.URL, claim, r.At, signature)
	if err != nil {
		r.Error, r.err = app.WebhookErrUnreachable, bare(err)
		return r, nil
	}

	client, err := c.client(to.CA)
	if err != nil {
		r.Error, r.err = app.WebhookErrTLS, err
		return r, nil
	}

	begin := time.Now()
	res, err := client.Do(req)
	r.Duration = time.Since(begin)
	if err != nil {
		r.Error, r.err = failure(err), bare(err)
		return r, nil
	}
	defer res.Body.Close()
	r.Status, r.Error = res.StatusCode, verdict(res.StatusCode)
	r.asked = retryAfter(res.Header.Get("Retry-After"), r.At)
	body, _ := io.ReadAll(io.LimitReader(res.Body, readResponse)) // the status is what counts
	if !near {
		r.Response = snippet(body)
	}
	return r, nil
}

// request is the request of an attempt.
func (c *Courier) request(ctx context.Context, url string, claim store.WebhookClaim, at time.Time, signature string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(claim.Body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("webhook-id", claim.EventID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", signature)
	return req, nil
}

// verdict is the code of an answer that is no success.
func verdict(status int) string {
	switch {
	case status >= 200 && status <= 299:
		return ""
	case status >= 300 && status <= 399:
		return app.WebhookErrRedirect
	case status == http.StatusGone:
		return app.WebhookErrGone
	case status == http.StatusTooManyRequests:
		return app.WebhookErrRateLimited
	case status >= 500:
		return app.WebhookErrPeer
	}
	return app.WebhookErrRejected
}

// failure is the code of why there was no answer.
func failure(err error) string {
	var timedOut net.Error
	switch {
	case isA[*egress.Refused](err):
		return app.WebhookErrNotAllowed
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timedOut) && timedOut.Timeout():
		return app.WebhookErrTimeout
	case isA[*tls.CertificateVerificationError](err), isA[x509.UnknownAuthorityError](err), isA[x509.HostnameError](err),
		isA[x509.CertificateInvalidError](err), isA[tls.RecordHeaderError](err), isA[tls.AlertError](err):
		return app.WebhookErrTLS
	}
	return app.WebhookErrUnreachable
}

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// bare is an error without the URL, which may hold a secret.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// isNear reports whether the other end is on this machine or in a private
// network, a proxy's included. What cannot be told is.
func isNear(addr net.Addr) bool {
	ap, err := netip.ParseAddrPort(addr.String())
	return err != nil || egress.Near(ap.Addr())
}

// snippet is the beginning of an answer as text that can be stored and shown.
func snippet(body []byte) string {
	if len(body) > keptResponse {
		body = body[:keptResponse]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(body), "\uFFFD"))
}
