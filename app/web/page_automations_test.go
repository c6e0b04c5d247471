package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
)

// ruleFields is the form of a good rule, with more after it.
func ruleFields(more ...string) []string {
	return append([]string{
		"name", "Angry", "match", "all", "severity", "warning", "message", "Score {{score}}", "inApp", "true",
		"field", "score", "op", "lt", "value", "60",
		"field", "", "op", "eq", "value", "",
		"field", "tag", "op", "in", "value", "normal, other",
	}, more...)
}

func TestRulesOnThePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	chat := s.Chat(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/automations"), "No rules yet")
	says(t, b.get(t, "/automations/new"), "Another condition")

	page := b.follow(t, "/automations", ruleFields("telegramChatIds", chat)...)
	for _, want := range []string{"Saved", "Angry", "Score is below 60 and Tag is one of Normal, Other", "Chat (Telegram)", "In app"} {
		says(t, page, want) // said in words
	}
	list, _, err := s.Automations(t.Context(), s.Business.ID, 10, 0)
	is.NoErr(err)
	is.Equal(len(list), 1)
	rule, simple := automation.Project(list[0].Graph)
	is.True(simple)
	is.Equal(len(rule.Conditions), 2)                                       // the empty row is none
	is.Equal(rule.Conditions[1].Value.Texts(), []string{"normal", "other"}) // commas part a list
	is.Equal(rule.TelegramChatIDs, []string{chat})

	id := list[0].ID
	form := b.get(t, "/automations/"+id)
	for _, want := range []string{`value="normal, other"`, `value="Angry"`, `value="` + chat + `" checked`} {
		is.True(strings.Contains(form.body, want)) // the form shows what is saved
	}
	says(t, b.follow(t, "/automations/"+id+"/enabled", "enabled", "false"), "Switched off")
	b.follow(t, "/automations/"+id, "name", "Calm", "match", "any", "severity", "info", "message", "x", "inApp", "true")
	a, err := s.Automation(t.Context(), s.Business.ID, id)
	is.NoErr(err)
	is.Equal(a.Name(), "Calm") // replaced
	is.True(!a.Enabled)        // and still off
	says(t, b.get(t, "/automations"), "every call")
	says(t, b.follow(t, "/automations/"+id+"/delete"), "Deleted")
	is.Equal(b.get(t, "/automations/"+id).status, 404)
}

func TestRuleIsChecked(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	for _, tt := range []struct {
		name   string
		fields []string
		want   string
	}{
		{"no name", []string{"message", "x", "match", "all", "severity", "info", "inApp", "true"}, "Give a name on one line"},
		{"no destination", []string{"name", "x", "message", "x", "match", "all", "severity", "info"}, "Choose at least one destination"},
		{"an unknown variable", []string{"name", "x", "message", "{{price}}", "match", "all", "severity", "info", "inApp", "true"}, "variables of the list only"},
		{"a condition that cannot be", ruleFields("field", "score", "op", "contains", "value", "x"), "This condition does not work"},
		{"a value that is none", ruleFields("field", "score", "op", "lt", "value", "low"), "This condition does not work"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := b.post(t, "/automations", tt.fields...)
			is.Equal(a.status, 422)
			says(t, a, tt.want) // at the field that is wrong
			_, total, err := s.Automations(t.Context(), s.Business.ID, 1, 0)
			is.NoErr(err)
			is.Equal(total, 0) // nothing is saved
		})
	}
	is := is.New(t)
	is.Equal(b.post(t, "/automations", ruleFields("telegramChatIds", "00000000-0000-7000-8000-000000000000")...).status, 404) // a chat that is not there
}

func TestAnotherCondition(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	a := b.post(t, "/automations", ruleFields("more", "true")...)
	is.Equal(a.status, 200)                            // the form again
	is.Equal(strings.Count(a.body, `name="field"`), 4) // with one row more
	is.True(strings.Contains(a.body, `value="60"`))    // and all that was typed
	_, total, err := s.Automations(t.Context(), s.Business.ID, 1, 0)
	is.NoErr(err)
	is.Equal(total, 0) // nothing is saved yet
}

func TestAdvancedRuleOnThePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	g, err := automation.Compile(app.Rule{Name: "Big", Message: "x", InApp: true})
	is.NoErr(err)
	g.Nodes = append(g.Nodes, app.Node{ID: "more", Kind: app.NodeMessage, Message: &app.MessageText{Text: "y", Severity: app.Info}})
	g.Edges = append(g.Edges, app.Edge{From: g.Nodes[0].ID, To: "more"})
	a, err := s.CreateAutomation(t.Context(), s.Business.ID, g)
	is.NoErr(err)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/automations"), "Advanced")
	to := b.get(t, "/automations/"+a.ID)
	is.Equal(to.status, 303)                                                    // what a form cannot show
	is.Equal(to.header.Get("Location"), "/automations/"+a.ID+"/flow")           // is shown as a flow
	says(t, b.get(t, "/automations/"+a.ID+"/flow"), "This is the flow as text") // also without a script
}
