package web_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

const automationsPath = "/api/v1/notifications/automations"

// rule returns the JSON of a rule that sends to a chat and to the feed.
func rule(chat string) map[string]any {
	return map[string]any{
		"name":            "Angry caller",
		"conditions":      []any{map[string]any{"field": "score", "op": "lt", "value": 60}},
		"message":         "{{agent}} {{score}} {{link}}",
		"telegramChatIds": []string{chat},
		"inApp":           true,
	}
}

// with returns the rule with one member changed; nil takes it out.
func with(rule map[string]any, name string, value any) map[string]any {
	if value == nil {
		delete(rule, name)
	} else {
		rule[name] = value
	}
	return rule
}

func TestAutomationsAPI(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key, chat := s.Key(t), s.Chat(t, s.Business.ID)

	created := s.call(t, "POST", automationsPath, key, rule(chat))
	is.Equal(created.status, 201) // a rule is taken
	id, _ := created.json(t)["id"].(string)
	is.Equal(created.body, `{"id":"`+id+`"}`) // with an id for an answer
	path := automationsPath + "/" + id

	got := s.call(t, "GET", path, key, nil)
	is.Equal(got.status, 200) // it can be read
	is.Equal(got.body, `{"id":"`+id+`","name":"Angry caller","enabled":true,"advanced":false,"sent":0,"failed":0,"lastRunAt":null,`+
		`"createdAt":"2026-11-16T07:00:00.000Z","updatedAt":"2026-11-16T07:00:00.000Z",`+
		`"rule":{"name":"Angry caller","match":"all","conditions":[{"field":"score","op":"lt","value":60}],`+
		`"message":"{{agent}} {{score}} {{link}}","severity":"info","telegramChatIds":["`+chat+`"],"discordWebhookIds":[],"inApp":true}}`) // as the rule it is, defaults filled in

	off := s.call(t, "PATCH", path, key, `{"enabled":false}`)
	is.Equal(off.status, 200)               // it can be switched off
	is.Equal(off.json(t)["enabled"], false) // and answers as GET does

	s.Clock.Advance(time.Minute)
	put := s.call(t, "PUT", path, key, with(rule(chat), "name", "Rude caller"))
	is.Equal(put.status, 200)                                      // it can be replaced
	is.Equal(put.json(t)["name"], "Rude caller")                   // by another rule
	is.Equal(put.json(t)["enabled"], false)                        // and stays off
	is.Equal(put.json(t)["updatedAt"], "2026-11-16T07:01:00.000Z") // which is noted
	is.Equal(s.call(t, "GET", path, key, nil).body, put.body)      // GET shows the same

	is.Equal(s.call(t, "DELETE", path, key, nil).status, 204) // it can be deleted
	gone := s.call(t, "GET", path, key, nil)
	is.Equal(gone.status, 404)                              // and is gone
	is.Equal(gone.json(t)["error"], "automation_not_found") // by its own code
}

func TestAutomationsList(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key, chat := s.Key(t), s.Chat(t, s.Business.ID)
	is.Equal(s.call(t, "GET", automationsPath, key, nil).body, `{"items":[],"total":0,"limit":200,"offset":0}`) // nothing at first
	for _, name := range []string{"one", "two", "three"} {
		s.Clock.Advance(time.Second)
		is.Equal(s.call(t, "POST", automationsPath, key, with(rule(chat), "name", name)).status, 201) // then three
	}
	var page struct {
		Items                []map[string]any
		Total, Limit, Offset int
	}
	is.NoErr(json.Unmarshal([]byte(s.call(t, "GET", automationsPath+"?limit=2&offset=1", key, nil).body), &page))
	is.Equal(len(page.Items), 2)                                         // by page
	is.Equal(page.Items[0]["name"], "two")                               // newest first
	is.Equal([]int{page.Total, page.Limit, page.Offset}, []int{3, 2, 1}) // which says where it is
	_, has := page.Items[0]["rule"]
	is.True(!has) // lists go without the rules
	bad := s.call(t, "GET", automationsPath+"?limit=201", key, nil)
	is.Equal(bad.status, 400)                       // no page is that long
	is.Equal(bad.json(t)["error"], "invalid_query") // and that is said
}

func TestAutomationsRefused(t *testing.T) {
	s := newServer(t)
	key, chat := s.Key(t), s.Chat(t, s.Business.ID)
	stored := s.call(t, "POST", automationsPath, key, rule(chat)).json(t)["id"].(string)
	other, _ := s.OtherBusiness(t)
	theirs := s.Chat(t, other.ID)

	for _, tt := range []struct {
		name   string
		body   any
		status int
		code   string
		field  string // that the details name
	}{
		{"no JSON", `{`, 400, "invalid_json", ""},
		{"nothing", `{}`, 422, "validation_failed", "telegramChatIds"},
		{"no name", with(rule(chat), "name", nil), 422, "validation_failed", "name"},
		{"a number for a name", with(rule(chat), "name", 5), 422, "validation_failed", "name"},
		{"unknown variable", with(rule(chat), "message", "{{model}}"), 422, "validation_failed", "message"},
		{"unknown operator", with(rule(chat), "conditions", []any{
			map[string]any{"field": "score", "op": "lt", "value": 1}, map[string]any{"field": "tag", "op": "gt", "value": "x"},
		}), 422, "validation_failed", "conditions[1].op"},
		{"value of a wrong type", with(rule(chat), "conditions", []any{
			map[string]any{"field": "score", "op": "lt", "value": map[string]any{}},
		}), 422, "validation_failed", "conditions[0].value"},
		{"no destination", with(with(rule(chat), "telegramChatIds", nil), "inApp", false), 422, "validation_failed", "telegramChatIds"},
		{"unknown severity", with(rule(chat), "severity", "fatal"), 422, "validation_failed", "severity"},
		{"unknown chat", rule("0192f0c1-0000-7000-8000-000000000000"), 404, "chat_not_found", ""},
		{"another business's chat", rule(theirs), 404, "chat_not_found", ""},
		{"unknown webhook", with(rule(chat), "discordWebhookIds", []string{chat}), 404, "discord_webhook_not_found", ""},
	} {
		for _, call := range []struct{ method, path string }{{"POST", automationsPath}, {"PUT", automationsPath + "/" + stored}} {
			t.Run(tt.name+" "+call.method, func(t *testing.T) {
				is := is.New(t)
				before := s.call(t, "GET", automationsPath, key, nil).body
				got := s.call(t, call.method, call.path, key, tt.body)
				is.Equal(got.status, tt.status)                                             // is refused
				is.Equal(got.json(t)["error"], tt.code)                                     // saying why
				is.True(strings.Contains(got.body, `"field":"`+tt.field) || tt.field == "") // and where
				is.Equal(s.call(t, "GET", automationsPath, key, nil).body, before)          // and nothing is stored
			})
		}
	}
}

func TestAutomationPatchAndTestNeedTheirFields(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := automationsPath + "/" + s.call(t, "POST", automationsPath, key, rule(s.Chat(t, s.Business.ID))).json(t)["id"].(string)
	for _, tt := range []struct{ method, path, field string }{{"PATCH", path, "enabled"}, {"POST", path + "/test", "recordingId"}} {
		got := s.call(t, tt.method, tt.path, key, `{}`)
		is.Equal(got.status, 422)                                     // an empty body is refused
		is.True(strings.Contains(got.body, `"field":"`+tt.field+`"`)) // naming what it lacks
	}
}

// TestAutomationsOfOthers walks every call with the id of another business's rule.
func TestAutomationsOfOthers(t *testing.T) {
	s := newServer(t)
	other, owner := s.OtherBusiness(t)
	chat, theirChat := s.Chat(t, s.Business.ID), s.Chat(t, other.ID)
	_, secret, err := s.CreateKey(t.Context(), app.Key{Name: "theirs", OwnerID: owner.ID, BusinessID: other.ID, Scopes: []app.Scope{app.ManageAll}})
	is.New(t).NoErr(err) // the other business has a key
	mine, theirs := s.Key(t), secret.Reveal()
	id := s.call(t, "POST", automationsPath, mine, rule(chat)).json(t)["id"].(string)
	call := s.Call(t, other.ID)
	path := automationsPath + "/" + id

	for _, tt := range []struct {
		name, method, path string
		body               any
	}{
		{"read", "GET", path, nil},
		{"replace", "PUT", path, rule(theirChat)},
		{"switch", "PATCH", path, `{"enabled":false}`},
		{"try", "POST", path + "/test", map[string]string{"recordingId": call}},
		{"delete", "DELETE", path, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got := s.call(t, tt.method, tt.path, theirs, tt.body)
			is.Equal(got.status, 404)                              // it is not there
			is.Equal(got.json(t)["error"], "automation_not_found") // as one that never was
		})
	}
	is := is.New(t)
	is.Equal(s.call(t, "GET", automationsPath, theirs, nil).json(t)["total"], 0.0) // nor in their list
	is.Equal(s.call(t, "GET", path, mine, nil).json(t)["enabled"], true)           // and untouched
	try := s.call(t, "POST", path+"/test", mine, map[string]string{"recordingId": call})
	is.Equal(try.status, 404)                             // another business's call
	is.Equal(try.json(t)["error"], "recording_not_found") // is not there either
}

func TestAutomationScopes(t *testing.T) {
	s := newServer(t)
	chat := s.Chat(t, s.Business.ID)
	view, manage, none := s.Key(t, app.ViewNotifications), s.Key(t, app.ManageNotifications), s.Key(t, app.ViewRecordingAll)
	path := automationsPath + "/" + s.call(t, "POST", automationsPath, manage, rule(chat)).json(t)["id"].(string)
	for _, tt := range []struct {
		name, method, path string
		body               any
		manage             bool
		status             int
	}{
		{"list", "GET", automationsPath, nil, false, 200},
		{"read", "GET", path, nil, false, 200},
		{"create", "POST", automationsPath, rule(chat), true, 201},
		{"replace", "PUT", path, rule(chat), true, 200},
		{"switch", "PATCH", path, `{"enabled":true}`, true, 200},
		{"try", "POST", path + "/test", map[string]string{"recordingId": s.Call(t, s.Business.ID)}, true, 200},
		{"delete", "DELETE", path, nil, true, 204},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(s.call(t, tt.method, tt.path, none, tt.body).status, 403) // not without a scope for it
			if tt.manage {
				refused := s.call(t, tt.method, tt.path, view, tt.body)
				is.Equal(refused.json(t)["error"], "insufficient_scope") // nor by who may only look
			} else {
				is.Equal(s.call(t, tt.method, tt.path, view, tt.body).status, tt.status) // but by who may look
			}
			is.Equal(s.call(t, tt.method, tt.path, manage, tt.body).status, tt.status) // and by who may manage
		})
	}
}

func TestAdvancedAutomation(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	a, err := s.CreateAutomation(t.Context(), s.Business.ID, app.Graph{
		Version: app.GraphVersion, Name: "Drawn",
		Nodes: []app.Node{
			{ID: "t", Kind: app.NodeTrigger},
			{ID: "m", Kind: app.NodeMessage, Message: &app.MessageText{Text: "x", Severity: app.Info}},
			{ID: "s", Kind: app.NodeSend, Send: &app.Send{Channel: app.ChannelInApp}},
		},
		Edges: []app.Edge{{From: "t", To: "m"}, {From: "m", To: "s"}},
	})
	is.NoErr(err) // a graph that is no rule is stored
	path := automationsPath + "/" + a.ID
	got := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(got["advanced"], true) // it says so
	is.Equal(got["rule"], nil)      // and shows no rule

	put := s.call(t, "PUT", path, key, rule(s.Chat(t, s.Business.ID)))
	is.Equal(put.json(t)["advanced"], false) // a rule takes its place
	is.True(put.json(t)["rule"] != nil)      // and is shown
}

func TestTryAutomation(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.BaseURL = "https://crk.example" })
	key, chat, call := s.Key(t), s.Chat(t, s.Business.ID), s.Call(t, s.Business.ID)
	try := func(rule map[string]any) map[string]any {
		id := s.call(t, "POST", automationsPath, key, rule).json(t)["id"].(string)
		got := s.call(t, "POST", automationsPath+"/"+id+"/test", key, map[string]string{"recordingId": call})
		is.Equal(got.status, 200) // a rule can be tried
		return got.json(t)
	}
	fired := func(trace map[string]any) (ids []string) {
		for _, n := range trace["nodes"].([]any) {
			if n := n.(map[string]any); n["fired"] == true {
				ids = append(ids, n["id"].(string))
			}
		}
		return ids
	}
	yes := try(rule(chat))
	is.Equal(yes["matched"], true)                                                   // it matches the call
	is.Equal(yes["message"], "Somchai 41 https://crk.example/calls/"+call)           // it would say this
	is.Equal(fired(yes), []string{"start", "when", "message", "telegram", "in_app"}) // by these nodes
	no := try(with(rule(chat), "conditions", []any{map[string]any{"field": "score", "op": "gt", "value": 60}}))
	is.Equal(no["matched"], false)                              // another does not
	is.Equal(fired(no), []string{"start"})                      // and stops at once
	is.Equal(s.Text(t, `SELECT count(*) FROM deliveries`), "0") // nothing is sent
}

func TestAutomationIsMadeOnce(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key, body := s.Key(t), rule(s.Chat(t, s.Business.ID))
	first := s.call(t, "POST", automationsPath, key, body, "Idempotency-Key", "k")
	again := s.call(t, "POST", automationsPath, key, body, "Idempotency-Key", "k")
	is.Equal(again.body, first.body)                                            // the first answer again
	is.Equal(again.header.Get("Idempotency-Replayed"), "true")                  // marked as such
	is.Equal(s.call(t, "GET", automationsPath, key, nil).json(t)["total"], 1.0) // and one rule
}
