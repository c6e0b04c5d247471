package openai_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/ai/openai"
)

func TestUsageIsReadInEveryDialect(t *testing.T) {
	const answer = `"choices":[{"message":{"content":"{}"}}]`
	for _, tt := range []struct {
		name, body string
		want       openai.Usage
	}{
		{"OpenAI", `{` + answer + `,"usage":{"prompt_tokens":900,"completion_tokens":200,"total_tokens":1100}}`, openai.Usage{Known: true, Input: 900, Output: 200}},
		{"tokens by their newer names", `{` + answer + `,"usage":{"input_tokens":7,"output_tokens":3}}`, openai.Usage{Known: true, Input: 7, Output: 3}},
		{"numbers as strings", `{` + answer + `,"usage":{"prompt_tokens":"900","completion_tokens":"200"}}`, openai.Usage{Known: true, Input: 900, Output: 200}},
		{"more than can be", `{` + answer + `,"usage":{"prompt_tokens":1e300,"completion_tokens":-5}}`, openai.Usage{Known: true, Input: 1e9}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, tt.body))
			got, err := c.Chat(t.Context(), cfg, []openai.Message{{Role: "user", Content: "?"}}, openai.Schema{Name: "x", JSON: json.RawMessage(`{}`)})
			is.NoErr(err)
			is.Equal(got.Usage, tt.want)
		})
	}
	for name, body := range map[string]string{"none": `{` + answer + `}`, "null": `{` + answer + `,"usage":null}`, "another type": `{` + answer + `,"usage":"much"}`} {
		t.Run("guessed: "+name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, body))
			got, err := c.Chat(t.Context(), cfg, []openai.Message{{Role: "user", Content: strings.Repeat("x", 4000)}}, openai.Schema{Name: "x", JSON: json.RawMessage(`{}`)})
			is.NoErr(err)
			is.True(!got.Usage.Known)                                           // which is said
			is.True(got.Usage.Input > 1000 && got.Usage.Input < 1200)           // by the length of what was asked
			is.True(got.Usage.Output > 0 && got.Usage.Output < got.Usage.Input) // and answered
		})
	}
}

// TestWhatOnlySomeServersWant: the key in another header, and fields of requests
// that others do not know.
func TestWhatOnlySomeServersWant(t *testing.T) {
	is := is.New(t)
	var headers []http.Header
	var bodies []string
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		headers, bodies = append(headers, r.Header), append(bodies, string(b))
		_, _ = io.WriteString(w, `{"text":"hi","choices":[{"message":{"content":"{}"}}]}`)
	})
	cfg.Key, cfg.KeyHeader, cfg.Timeout = "sk-1", "api-key", time.Minute
	cfg.Extra = []openai.Field{{Name: "temperature", Value: "0"}, {Name: "kind", Value: "small"}, {Name: "opts", Value: `{"think":false}`}}
	_, err := c.Chat(t.Context(), cfg, []openai.Message{{Role: "user", Content: "?"}}, openai.Schema{Name: "x", JSON: json.RawMessage(`{}`)})
	is.NoErr(err)
	_, err = c.Transcribe(t.Context(), cfg, sound("RIFF"))
	is.NoErr(err)
	for _, h := range headers {
		is.Equal(h.Get("api-key"), "sk-1")
		is.Equal(h.Get("Authorization"), "")
	}
	var chat map[string]any
	is.NoErr(json.Unmarshal([]byte(bodies[0]), &chat))
	is.Equal(chat["temperature"], 0.0)                         // JSON is sent as JSON
	is.Equal(chat["kind"], "small")                            // and the rest as text
	is.Equal(chat["opts"], map[string]any{"think": false})     //
	is.True(strings.Contains(bodies[1], `name="temperature"`)) // a form has text alone
}
