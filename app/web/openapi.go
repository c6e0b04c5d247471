package web

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// openapi is the public contract, which /api/v1/openapi.json serves and /docs
// shows. Tests compare it with the routes and with what they answer.
//
//go:embed openapi.json
var openapi []byte

// A spec is what /docs needs of the contract.
type spec struct {
	Info struct {
		Version     string `json:"version"`
		Description string `json:"description"`
	} `json:"info"`
	Tags []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"tags"`
	Paths      ordered[ordered[specOperation]] `json:"paths"`
	Components struct {
		Parameters map[string]specParameter `json:"parameters"`
		Responses  map[string]specResponse  `json:"responses"`
		Schemas    map[string]specSchema    `json:"schemas"`
	} `json:"components"`
}

type specOperation struct {
	ID          string                `json:"operationId"`
	Tags        []string              `json:"tags"`
	Summary     string                `json:"summary"`
	Description string                `json:"description"`
	Security    []map[string][]string `json:"security"`
	Parameters  []specParameter       `json:"parameters"`
	Body        struct {
		Description string             `json:"description"`
		Content     ordered[specMedia] `json:"content"`
	} `json:"requestBody"`
	Responses ordered[specResponse] `json:"responses"`
}

type specParameter struct {
	Ref         string     `json:"$ref"`
	Name        string     `json:"name"`
	In          string     `json:"in"`
	Required    bool       `json:"required"`
	Description string     `json:"description"`
	Schema      specSchema `json:"schema"`
}

type specResponse struct {
	Ref         string             `json:"$ref"`
	Description string             `json:"description"`
	Content     ordered[specMedia] `json:"content"`
}

type specMedia struct {
	Schema  specSchema      `json:"schema"`
	Example json.RawMessage `json:"example"`
}

type specSchema struct {
	Ref         string              `json:"$ref"`
	Type        oneOrMore           `json:"type"`
	Format      string              `json:"format"`
	Description string              `json:"description"`
	Const       json.RawMessage     `json:"const"`
	Enum        []json.RawMessage   `json:"enum"`
	Default     json.RawMessage     `json:"default"`
	Items       *specSchema         `json:"items"`
	Required    []string            `json:"required"`
	Properties  ordered[specSchema] `json:"properties"`
	OneOf       []specSchema        `json:"oneOf"`
}

// readSpec reads the contract.
func readSpec() (*spec, error) {
	s := new(spec)
	if err := json.Unmarshal(openapi, s); err != nil {
		return nil, fmt.Errorf("web: read openapi.json: %w", err)
	}
	return s, nil
}

// parameter, response and schema return what a reference refers to, and
// anything else as it is.
func (s *spec) parameter(p specParameter) specParameter {
	if p.Ref != "" {
		return s.Components.Parameters[lastName(p.Ref)]
	}
	return p
}

func (s *spec) response(r specResponse) specResponse {
	if r.Ref != "" {
		return s.Components.Responses[lastName(r.Ref)]
	}
	return r
}

func (s *spec) schema(v specSchema) specSchema {
	if v.Ref != "" {
		return s.Components.Schemas[lastName(v.Ref)]
	}
	return v
}

func lastName(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// kind names a schema's type as a person reads it.
func (s *spec) kind(v specSchema) string {
	v = s.schema(v)
	switch {
	case len(v.OneOf) > 0:
		return s.kind(v.OneOf[0])
	case len(v.Type) == 0:
		return "any"
	case v.Type[0] == "array" && v.Items != nil:
		return s.kind(*v.Items) + "[]"
	case v.Format != "":
		return v.Format
	}
	return v.Type[0]
}

// ordered is a JSON object in the order in which it was written.
type ordered[T any] struct {
	names  []string
	values map[string]T
}

// UnmarshalJSON implements [json.Unmarshaler].
func (o *ordered[T]) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &o.values); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return err
		}
		o.names = append(o.names, name.(string))
	}
	return nil
}

// oneOrMore is a text or a list of texts.
type oneOrMore []string

// UnmarshalJSON implements [json.Unmarshaler].
func (o *oneOrMore) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, (*[]string)(o))
	}
	*o = make(oneOrMore, 1)
	return json.Unmarshal(b, &(*o)[0])
}

// sampleDepth ends samples of schemas that hold themselves.
const sampleDepth = 6

// sample writes an example of what a schema describes, as indented JSON.
func (s *spec) sample(v specSchema) string {
	var b bytes.Buffer
	s.writeSample(&b, v, sampleDepth)
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return b.String()
	}
	return out.String()
}

func (s *spec) writeSample(b *bytes.Buffer, v specSchema, depth int) {
	v = s.schema(v)
	switch {
	case len(v.Const) > 0:
		b.Write(v.Const)
	case len(v.Default) > 0:
		b.Write(v.Default)
	case len(v.Enum) > 0:
		b.Write(v.Enum[0])
	case len(v.OneOf) > 0:
		s.writeSample(b, v.OneOf[0], depth)
	case depth == 0 || len(v.Type) == 0:
		b.WriteString("null")
	case v.Type[0] == "object":
		s.writeSampleObject(b, v, depth)
	case v.Type[0] == "array":
		b.WriteByte('[')
		if v.Items != nil {
			s.writeSample(b, *v.Items, depth-1)
		}
		b.WriteByte(']')
	default:
		b.WriteString(sampleValue(v))
	}
}

func (s *spec) writeSampleObject(b *bytes.Buffer, v specSchema, depth int) {
	b.WriteByte('{')
	for i, name := range v.Properties.names {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", name)
		s.writeSample(b, v.Properties.values[name], depth-1)
	}
	b.WriteByte('}')
}

// sampleValue is an example of a plain type.
func sampleValue(v specSchema) string {
	switch {
	case v.Format == "uuid":
		return `"019a9e2e-7c00-7000-8000-3f2a9b1c4d5e"`
	case v.Format == "date-time":
		return `"2026-11-20T02:30:00.000Z"`
	case v.Format == "date":
		return `"2026-11-20"`
	case v.Format == "uri":
		return `"https://example.com/"`
	case v.Type[0] == "boolean":
		return "true"
	case v.Type[0] == "integer", v.Type[0] == "number":
		return "0"
	}
	return `""`
}
