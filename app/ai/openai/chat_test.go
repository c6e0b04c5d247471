package openai_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/ai/openai"
)

var schema = openai.Schema{Name: "greeting", JSON: json.RawMessage(`{"type":"object","properties":{"hello":{"type":"string"}},"required":["hello"],"additionalProperties":false}`)}

var question = []openai.Message{{Role: "system", Content: "be kind"}, {Role: "user", Content: "hi"}}

// says wraps a message's content in an answer.
func says(content string) string {
	text, _ := json.Marshal(content)
	return `{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":` + string(text) + `}}]}`
}

func TestChatReadsEveryDialect(t *testing.T) {
	for _, tt := range []struct {
		name string
		body string
		json string
	}{
		{"plain", says(`{"hello":"you"}`), `{"hello":"you"}`},
		{"usage is there", `{"usage":{"prompt_tokens":"3"},"choices":[{"finish_reason":"stop","message":{"content":"{\"hello\":\"you\"}","refusal":null}}]}`, `{"hello":"you"}`},
		{"no finish_reason", `{"choices":[{"message":{"content":"{\"hello\":\"you\"}"}}]}`, `{"hello":"you"}`},
		{"content in parts", `{"choices":[{"message":{"content":[{"type":"text","text":"{\"hello\":"},{"type":"text","text":"\"you\"}"}]}}]}`, `{"hello":"you"}`},
		{"fences", says("```json\n{\"hello\":\"you\"}\n```"), `{"hello":"you"}`},
		{"thoughts", says(`<think>{"hello":"not yet"} hm</think>{"hello":"you"}`), `{"hello":"you"}`},
		{"only the end of the thoughts", says(`so {"hello":"no"}</think> {"hello":"you"}`), `{"hello":"you"}`},
		{"prose around it", says(`Sure! Filling in {hello}: {"hello":"you"} Anything else?`), `{"hello":"you"}`},
		{"braces in strings", says(`{"hello":"{you\"}"} {}`), `{"hello":"{you\"}"}`},
		{"no object at all", says(`I would rather not.`), ``},
		{"an object with no end", says(`{"hello":"you`), ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, tt.body))
			got, err := c.Chat(t.Context(), cfg, question, schema)
			is.NoErr(err)
			is.Equal(string(got.JSON), tt.json)
		})
	}
}

func TestChatErrorsInAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body, code string
		retryable        bool
	}{
		{"cut off", `{"choices":[{"finish_reason":"length","message":{"content":"{\"hello\":"}}]}`, openai.CodeCutOff, false},
		{"refusal", `{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I cannot help with that."}}]}`, openai.CodeRefused, false},
		{"content filter", `{"choices":[{"finish_reason":"content_filter","message":{"content":""}}]}`, openai.CodeRefused, false},
		{"null content", `{"choices":[{"finish_reason":"stop","message":{"content":null}}]}`, openai.CodeBadAnswer, true},
		{"no choices", `{"choices":[]}`, openai.CodeBadAnswer, true},
		{"an empty body", ``, openai.CodeBadAnswer, true},
		{"HTML", `<html><h1>Welcome to nginx</h1></html>`, openai.CodeBadAnswer, true},
		{"an error that says 200", `{"error":{"message":"Provider returned error","code":502}}`, openai.CodeUnavailable, true},
		{"a limit that says 200", `{"error":{"message":"slow","code":429}}`, openai.CodeRateLimited, true},
		{"an unknown error that says 200", `{"error":"no"}`, openai.CodeUnavailable, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c, cfg := serve(t, answers(200, tt.body))
			_, err := c.Chat(t.Context(), cfg, question, schema)
			e := failure(t, err)
			is.Equal(e.Code, tt.code)
			is.Equal(e.Retryable(), tt.retryable)
		})
	}
}

// seen is a chat request as the server reads it.
type seen struct {
	Model    string
	Messages []openai.Message
	Format   *struct {
		Type   string
		Schema *struct {
			Name   string
			Strict bool
			Schema json.RawMessage
		} `json:"json_schema"`
	} `json:"response_format"`
}

// rung names the request's place on the ladder.
func (s seen) rung() string {
	inPrompt := strings.Contains(s.Messages[len(s.Messages)-1].Content, string(schema.JSON))
	switch {
	case s.Format == nil && inPrompt:
		return "prompt"
	case s.Format == nil:
		return "nothing"
	case s.Format.Type == "json_object" && inPrompt:
		return "object"
	case s.Format.Type == "json_schema" && s.Format.Schema.Strict:
		return "strict"
	}
	return s.Format.Type
}

func read(t testing.TB, r *http.Request) seen {
	t.Helper()
	var s seen
	if err := json.NewDecoder(r.Body).Decode(&s); err != nil {
		t.Error(err)
	}
	return s
}

func TestChatSendsTheRequest(t *testing.T) {
	is := is.New(t)
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		is.Equal(r.URL.Path, "/v1/chat/completions")
		is.Equal(r.Header.Get("Content-Type"), "application/json")
		got := read(t, r)
		is.Equal(got.Model, "m")
		is.Equal(got.Messages, question) // nothing is added while the server holds the schema
		is.Equal(got.Format.Schema.Name, "greeting")
		is.Equal(string(got.Format.Schema.Schema), string(schema.JSON))
		_, _ = io.WriteString(w, says(`{"hello":"you"}`))
	})
	_, err := c.Chat(t.Context(), cfg, question, schema)
	is.NoErr(err)
}

func TestChatDescendsAndRemembers(t *testing.T) {
	for _, tt := range []struct {
		name   string
		refuse map[string]int // by rung: the status of the refusal
		want   string         // rungs of three chats
	}{
		{"all of it works", nil, "strict strict strict"},
		{"no strictness", map[string]int{"strict": 400}, "strict json_schema json_schema json_schema"},
		{"no schema", map[string]int{"strict": 400, "json_schema": 422}, "strict json_schema object object object"},
		{"no formats", map[string]int{"strict": 400, "json_schema": 400, "object": 501}, "strict json_schema object prompt prompt prompt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var rungs []string
			c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
				rung := read(t, r).rung()
				rungs = append(rungs, rung)
				if status := tt.refuse[rung]; status != 0 {
					w.WriteHeader(status)
					_, _ = io.WriteString(w, `{"detail":[{"loc":["body","response_format"],"msg":"no"}]}`)
					return
				}
				_, _ = io.WriteString(w, says(`{"hello":"you"}`))
			})
			for range 3 {
				_, err := c.Chat(t.Context(), cfg, question, schema)
				is.NoErr(err)
			}
			is.Equal(strings.Join(rungs, " "), tt.want)
		})
	}
}

func TestChatDoesNotDescendForOtherReasons(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		asked  int
	}{
		{"too long a prompt", 400, `{"error":{"message":"too long","code":"context_length_exceeded"}}`, 1},
		{"overloaded", 503, ``, 1},
		{"wrong key", 401, ``, 1},
		{"refused whatever is asked", 400, `{"error":"bad"}`, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			asked := 0
			c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				answers(tt.status, tt.body)(w, r)
			})
			_, err := c.Chat(t.Context(), cfg, question, schema)
			is.True(err != nil)
			is.Equal(asked, tt.asked)
			_, err = c.Chat(t.Context(), cfg, question, schema)
			is.True(err != nil)
			is.Equal(asked, 2*tt.asked) // nothing was learnt from it
		})
	}
}

func TestChatNoticesThatASchemaIsIgnored(t *testing.T) {
	is := is.New(t)
	var rungs []string
	c, cfg := serve(t, func(w http.ResponseWriter, r *http.Request) {
		rungs = append(rungs, read(t, r).rung())
		_, _ = io.WriteString(w, says(`{"goodbye":"you"}`))
	})
	for range 3 {
		got, err := c.Chat(t.Context(), cfg, question, schema)
		is.NoErr(err)
		is.Equal(string(got.JSON), `{"goodbye":"you"}`) // as the model gave it: judging it is the caller's
	}
	is.Equal(rungs, []string{"strict", "object", "object"}) // one request each, the next with the schema in the prompt
}

func TestChatTriesAgainAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		is := is.New(t)
		var rungs []string
		c := openai.New(&http.Client{Transport: transport(func(r *http.Request) (int, string) {
			rungs = append(rungs, read(t, r).rung())
			if rungs[len(rungs)-1] == "strict" {
				return 400, `{"error":"response_format"}`
			}
			return 200, says(`{"hello":"you"}`)
		})})
		chat := func() {
			_, err := c.Chat(t.Context(), openai.Config{BaseURL: "http://x/v1"}, question, schema)
			is.NoErr(err)
		}
		chat()
		time.Sleep(23 * time.Hour)
		chat() // still remembered, and not prolonged
		time.Sleep(2 * time.Hour)
		chat()
		is.Equal(rungs, []string{"strict", "json_schema", "json_schema", "strict", "json_schema"})
	})
}

// transport answers without a network, for clocks that are not real.
type transport func(*http.Request) (int, string)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func FuzzChat(f *testing.F) {
	f.Add(`{"choices":[{"message":{"content":"{{{{{{"}}]}`)
	f.Add(`{"choices":[{"message":{"content":"<think>{</think>{\"a\":\"}\"}"}}]}`)
	f.Add(`{"choices":[null]}`)
	f.Add(strings.Repeat("{", 4096))
	f.Fuzz(func(t *testing.T, body string) {
		c := openai.New(&http.Client{Transport: canned(body)})
		got, err := c.Chat(t.Context(), openai.Config{BaseURL: "http://x/v1"}, question, schema)
		if err == nil && got.JSON != nil && (!json.Valid(got.JSON) || !bytes.HasPrefix(got.JSON, []byte("{"))) {
			t.Fatalf("no object: %q", got.JSON)
		}
	})
}
