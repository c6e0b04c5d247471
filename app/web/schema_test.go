package web_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A document is the OpenAPI document, read for checking answers against it. It
// knows the part of JSON Schema that the document uses; a word it does not know
// is an error, so that nothing in the document goes unchecked.
type document struct {
	root map[string]any
}

// at returns what stands at a path of names, nil where there is nothing. It
// follows references on the way.
func (d document) at(v any, names ...string) any {
	for _, name := range names {
		m, _ := d.follow(v).(map[string]any)
		v = m[name]
	}
	return d.follow(v)
}

// follow returns what a reference refers to, and anything else as it is.
func (d document) follow(v any) any {
	for {
		m, _ := v.(map[string]any)
		ref, ok := m["$ref"].(string)
		if !ok {
			return v
		}
		v = any(d.root)
		for _, name := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
			m, _ := v.(map[string]any)
			if v, ok = m[name]; !ok {
				return nil
			}
		}
	}
}

// An operation is one method of one path.
type operation struct {
	id, method, path string
	scope            string // "" where any key serves
	open             bool   // no key is asked for
	node             map[string]any
}

func (d document) operations() (list []operation) {
	for path, methods := range d.at(d.root, "paths").(map[string]any) {
		for method, node := range methods.(map[string]any) {
			o := operation{method: strings.ToUpper(method), path: path, node: node.(map[string]any)}
			o.id, _ = o.node["operationId"].(string)
			security, _ := o.node["security"].([]any)
			o.open = len(security) == 0
			for _, s := range security {
				for _, scope := range s.(map[string]any)["key"].([]any) {
					o.scope = scope.(string)
				}
			}
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return list
}

var braces = regexp.MustCompile(`\\\{[^}]*\\\}`)

// find returns the operation that serves a request; paths without parameters
// win over those with.
func (d document) find(method, path string) (found operation, ok bool) {
	for _, o := range d.operations() {
		form := "^" + braces.ReplaceAllString(regexp.QuoteMeta(o.path), `[^/]+`) + "$"
		if o.method != method || !regexp.MustCompile(form).MatchString(path) {
			continue
		}
		if !ok || strings.Count(o.path, "{") < strings.Count(found.path, "{") {
			found, ok = o, true
		}
	}
	return found, ok
}

// check returns what is wrong with a value by a schema. In answers an object
// has no properties beyond those of its schema.
func (d document) check(schema, v any, at string) (wrong []string) {
	m, ok := d.follow(schema).(map[string]any)
	if !ok {
		return []string{at + ": there is no such schema"}
	}
	say := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	for word, want := range m {
		switch word {
		case "description", "default", "writeOnly", "example", "properties", "required", "additionalProperties":
		case "type":
			if types := asList(want); !slices.ContainsFunc(types, func(t any) bool { return isType(t.(string), v) }) {
				say("is %v, not %v", v, want)
			}
		case "const":
			if !reflect.DeepEqual(v, want) {
				say("is %v, not %v", v, want)
			}
		case "enum":
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(v, w) }) {
				say("is %v, none of %v", v, want)
			}
		case "oneOf":
			wrong = append(wrong, d.checkOneOf(want.([]any), v, at)...)
		case "items", "minItems", "maxItems":
			wrong = append(wrong, d.checkList(word, want, v, at)...)
		case "format", "pattern", "minLength", "maxLength":
			if text, is := v.(string); is {
				wrong = append(wrong, checkText(word, want, text, at)...)
			}
		case "minimum", "maximum":
			if n, is := v.(float64); is && (word == "minimum" && n < want.(float64) || word == "maximum" && n > want.(float64)) {
				say("%v is beyond the %s of %v", n, word, want)
			}
		default:
			say("the checker does not know the word %q", word)
		}
	}
	if o, is := v.(map[string]any); is {
		wrong = append(wrong, d.checkObject(m, o, at)...)
	}
	return wrong
}

func (d document) checkOneOf(schemas []any, v any, at string) (wrong []string) {
	fit := 0
	for _, s := range schemas {
		w := d.check(s, v, at)
		if len(w) == 0 {
			fit++
		}
		wrong = append(wrong, w...)
	}
	switch fit {
	case 1:
		return nil
	case 0:
		return wrong
	}
	return []string{fmt.Sprintf("%s: fits %d schemas of oneOf", at, fit)}
}

func (d document) checkList(word string, want, v any, at string) (wrong []string) {
	list, is := v.([]any)
	if !is {
		return nil
	}
	switch word {
	case "items":
		for i, item := range list {
			wrong = append(wrong, d.check(want, item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "minItems":
		if float64(len(list)) < want.(float64) {
			wrong = append(wrong, at+": too few items")
		}
	case "maxItems":
		if float64(len(list)) > want.(float64) {
			wrong = append(wrong, at+": too many items")
		}
	}
	return wrong
}

func (d document) checkObject(schema, v map[string]any, at string) (wrong []string) {
	for _, name := range asList(schema["required"]) {
		if _, there := v[name.(string)]; !there {
			wrong = append(wrong, fmt.Sprintf("%s: lacks %q", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(v)) {
		inner, known := properties[name]
		switch {
		case known:
			wrong = append(wrong, d.check(inner, v[name], at+"."+name)...)
		case schema["additionalProperties"] != true && schema["oneOf"] == nil && schema["type"] != nil:
			wrong = append(wrong, fmt.Sprintf("%s: has %q, which the document does not know", at, name))
		}
	}
	return wrong
}

var formats = map[string]func(string) bool{
	"uuid": regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString,
	"date-time": func(s string) bool {
		_, err := time.Parse(time.RFC3339, s)
		return err == nil
	},
	"date": func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	},
	"uri": func(s string) bool {
		u, err := url.Parse(s)
		return err == nil && u.IsAbs()
	},
}

func checkText(word string, want any, text, at string) []string {
	ok := true
	switch word {
	case "format":
		fits := formats[want.(string)]
		ok = fits != nil && fits(text)
	case "pattern":
		ok = regexp.MustCompile(want.(string)).MatchString(text)
	case "minLength":
		ok = float64(utf8.RuneCountInString(text)) >= want.(float64)
	case "maxLength":
		ok = float64(utf8.RuneCountInString(text)) <= want.(float64)
	}
	if ok {
		return nil
	}
	return []string{fmt.Sprintf("%s: %q does not meet %s %v", at, text, word, want)}
}

func isType(name string, v any) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}

// asList reads a word that is a value or a list of values; nothing is no list.
func asList(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// TestChecker keeps the checker honest: each value but the first breaks one
// word of its schema.
func TestChecker(t *testing.T) {
	d := document{}
	for schema, values := range map[string][]string{
		`{"type":"string","minLength":2,"maxLength":3,"pattern":"^a"}`:                              {`"ab"`, `1`, `"a"`, `"abcd"`, `"ba"`},
		`{"type":["integer","null"],"minimum":1,"maximum":3}`:                                       {`2`, `0`, `4`, `1.5`, `"2"`},
		`{"type":"string","format":"date-time"}`:                                                    {`"2026-11-20T09:30:00Z"`, `"2026-11-20"`},
		`{"type":"string","format":"date"}`:                                                         {`"2026-11-20"`, `"20.11.2026"`},
		`{"type":"string","format":"uuid"}`:                                                         {`"01936b2e-0000-7000-8000-000000000000"`, `"01936b2e-0000-4000-8000-000000000000"`},
		`{"type":"string","format":"uri"}`:                                                          {`"https://a/b"`, `"/b"`},
		`{"type":"array","items":{"type":"boolean"},"minItems":1,"maxItems":2}`:                     {`[true]`, `[]`, `[true,true,true]`, `[1]`, `{}`},
		`{"type":"object","required":["a"],"properties":{"a":{"const":1},"b":{"enum":["x"]}}}`:      {`{"a":1}`, `{}`, `{"a":2}`, `{"a":1,"b":"y"}`, `{"a":1,"c":1}`},
		`{"type":"object","additionalProperties":true}`:                                             {`{"c":1}`, `[]`},
		`{"oneOf":[{"type":"string"},{"type":"null"},{"type":"number"},{"type":"integer"}]}`:        {`null`, `1`, `true`},
		`{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"null"}}}}}`: {`{"a":{"b":null}}`, `{"a":{"b":1}}`, `{"a":{"c":1}}`},
	} {
		for i, value := range values {
			var s, v any
			if err := json.Unmarshal([]byte(schema), &s); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(value), &v); err != nil {
				t.Fatal(err)
			}
			if wrong := d.check(s, v, "value"); (len(wrong) == 0) != (i == 0) {
				t.Errorf("%s by %s: %v", value, schema, wrong)
			}
		}
	}
	if wrong := d.check(map[string]any{"allOf": 1.0}, nil, "value"); len(wrong) == 0 {
		t.Error("a word that the checker does not know is passed over")
	}
}
