// Package openai is a small client of servers that speak OpenAI's HTTP
// contract: speech to text, chat answers that follow a JSON schema, and the
// list of models. OpenAI itself is one of them; most others run on a company's
// own machine and differ from it in small ways.
//
// It promises:
//
//   - One tolerant reading of every dialect: numbers as strings, times in
//     nanoseconds, errors in any shape, fenced answers, thoughts before them.
//   - What a server refuses is not asked of it again for a day: see
//     [Client.Transcribe] and [Client.Chat] for what is asked for instead.
//   - Every failure is an [*Error] that says whether trying again can help, but
//     for the end of the caller's own context, which is returned as such.
//   - Keys, and addresses that may hold one, are in no error. Answers are
//     bounded, requests have a timeout, and redirects are not followed.
//
// It does not try again by itself, and it does not check that an answer makes
// sense: a server may say 200 and ignore the schema.
package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	chatTimeout   = 180 * time.Second
	modelsTimeout = 30 * time.Second
	maxAnswer     = 16 << 20 // bytes; an hour of words with their times is about 1 MiB
)

// A Key is a provider's API key. However it is printed it reads "••••".
type Key string

const mask = "••••"

// String implements fmt.Stringer without showing the key.
func (Key) String() string { return mask }

// GoString implements fmt.GoStringer without showing the key.
func (Key) GoString() string { return mask }

// LogValue implements slog.LogValuer without showing the key.
func (Key) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText implements encoding.TextMarshaler without showing the key.
func (Key) MarshalText() ([]byte, error) { return []byte(mask), nil }

// A Config says which server and model to ask, and with what key.
type Config struct {
	BaseURL  string      // as people know it, ending in /v1; a query is kept
	Key      Key         // empty: no Authorization header
	Model    string      // as the server names it
	Language string      // of the speech, ISO 639-1; empty: the server finds out
	Header   http.Header // sent with every request; wins over the client's own

	KeyHeader string        // that carries the bare key, as Azure's api-key; empty: Authorization: Bearer
	Timeout   time.Duration // of each request for work; 0: by what is asked
	Extra     []Field       // sent with every request for work
	CA        string        // PEM: the authority that may have signed the server's certificate; see NewTrusting
}

// A Field is a part of a request that only some servers know.
type Field struct {
	Name  string
	Value string // in a chat read as JSON where it is valid, else as text
}

// A Client asks servers. It may be used concurrently.
type Client struct {
	http   func(ca string) (*http.Client, error)
	memory memory
}

// New returns a client that sends its requests through hc, which is to have a
// timeout for connecting; hc alone says whose certificates are trusted. Keep the
// client: it remembers what servers refuse.
func New(hc *http.Client) *Client {
	return NewTrusting(func(string) (*http.Client, error) { return hc, nil })
}

// NewTrusting is New for servers that name an authority of their own: clients
// returns what a request to a server with that [Config.CA] goes through.
func NewTrusting(clients func(ca string) (*http.Client, error)) *Client {
	return &Client{http: clients}
}

// send sends a request to where it is addressed and nowhere else.
func (c *Client) send(req *http.Request, ca string) (*http.Response, error) {
	hc, err := c.http(ca)
	if err != nil {
		return nil, err
	}
	own := *hc
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return own.Do(req)
}

// Models lists the names of the server's models, in its order. A server may
// leave out models that it has.
func (c *Client) Models(ctx context.Context, cfg Config) ([]string, error) {
	body, err := c.do(ctx, cfg, request{op: "models", method: http.MethodGet, path: "models", timeout: modelsTimeout})
	if err != nil {
		return nil, err
	}
	var in struct{ Data []struct{ ID text } }
	if err := loose(body, &in); err != nil || in.Data == nil {
		return nil, badAnswer("models", body)
	}
	var names []string
	for _, m := range in.Data {
		if m.ID != "" {
			names = append(names, string(m.ID))
		}
	}
	return names, nil
}

// A request is one exchange with a server.
type request struct {
	op          string // for errors
	method      string
	path        string // below the base
	contentType string
	open        func() (io.Reader, error) // nil: no body
	length      int64
	timeout     time.Duration
}

// do returns the body of a 2xx answer that holds no error.
func (c *Client) do(ctx context.Context, cfg Config, r request) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	req, err := r.build(limited, cfg)
	if err != nil {
		return nil, err
	}
	res, err := c.send(req, cfg.CA)
	if err != nil {
		return nil, broken(ctx, r.op, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case res.StatusCode < 200 || res.StatusCode > 299:
		return nil, refusal(r.op, res.StatusCode, res.Header, body, cfg.Key)
	case err != nil:
		return nil, broken(ctx, r.op, err)
	case len(body) > maxAnswer:
		return nil, badAnswer(r.op, body)
	}
	if err := hiddenError(r.op, res.Header, body, cfg.Key); err != nil {
		return nil, err
	}
	return body, nil
}

func (r request) build(ctx context.Context, cfg Config) (*http.Request, error) {
	base, err := url.Parse(cfg.BaseURL)
	if err != nil || base.Host == "" {
		return nil, &Error{Op: r.op, Code: CodeRejected, Snippet: "the base URL cannot be read"}
	}
	var body io.Reader
	if r.open != nil {
		if body, err = r.open(); err != nil {
			return nil, fmt.Errorf("openai: %s: open body: %w", r.op, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, base.JoinPath(r.path).String(), body)
	if err != nil {
		return nil, &Error{Op: r.op, Code: CodeRejected, Snippet: "the request cannot be made"}
	}
	if r.open != nil {
		req.ContentLength = r.length
		// A kept connection may turn out to be dead: the transport then starts
		// over on a new one.
		req.GetBody = func() (io.ReadCloser, error) {
			again, err := r.open()
			return io.NopCloser(again), err
		}
		req.Header.Set("Content-Type", r.contentType)
	}
	req.Header.Set("Accept", "application/json")
	switch {
	case cfg.Key == "":
	case cfg.KeyHeader != "":
		req.Header.Set(cfg.KeyHeader, string(cfg.Key))
	default:
		req.Header.Set("Authorization", "Bearer "+string(cfg.Key))
	}
	for name, values := range cfg.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

// broken is the error for an exchange that did not end in an answer. The end of
// the caller's context is the caller's doing and no [*Error].
func broken(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("openai: %s: %w", op, context.Cause(ctx))
	}
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	e := &Error{Op: op, Code: CodeUnreachable, Err: err}
	if network := net.Error(nil); errors.As(err, &network) && network.Timeout() {
		e.Code = CodeTimeout
	}
	return e
}
