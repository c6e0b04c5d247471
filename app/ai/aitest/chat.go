package aitest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// A chatRequest is what is read of a chat.
type chatRequest struct {
	Model    string    `json:"model"`
	Messages []Message `json:"messages"`
	Format   *struct {
		Type   string `json:"type"`
		Schema *struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

func (r chatRequest) format() string {
	switch {
	case r.Format == nil:
		return ""
	case r.Format.Schema != nil && r.Format.Schema.Strict:
		return "json_schema strict"
	}
	return r.Format.Type
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	var in chatRequest
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxChat)).Decode(&in)
	fault := s.begin(Request{Op: Chat, Key: bearer(r), Model: in.Model, Format: in.format(), Messages: in.Messages})
	if fault.respond(w, r) {
		return
	}
	if err != nil || in.Model == "" || len(in.Messages) == 0 {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "", "We could not parse the JSON body of your request.")
		return
	}
	content, err := s.content(in)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", "invalid_json_schema", err.Error())
		return
	}
	out := reply{content: content, finish: "stop"}
	if fault.reply != nil {
		fault.reply(&out)
	}
	message := map[string]any{"role": "assistant", "content": out.content, "refusal": nil}
	if out.refusal != "" {
		message["content"], message["refusal"] = nil, out.refusal
	}
	answer(w, map[string]any{
		"id": "chatcmpl-simulated", "object": "chat.completion", "model": in.Model,
		"choices": []map[string]any{{"index": 0, "finish_reason": out.finish, "message": message}},
		"usage":   map[string]any{"prompt_tokens": 900, "completion_tokens": 200, "total_tokens": 1100},
	})
}

// content is what the model says: an object of the schema, which stands in the
// request or in its last message.
func (s *Server) content(in chatRequest) (string, error) {
	var raw []byte
	if in.Format != nil && in.Format.Schema != nil {
		raw = in.Format.Schema.Schema
	} else if _, rest, ok := strings.Cut(in.Messages[len(in.Messages)-1].Content, "{"); ok {
		raw = []byte("{" + rest)
	}
	var root node
	if err := json.Unmarshal(raw, &root); err != nil {
		return "I have listened to the call.", nil
	}
	if in.format() == "json_schema strict" {
		if err := root.strict("root"); err != nil {
			return "", err
		}
	}
	f := newFiller(s, in.Messages)
	out, err := json.Marshal(f.fill(root, ""))
	return string(out), err
}

// A node is a part of a JSON schema.
type node struct {
	Type       any             `json:"type"`
	Enum       []any           `json:"enum"`
	Properties map[string]node `json:"properties"`
	Required   []string        `json:"required"`
	Items      *node           `json:"items"`
	Additional any             `json:"additionalProperties"`
}

// kind is the node's type, and whether null will do as well.
func (n node) kind() (kind string, nullable bool) {
	switch t := n.Type.(type) {
	case string:
		return t, false
	case []any:
		for _, v := range t {
			if v == "null" {
				nullable = true
			} else {
				kind, _ = v.(string)
			}
		}
	}
	return kind, nullable
}

// strict refuses what OpenAI refuses in strict mode.
func (n node) strict(path string) error {
	if n.Items != nil {
		return n.Items.strict(path + "[]")
	}
	if kind, _ := n.kind(); kind != "object" {
		return nil
	}
	if n.Additional != false {
		return fmt.Errorf("in %s, 'additionalProperties' is required to be supplied and to be false", path)
	}
	required := map[string]bool{}
	for _, key := range n.Required {
		required[key] = true
	}
	for key, child := range n.Properties {
		if !required[key] {
			return fmt.Errorf("in %s, 'required' must include every key: missing %q", path, key)
		}
		if err := child.strict(path + "." + key); err != nil {
			return err
		}
	}
	return nil
}
