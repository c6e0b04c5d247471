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

// goodRule returns a rule with nothing wrong in it.
func goodRule() app.Rule {
	return app.Rule{
		Name:            "Angry caller",
		Conditions:      []app.Condition{{Field: app.FieldScore, Op: app.OpLt, Value: app.NumberValue(60)}},
		Message:         "{{customer_phone}} scored {{score}}",
		TelegramChatIDs: []string{"chat-1"},
	}
}

// problems returns the paths that a validation error names.
func problems(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *app.Error
	if !errors.As(err, &e) || e.Kind != app.Invalid || e.Code != "validation_failed" {
		t.Fatalf("not a validation error: %v", err)
	}
	var paths []string
	for _, f := range e.Fields {
		paths = append(paths, f.Name)
	}
	return paths
}

func TestRuleValidate(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ก", n) }
	for _, tt := range []struct {
		name   string
		change func(*app.Rule)
		want   []string
	}{
		{"good", func(r *app.Rule) {}, nil},
		{"no conditions is every call", func(r *app.Rule) { r.Conditions = nil }, nil},
		{"longest name and message", func(r *app.Rule) { r.Name, r.Message = long(120), long(3500) }, nil},
		{"no name", func(r *app.Rule) { r.Name = " " }, []string{"name"}},
		{"name too long", func(r *app.Rule) { r.Name = long(121) }, []string{"name"}},
		{"name of two lines", func(r *app.Rule) { r.Name = "a\nb" }, []string{"name"}},
		{"unknown match", func(r *app.Rule) { r.Match = "some" }, []string{"match"}},
		{"no message", func(r *app.Rule) { r.Message = "\n" }, []string{"message"}},
		{"message too long", func(r *app.Rule) { r.Message = long(3501) }, []string{"message"}},
		{"unknown variable", func(r *app.Rule) { r.Message = "{{model}}" }, []string{"message"}},
		{"unknown severity", func(r *app.Rule) { r.Severity = "fatal" }, []string{"severity"}},
		{"no destination", func(r *app.Rule) { r.TelegramChatIDs = nil }, []string{"telegramChatIds"}},
		{"the feed alone", func(r *app.Rule) { r.TelegramChatIDs, r.InApp = nil, true }, nil},
		{"Discord alone", func(r *app.Rule) { r.TelegramChatIDs, r.DiscordWebhookIDs = nil, []string{"w"} }, nil},
		{"blank destinations", func(r *app.Rule) {
			r.TelegramChatIDs, r.DiscordWebhookIDs = []string{"a", ""}, []string{""}
		}, []string{"telegramChatIds[1]", "discordWebhookIds[0]"}},
		{"50 conditions and destinations", func(r *app.Rule) {
			r.Conditions = slices.Repeat(r.Conditions, 50)
			r.TelegramChatIDs = chats(49)
			r.InApp = true
		}, nil},
		{"51 conditions", func(r *app.Rule) { r.Conditions = slices.Repeat(r.Conditions, 51) }, []string{"conditions"}},
		{"51 destinations", func(r *app.Rule) {
			r.TelegramChatIDs = chats(50)
			r.InApp = true
		}, []string{"telegramChatIds"}},
		{"one destination named 60 times", func(r *app.Rule) { r.TelegramChatIDs = slices.Repeat([]string{"a"}, 60) }, nil},
		{"every problem at once", func(r *app.Rule) {
			*r = app.Rule{Match: "x", Severity: "x", Conditions: []app.Condition{
				{Field: "score", Op: "gt", Value: app.NumberValue(1)}, {Field: "x"}, {Field: "tag", Op: "gt"},
			}}
		}, []string{"name", "match", "conditions[1].field", "conditions[2].op", "message", "severity", "telegramChatIds"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			r := goodRule()
			tt.change(&r)
			is.Equal(problems(t, r.Validate()), tt.want) // the problems, all of them
		})
	}
}

func chats(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = "chat-" + string(rune('A'+i))
	}
	return ids
}

func TestRuleNormalized(t *testing.T) {
	is := is.New(t)
	r := app.Rule{
		Name:              "  Name ",
		Conditions:        []app.Condition{{Field: "tag", Op: "is_empty", Value: app.TextValue("x")}},
		TelegramChatIDs:   []string{"b", "a", "b"},
		DiscordWebhookIDs: nil,
	}
	n := r.Normalized()
	is.Equal(n.Name, "Name")                                          // blanks are cut off
	is.Equal(n.Match, app.MatchAll)                                   // all is the default
	is.Equal(n.Severity, app.Info)                                    // info is the default
	is.Equal(n.TelegramChatIDs, []string{"b", "a"})                   // each destination once, in order
	is.True(n.DiscordWebhookIDs != nil)                               // lists are lists in JSON too
	is.True(n.Conditions[0].Value.IsZero())                           // is_empty has no value
	is.Equal(r.Conditions[0].Value, app.TextValue("x"))               // the original is untouched
	is.True(app.Rule{}.Normalized().Conditions != nil)                // no conditions is an empty list
	is.Equal(n.Normalized(), n)                                       // twice is once
	is.Equal(app.Rule{InApp: true}.Destinations(), 1)                 // the feed is a destination
	is.Equal(n.Destinations(), 2)                                     // and so is each chat
	is.Equal(app.Automation{Graph: app.Graph{Name: "n"}}.Name(), "n") // an automation's name is its graph's
}

func TestRuleJSON(t *testing.T) {
	is := is.New(t)
	const in = `{"name":"Angry","match":"any","conditions":[` +
		`{"field":"score","op":"lt","value":60},` +
		`{"field":"tag","op":"in","value":["other","short"]},` +
		`{"field":"duration","op":"between","value":["1",2.50]},` +
		`{"field":"summary","op":"is_not_empty"}],` +
		`"message":"m","severity":"critical","telegramChatIds":["c"],"discordWebhookIds":[],"inApp":true}`
	var r app.Rule
	is.NoErr(json.Unmarshal([]byte(in), &r)) // a rule is read
	is.NoErr(r.Validate())                   // and valid
	out, err := json.Marshal(r.Normalized())
	is.NoErr(err)             // and written
	is.Equal(string(out), in) // as it was given
}
