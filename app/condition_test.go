package app_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// conditionProblem returns what is wrong with a condition that is given as JSON.
func conditionProblem(t testing.TB, condition string) app.Field {
	t.Helper()
	r := goodRule()
	r.Conditions = nil
	if err := json.Unmarshal([]byte(`{"conditions":[`+condition+`]}`), &r); err != nil {
		t.Fatal(err)
	}
	err := r.Validate()
	var e *app.Error
	if !errors.As(err, &e) {
		return app.Field{}
	}
	return e.Fields[0]
}

func TestConditionValues(t *testing.T) {
	for _, tt := range []struct{ name, condition, field, message string }{
		{"number", `{"field":"score","op":"lt","value":60}`, "", ""},
		{"number as string", `{"field":"score","op":"lt","value":" 60 "}`, "", ""},
		{"exponent", `{"field":"duration","op":"lt","value":1e3}`, "", ""},
		{"no number", `{"field":"score","op":"lt","value":"sixty"}`, "value", "score is compared with numbers"},
		{"not a number", `{"field":"score","op":"lt","value":"NaN"}`, "value", "is none."},
		{"hexadecimal", `{"field":"score","op":"lt","value":"0x10"}`, "value", "is none."},
		{"out of any range", `{"field":"duration","op":"lt","value":1e999}`, "value", "is none."},
		{"score over 100", `{"field":"score","op":"lt","value":101}`, "value", "score goes from 0 to 100."},
		{"ratio as percentage", `{"field":"silence_ratio","op":"gt","value":40}`, "value", "from 0 to 1."},
		{"hour 24", `{"field":"call_hour","op":"eq","value":24}`, "value", "from 0 to 23"},
		{"hour and a half", `{"field":"call_hour","op":"eq","value":1.5}`, "value", "whole number"},
		{"weekday 0", `{"field":"call_weekday","op":"in","value":[1,0]}`, "value", "from 1 to 7"},
		{"weekend", `{"field":"call_weekday","op":"in","value":[6,"7"]}`, "", ""},
		{"between", `{"field":"score","op":"between","value":[1,2]}`, "", ""},
		{"between equals", `{"field":"score","op":"between","value":[2,2]}`, "", ""},
		{"between of one", `{"field":"score","op":"between","value":[1]}`, "value", "two numbers"},
		{"between of a number", `{"field":"score","op":"between","value":1}`, "value", "two numbers"},
		{"between backwards", `{"field":"score","op":"between","value":[2,1]}`, "value", "lower number comes first"},
		{"over midnight", `{"field":"call_hour","op":"between","value":[22,5]}`, "", ""},
		{"a list for gt", `{"field":"score","op":"gt","value":[1]}`, "value", "not a list"},
		{"no value", `{"field":"score","op":"gt"}`, "value", "Give a value for gt."},
		{"null", `{"field":"score","op":"gt","value":null}`, "value", "Give a value for gt."},
		{"an object", `{"field":"score","op":"gt","value":{"a":1}}`, "value", "string, a number or a list"},
		{"a boolean", `{"field":"tag","op":"in","value":["short",true]}`, "value", "string, a number or a list"},
		{"a list in a list", `{"field":"tag","op":"in","value":[["short"]]}`, "value", "string, a number or a list"},
		{"is_empty", `{"field":"score","op":"is_empty"}`, "", ""},
		{"is_empty needs nothing", `{"field":"score","op":"is_empty","value":{"any":true}}`, "", ""},
		{"tag", `{"field":"tag","op":"eq","value":"no_answer"}`, "", ""},
		{"tag that is none", `{"field":"tag","op":"eq","value":"vip"}`, "value", `"vip" is no tag. It is one of normal, short`},
		{"sentiment that is none", `{"field":"sentiment","op":"in","value":["negative","mixed"]}`, "value", `"mixed" is no sentiment`},
		{"source", `{"field":"source","op":"not_in","value":["dtac","threecx"]}`, "", ""},
		{"direction that is none", `{"field":"direction","op":"ne","value":"inbound"}`, "value", "in, out, internal, unknown"},
		{"language", `{"field":"language","op":"eq","value":"th"}`, "", ""},
		{"in with one value", `{"field":"tag","op":"in","value":"short"}`, "", ""},
		{"in with none", `{"field":"tag","op":"in","value":[]}`, "value", "1 to 100 values"},
		{"number for text", `{"field":"agent_number","op":"eq","value":1001}`, "", ""},
		{"blank text", `{"field":"summary","op":"contains","value":" "}`, "value", "is_empty"},
		{"phone of marks", `{"field":"customer_phone","op":"contains","value":"-"}`, "value", "a digit"},
		{"unknown field", `{"field":"cost","op":"eq","value":1}`, "field", `"cost" is no field. The fields are score, duration`},
		{"no field", `{"op":"eq","value":1}`, "field", "The fields are"},
		{"operator of another", `{"field":"tag","op":"contains","value":"s"}`, "op", "takes eq, ne, in, not_in, is_empty, is_not_empty"},
		{"no operator", `{"field":"score","value":1}`, "op", "takes eq, ne, gt"},
		{"operator too many", `{"field":"summary","op":"not_in","value":["s"]}`, "op", "is no operator of summary"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got := conditionProblem(t, tt.condition)
			if tt.field != "" {
				tt.field = "conditions[0]." + tt.field
			}
			is.Equal(got.Name, tt.field)                       // the path of the problem
			is.True(strings.Contains(got.Message, tt.message)) // the message says what is wrong
			is.Equal(got.Message == "", tt.message == "")      // and only if something is
		})
	}
}

func TestConditionBounds(t *testing.T) {
	is := is.New(t)
	condition := func(v app.Value) error {
		r := goodRule()
		r.Conditions = []app.Condition{{Field: app.FieldSummary, Op: app.OpIn, Value: v}}
		return r.Validate()
	}
	is.NoErr(condition(app.TextValue(strings.Repeat("ก", 500))))                    // 500 characters
	is.True(condition(app.TextValue(strings.Repeat("ก", 501))) != nil)              // 501 are too many
	is.NoErr(condition(app.TextValues(slices.Repeat([]string{"a"}, 100)...)))       // 100 values
	is.True(condition(app.TextValues(slices.Repeat([]string{"a"}, 101)...)) != nil) // 101 are too many
	long := conditionProblem(t, `{"field":"`+strings.Repeat("x", 5000)+`","op":"eq","value":1}`)
	is.True(len(long.Message) < 400) // a long word is not repeated at length
}

// TestConditionFields holds the catalogue to the API's documentation.
func TestConditionFields(t *testing.T) {
	is := is.New(t)
	const number = "eq ne gt gte lt lte between is_empty is_not_empty"
	const choice = "eq ne in not_in is_empty is_not_empty"
	const text = "eq ne contains not_contains starts_with in is_empty is_not_empty"
	const clock = "eq ne gt gte lt lte between in not_in is_empty is_not_empty"
	want := map[string]string{
		"score": number, "duration": number, "talk_ratio": number, "silence_ratio": number,
		"tag": choice, "sentiment": choice, "direction": choice, "source": choice, "language": choice,
		"customer_phone": text, "agent": text, "agent_number": text, "summary": text, "transcript": text, "topic": text,
		"call_hour": clock, "call_weekday": clock,
	}
	got := map[string]string{}
	for _, f := range app.ConditionFields() {
		got[f.Name] = strings.Join(f.Ops, " ")
	}
	is.Equal(got, want) // every field with its operators
}

func TestValueJSON(t *testing.T) {
	for _, tt := range []struct {
		name, json string
		value      app.Value
	}{
		{"nothing", `null`, app.Value{}},
		{"string", `"ไม่พอใจ"`, app.TextValue("ไม่พอใจ")},
		{"number", `60`, app.NumberValue(60)},
		{"fraction", `0.35`, app.NumberValue(0.35)},
		{"strings", `["a","b"]`, app.TextValues("a", "b")},
		{"numbers", `[1,2.5]`, app.NumberValues(1, 2.5)},
		{"empty list", `[]`, app.TextValues()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var got app.Value
			is.NoErr(json.Unmarshal([]byte(tt.json), &got)) // is read
			is.Equal(got, tt.value)                         // as what it is
			out, err := json.Marshal(tt.value)
			is.NoErr(err)                  // is written
			is.Equal(string(out), tt.json) // as it was
		})
	}
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{`null`, `"a"`, `1`, `-0.5e3`, `[1,"2"]`, `[[]]`, `{"a":[1]}`, `true`, `[]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var v app.Value
		if json.Unmarshal([]byte(in), &v) != nil {
			return
		}
		r := goodRule()
		r.Conditions = []app.Condition{{Field: app.FieldAgentNumber, Op: app.OpIn, Value: v}}
		if r.Validate() != nil {
			return
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%s cannot be written: %v", in, err)
		}
		var again app.Value
		if err := json.Unmarshal(out, &again); err != nil || !slices.Equal(again.Items, v.Items) || again.List != v.List {
			t.Fatalf("%s became %s", in, out)
		}
	})
}
