package openai_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/ai/openai"
)

// failure returns the error that a client's error must be.
func failure(t testing.TB, err error) *openai.Error {
	t.Helper()
	var e *openai.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *openai.Error", err)
	}
	return e
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name              string
		status            int
		body              string
		code              string
		retryable, paused bool
	}{
		{"OpenAI's shape", 429, `{"error":{"message":"Rate limit reached","type":"requests","param":null,"code":"rate_limit_exceeded"}}`, openai.CodeRateLimited, true, false},
		{"quota", 429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}`, openai.CodeQuota, false, true},
		{"quota by its type", 429, `{"error":{"message":"no","type":"insufficient_quota","code":null}}`, openai.CodeQuota, false, true},
		{"quota by its text", 429, `{"error":"You exceeded your current quota"}`, openai.CodeQuota, false, true},
		{"payment required", 402, `{"error":{"message":"Insufficient Balance"}}`, openai.CodeQuota, false, true},
		{"wrong key", 401, `{"error":{"message":"Incorrect API key provided: sk-very-secret","code":"invalid_api_key"}}`, openai.CodeUnauthorized, false, true},
		{"forbidden", 403, `{"message":"Forbidden"}`, openai.CodeUnauthorized, false, true},
		{"no such model", 404, `{"detail":"Model x is not installed locally."}`, openai.CodeNoModel, false, true},
		{"no such model, as 400", 400, `{"error":{"message":"no","code":"model_not_found"}}`, openai.CodeNoModel, false, true},
		{"too large", 413, `{"error":{"message":"Maximum content size limit (26214400) exceeded (26214401 bytes read)","type":"server_error"}}`, openai.CodeTooLarge, false, false},
		{"context, by code", 400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`, openai.CodeContextLength, false, false},
		{"context, by text", 400, `{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}`, openai.CodeContextLength, false, false},
		{"content policy", 400, `{"error":{"message":"no","code":"content_policy_violation"}}`, openai.CodeRefused, false, false},
		{"error as text", 400, `{"error":"file is broken"}`, openai.CodeRejected, false, false},
		{"FastAPI's list", 422, `{"detail":[{"loc":["body","file"],"msg":"field required"}]}`, openai.CodeRejected, false, false},
		{"HTML", 502, `<html><body>Bad Gateway</body></html>`, openai.CodeUnavailable, true, false},
		{"empty", 500, ``, openai.CodeUnavailable, true, false},
		{"overloaded", 503, `{"error":{"code":"server_is_overloaded"}}`, openai.CodeUnavailable, true, false},
		{"timeout of the server", 408, ``, openai.CodeUnavailable, true, false},
		{"conflict", 409, ``, openai.CodeUnavailable, true, false},
		{"a redirect", 307, ``, openai.CodeRejected, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				answers(tt.status, tt.body)(w, r)
			})
			_, err := c.Models(t.Context(), cfg)
			e := failure(t, err)
			is.Equal(e.Code, tt.code)
			is.Equal(e.Status, tt.status)
			is.Equal(e.Retryable(), tt.retryable)
			is.Equal(e.Paused(), tt.paused)
			is.True(!strings.Contains(err.Error(), "sk-very-secret")) // not even where the server repeats the key
		})
	}
}

func TestSnippetIsOneShortLine(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, answers(500, `{"error":"a\n\u001b[31mb `+strings.Repeat("ก", 5000)+`"}`))
	_, err := c.Models(t.Context(), cfg)
	e := failure(t, err)
	is.True(strings.HasPrefix(e.Snippet, `a [31mb กก`)) // without what a terminal would obey
	is.Equal(len([]rune(e.Snippet)), 201)               // the start, and a mark that there was more
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name   string
		header map[string]string
		want   time.Duration
	}{
		{"none", nil, 0},
		{"seconds", map[string]string{"Retry-After": "7"}, 7 * time.Second},
		{"parts of seconds", map[string]string{"Retry-After": "0.5"}, time.Second / 2},
		{"milliseconds are the more exact", map[string]string{"Retry-After-Ms": "1500", "Retry-After": "2"}, 1500 * time.Millisecond},
		{"a date", map[string]string{"Retry-After": "Sat, 01 Jan 2000 00:01:30 GMT"}, 90 * time.Second},
		{"a date that is past", map[string]string{"Retry-After": "Fri, 31 Dec 1999 00:00:00 GMT"}, 0},
		{"nonsense", map[string]string{"Retry-After": "soon"}, 0},
		{"negative", map[string]string{"Retry-After": "-1"}, 0},
		{"for ever", map[string]string{"Retry-After": "999999"}, 24 * time.Hour},
		{"what is used up", map[string]string{"X-Ratelimit-Remaining-Requests": "9", "X-Ratelimit-Reset-Requests": "1m",
			"X-Ratelimit-Remaining-Tokens": "0", "X-Ratelimit-Reset-Tokens": "6m1.2s"}, 6*time.Minute + 1200*time.Millisecond},
		{"Azure's nothing", map[string]string{"X-Ratelimit-Remaining-Requests": "-1", "X-Ratelimit-Reset-Requests": "0"}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // its clock starts at 2000-01-01
				is := is.New(t)
				c := openai.New(&http.Client{Transport: headers(tt.header)})
				_, err := c.Models(t.Context(), openai.Config{BaseURL: "http://x/v1"})
				is.Equal(failure(t, err).RetryAfter, tt.want)
			})
		})
	}
}

// headers refuses with a 429 that has them.
type headers map[string]string

func (h headers) RoundTrip(*http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: 429, Header: http.Header{}, Body: http.NoBody}
	for name, value := range h {
		res.Header.Set(name, value)
	}
	return res, nil
}

func TestConnectionsThatFail(t *testing.T) {
	drop := func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"data":`)
	}
	for name, h := range map[string]http.HandlerFunc{"no answer": drop, "half an answer": cut} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, h)
			_, err := c.Models(t.Context(), cfg)
			is.Equal(failure(t, err).Code, openai.CodeUnreachable)
			is.True(failure(t, err).Retryable())
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		is := is.New(t)
		free, err := net.Listen("tcp", "127.0.0.1:0")
		is.NoErr(err)
		is.NoErr(free.Close())
		cfg := openai.Config{BaseURL: "http://user:hunter2@" + free.Addr().String() + "/v1?key=hunter2"}
		_, err = openai.New(http.DefaultClient).Models(t.Context(), cfg)
		is.Equal(failure(t, err).Code, openai.CodeUnreachable)
		is.True(!strings.Contains(err.Error(), "hunter2")) // an address may hold a key
	})
	t.Run("a base that is no URL", func(t *testing.T) {
		is := is.New(t)
		_, err := openai.New(http.DefaultClient).Models(t.Context(), openai.Config{BaseURL: "http://[hunter2"})
		is.Equal(failure(t, err).Code, openai.CodeRejected)
		is.True(!strings.Contains(err.Error(), "hunter2"))
	})
	t.Run("too slow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			is := is.New(t)
			start := time.Now()
			c := openai.New(&http.Client{Transport: silent{}})
			_, err := c.Chat(t.Context(), openai.Config{BaseURL: "http://x/v1"}, question, schema)
			is.Equal(failure(t, err).Code, openai.CodeTimeout)
			is.Equal(time.Since(start), 180*time.Second) // for a chat
			start = time.Now()
			_, err = c.Transcribe(t.Context(), openai.Config{BaseURL: "http://x/v1"}, sound("RIFF"))
			is.Equal(failure(t, err).Code, openai.CodeTimeout)
			is.Equal(time.Since(start), 3*time.Minute) // three times the sound's minute
		})
	})
}

// silent never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestModels(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, answers(200, `{"object":"list","data":[{"id":"whisper-1","object":"model"},{"id":null},{"id":"tiny"}]}`))
	names, err := c.Models(t.Context(), cfg)
	is.NoErr(err)
	is.Equal(names, []string{"whisper-1", "tiny"})
	c, cfg = serve(t, answers(200, strings.Repeat(" ", 16<<20)+`{"data":[]}`))
	_, err = c.Models(t.Context(), cfg)
	is.Equal(failure(t, err).Code, openai.CodeBadAnswer) // answers are bounded
}

func TestNoKeyNoHeader(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		is.Equal(r.Header.Values("Authorization"), nil)
		answers(200, `{"data":[]}`)(w, r)
	})
	cfg.Key = ""
	_, err := c.Models(t.Context(), cfg)
	is.NoErr(err)
}

func TestKeysAreNeverPrinted(t *testing.T) {
	is := is.New(t)
	cfg := openai.Config{Key: "sk-very-secret"}
	var b strings.Builder
	fmt.Fprintf(&b, "%v %+v %#v %s %q", cfg, cfg, cfg, cfg.Key, cfg.Key)
	slog.New(slog.NewTextHandler(&b, nil)).Info("config", "cfg", cfg, "key", cfg.Key)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("config", "cfg", cfg, "key", cfg.Key)
	is.True(strings.Contains(b.String(), "••••"))
	is.True(!strings.Contains(b.String(), "secret")) // however they are printed
}
