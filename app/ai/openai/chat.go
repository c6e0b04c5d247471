package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
)

// A Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"` // "system", "user" or "assistant"
	Content string `json:"content"`
}

// A Schema says what form an answer is to have. To be portable its root is an
// object, every object lists all of its keys as required and allows no others,
// and ranges and patterns stand in descriptions only.
type Schema struct {
	Name string // of letters, digits, _ and -, 64 at most
	JSON json.RawMessage
}

// A Reply is what a model answered.
type Reply struct {
	JSON  json.RawMessage // the first JSON object in the answer, or nil
	Text  string          // the answer without the model's thoughts
	Form  string          // how the server was asked for the form: one of the Form constants
	Usage Usage           // guessed, and so not Known, where the server does not say
}

// How a server was asked for the form of an answer.
const (
	FormStrict = "json_schema_strict"
	FormSchema = "json_schema"
	FormObject = "json_object"
	FormPrompt = "prompt"
)

// The ladder of structured answers, from what we like best.
const (
	schemaStrict = iota // json_schema, strict
	schemaLoose         // json_schema
	schemaObject        // json_object, with the schema in the prompt
	schemaPrompt        // nothing but the schema in the prompt
)

// Chat sends a conversation and returns the model's answer. It asks the server
// to hold the model to the schema, strictly, then loosely, then to any JSON, and
// last asks the model alone, as far down as the server needs it. The reply tells
// its usage also beside an error, where the model answered something useless.
//
// A server may agree and not do it: the answer is as the model gave it, and
// checking it is the caller's. Where it lacks what the schema requires, the
// schema is put into the prompts of the following day, so that a second
// question, with what is wrong, has better chances.
func (c *Client) Chat(ctx context.Context, cfg Config, messages []Message, schema Schema) (Reply, error) {
	ladder := "chat " + cfg.BaseURL + " " + cfg.Model
	var out Reply
	err := c.memory.descend(ladder, schemaPrompt, func(rung int) error {
		body, err := json.Marshal(chatRequest(cfg, messages, schema, rung))
		if err != nil {
			return fmt.Errorf("openai: chat: make request: %w", err)
		}
		answer, err := c.do(ctx, cfg, request{
			op: "chat", method: http.MethodPost, path: "chat/completions", contentType: "application/json",
			open:   func() (io.Reader, error) { return bytes.NewReader(body), nil },
			length: int64(len(body)), timeout: cmp.Or(cfg.Timeout, chatTimeout),
		})
		if err != nil {
			return err
		}
		out, err = decodeReply(answer)
		out.Form = []string{FormStrict, FormSchema, FormObject, FormPrompt}[rung]
		if out.Usage = decodeUsage(answer); !out.Usage.Known {
			out.Usage = guess(len(body), len(answer))
		}
		return err
	})
	if err == nil && c.memory.start(ladder) < schemaObject && !keeps(schema.JSON, out.JSON) {
		c.memory.learn(ladder, schemaObject)
	}
	return out, err
}

// chatRequest asks neither for a temperature, which reasoning models refuse, nor
// for a limit of tokens, whose name differs between servers.
func chatRequest(cfg Config, messages []Message, schema Schema, rung int) map[string]any {
	if rung >= schemaObject {
		messages = append(slices.Clip(messages), Message{Role: "user",
			Content: "Answer with one JSON object and nothing else. It must satisfy this JSON schema:\n" + string(schema.JSON)})
	}
	req := map[string]any{}
	for _, f := range cfg.Extra {
		req[f.Name] = f.Value
		if json.Valid([]byte(f.Value)) {
			req[f.Name] = json.RawMessage(f.Value)
		}
	}
	req["model"], req["messages"] = cfg.Model, messages
	switch rung {
	case schemaStrict, schemaLoose:
		req["response_format"] = map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": schema.Name, "schema": schema.JSON, "strict": rung == schemaStrict,
		}}
	case schemaObject:
		req["response_format"] = map[string]string{"type": "json_object"}
	}
	return req
}

// keeps reports whether an answer has every key that the schema requires of its
// root: whoever ignores a schema fails this at once.
func keeps(schema, answer json.RawMessage) bool {
	var want struct {
		Required []string `json:"required"`
	}
	var got map[string]json.RawMessage
	if json.Unmarshal(schema, &want) != nil || json.Unmarshal(answer, &got) != nil {
		return false
	}
	for _, key := range want.Required {
		if _, ok := got[key]; !ok {
			return false
		}
	}
	return true
}
