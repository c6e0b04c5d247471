package web_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/automation"
	"crk/views"
)

// send posts JSON as the editor's script does.
func (b *browser) send(t *testing.T, path string, body any) answer {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(raw)))
	req.Header.Set("Content-Type", "application/json")
	return b.do(t, req)
}

// starter is a ready-made flow in English.
func starter(t *testing.T, key string) app.Graph {
	t.Helper()
	s, ok := views.StarterOf(views.WithLanguage(t.Context(), views.English), key)
	if !ok || s.Graph == nil {
		t.Fatalf("%s is no flow", key)
	}
	return *s.Graph
}

func TestEveryStarterWorks(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/automations"), "Angry caller") // they are offered where there is nothing yet
	for _, l := range views.Languages() {
		for _, st := range views.Starters(views.WithLanguage(t.Context(), l)) {
			t.Run(string(l)+" "+st.Key, func(t *testing.T) {
				is := is.New(t)
				if st.Rule != nil {
					is.NoErr(st.Rule.Validate()) // a good rule
					page := b.get(t, "/automations/new?template="+st.Key)
					is.Equal(strings.Count(page.body, `name="field"`), len(st.Rule.Conditions)+2) // opened in the form
					return
				}
				is.NoErr(st.Graph.Validate()) // a good flow
				_, simple := automation.Project(*st.Graph)
				is.True(!simple) // that a form could not show
				is.Equal(b.get(t, "/automations/flow?template="+st.Key).status, 200)
			})
		}
	}
}

func TestFlowIsSavedAndLocked(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	made := b.send(t, "/automations/flow", map[string]any{"graph": starter(t, "angry")})
	is.Equal(made.status, 200) // a new flow is saved
	id, version := made.json(t)["id"].(string), made.json(t)["version"].(string)
	a, err := s.Automation(t.Context(), s.Business.ID, id)
	is.NoErr(err)
	is.Equal(a.Graph, starter(t, "angry"))   // as it was drawn
	is.Equal(version, a.Graph.Fingerprint()) // and its version is told
	is.Equal(made.json(t)["form"], "")       // there is no form for it
	is.Equal(b.get(t, "/automations/"+id+"/flow").status, 200)

	save := func(name, version string, force bool) answer {
		g := starter(t, "angry")
		g.Name = name
		return b.send(t, "/automations/"+id+"/flow", map[string]any{"graph": g, "version": version, "force": force})
	}
	first := save("First tab", version, false)
	is.Equal(first.status, 200)                              // one tab saves
	is.Equal(save("Second tab", version, false).status, 409) // the other, which has seen what was before, is told
	a, err = s.Automation(t.Context(), s.Business.ID, id)
	is.NoErr(err)
	is.Equal(a.Name(), "First tab")                         // and nothing is lost
	is.Equal(save("Second tab", version, true).status, 200) // until it says that it wants to
	is.Equal(save("First tab", first.json(t)["version"].(string), false).status, 409)

	g, err := automation.Compile(app.Rule{Name: "Simple", Message: "x", InApp: true})
	is.NoErr(err)
	simple := b.send(t, "/automations/"+id+"/flow", map[string]any{"graph": g, "force": true})
	is.Equal(simple.json(t)["form"], "/automations/"+id) // what a form can show can be opened as one
	is.Equal(b.get(t, "/automations/"+id).status, 200)
}

func TestFormIsLocked(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	b.follow(t, "/automations", ruleFields()...)
	list, _, err := s.Automations(t.Context(), s.Business.ID, 1, 0)
	is.NoErr(err)
	id, seen := list[0].ID, list[0].Graph.Fingerprint()
	is.True(strings.Contains(b.get(t, "/automations/"+id).body, `value="`+seen+`"`)) // the form knows its version
	b.follow(t, "/automations/"+id, ruleFields("version", seen, "severity", "info")...)
	b.follow(t, "/automations/"+id, "version", "", "name", "By another", "match", "all", "severity", "info", "message", "x", "inApp", "true")
	again := b.post(t, "/automations/"+id, ruleFields("version", seen)...)
	is.Equal(again.status, 409)
	says(t, again, "Somebody changed this rule meanwhile")
	is.True(strings.Contains(again.body, "Score {{score}}")) // what was typed is all there
	a, err := s.Automation(t.Context(), s.Business.ID, id)
	is.NoErr(err)
	is.Equal(a.Name(), "By another")                                           // and so is what the other did
	is.True(strings.Contains(again.body, `value="`+a.Graph.Fingerprint()+`"`)) // sent once more, it is taken
}

func TestFlowProblemsNameTheNode(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	other, _ := s.OtherBusiness(t)
	foreign := s.Chat(t, other.ID)
	for _, tt := range []struct {
		name   string
		change func(*app.Graph)
		node   any
		want   string
	}{
		{"a condition", func(g *app.Graph) { g.Nodes[1].Group.Conditions[1].Value = app.TextValue("low") }, "when", "Condition 2: This value does not fit"},
		{"a limit", func(g *app.Graph) { g.Nodes[2].Throttle.Most = 0 }, "limit", "Give a number from 1 to 1,000"},
		{"a message", func(g *app.Graph) { g.Nodes[3].Message.Text = "{{price}}" }, "message", "variables of the list only"},
		{"nothing leads there", func(g *app.Graph) { g.Edges = g.Edges[:3] }, "chiefs", "Nothing leads here"},
		{"a destination of another business", func(g *app.Graph) {
			g.Nodes[4].Send = &app.Send{Channel: app.ChannelTelegram, To: []string{foreign}}
		}, "chiefs", "A destination was deleted"},
		{"a connection that cannot be", func(g *app.Graph) { g.Edges[0].To = "chiefs" }, "start", "cannot follow it"},
		{"nobody is told", func(g *app.Graph) { g.Nodes, g.Edges = g.Nodes[:4], g.Edges[:3] }, nil, "sends nowhere yet"},
		{"no name", func(g *app.Graph) { g.Name = " " }, nil, "Give a name on one line"},
		{"a kind that is none", func(g *app.Graph) { g.Nodes[3].Kind = "timer" }, "message", "This does not work yet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			g := starter(t, "angry")
			tt.change(&g)
			for _, path := range []string{"/automations/flow", "/automations/flow/try"} {
				a := b.send(t, path, map[string]any{"graph": g})
				problem := a.json(t)["problems"].([]any)[0].(map[string]any)
				is.Equal(problem["node"], tt.node)                              // which node it is
				is.True(strings.Contains(problem["message"].(string), tt.want)) // and what is wrong with it
			}
			_, total, err := s.Automations(t.Context(), s.Business.ID, 1, 0)
			is.NoErr(err)
			is.Equal(total, 0) // nothing is saved
		})
	}
}

func TestFlowIsTriedAndFires(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	call := s.Call(t, s.Business.ID)
	tried := b.send(t, "/automations/flow/try", map[string]any{"graph": starter(t, "angry"), "recordingId": call})
	trace := tried.json(t)["trace"].(map[string]any)
	is.Equal(trace["matched"], true) // it would tell of the call
	_, _, err := s.Automations(t.Context(), s.Business.ID, 1, 0)
	is.NoErr(err)
	is.Equal(s.Text(t, `SELECT count(*) FROM deliveries`), "0") // and tells nobody
	other, _ := s.OtherBusiness(t)
	is.Equal(b.send(t, "/automations/flow/try", map[string]any{"graph": starter(t, "angry"), "recordingId": s.Call(t, other.ID)}).status, 404) // of another's call nothing

	b.send(t, "/automations/flow", map[string]any{"graph": starter(t, "angry")})
	e := automation.New(s.Store, slog.New(slog.DiscardHandler), "")
	s.Drain(t, e.Run, app.JobAutomate)
	log := b.get(t, "/automations/runs")
	for _, want := range []string{"Angry caller", "Waiting", "In app: Owner Administrator Supervisor", "Any condition", "Limit 0/1"} {
		says(t, log, want) // the log tells of it
	}
	is.True(strings.Contains(log.body, "/calls/"+call)) // with a way to the call
	says(t, b.get(t, "/automations/runs?state=sent"), "No rule has fired here yet")
	says(t, b.get(t, "/automations/runs?state=queued&call="+call), "Angry caller")
	s.Call(t, s.Business.ID)
	s.Drain(t, e.Run, app.JobAutomate)
	says(t, b.get(t, "/automations/runs?state=held"), "Held back by a limit") // of the same number, within the hour

	s.User(t, "agent@example.com", app.Agent)
	theirs := s.enter(t, "agent@example.com").get(t, "/automations/runs")
	says(t, theirs, "A call that you may not see")
	for _, number := range []string{"081-234", "0812345678", "66812345678"} { // however it is written
		is.True(!strings.Contains(theirs.body, number)) // not even its number
	}
}

func TestFlowsOfAnotherBusiness(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	other, _ := s.OtherBusiness(t)
	a, err := s.CreateAutomation(t.Context(), other.ID, starter(t, "angry"))
	is.NoErr(err)
	is.Equal(b.get(t, "/automations/"+a.ID+"/flow").status, 404)                                                               // is not seen
	is.Equal(b.send(t, "/automations/"+a.ID+"/flow", map[string]any{"graph": starter(t, "after"), "force": true}).status, 404) // nor changed
	again, err := s.Automation(t.Context(), other.ID, a.ID)
	is.NoErr(err)
	is.Equal(again.Graph, a.Graph)
	s.User(t, "viewer@example.com", app.Viewer)
	reader := s.enter(t, "viewer@example.com")
	own, err := s.CreateAutomation(t.Context(), s.Business.ID, starter(t, "angry"))
	is.NoErr(err)
	is.Equal(reader.get(t, "/automations/"+own.ID+"/flow").status, 200) // who may see rules sees flows
	is.Equal(reader.send(t, "/automations/"+own.ID+"/flow", map[string]any{"graph": starter(t, "after"), "force": true}).status, 403)
	is.Equal(reader.send(t, "/automations/flow/try", map[string]any{"graph": starter(t, "after")}).status, 403) // and no more
}

func TestRulesThatCannotReachAreMarked(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	chat := s.Chat(t, s.Business.ID)
	b.follow(t, "/automations", ruleFields("telegramChatIds", chat)...)
	is.True(!strings.Contains(b.get(t, "/automations").body, "Cannot be reached now")) // all is well
	s.Exec(t, `UPDATE chats SET state = 'blocked' WHERE id = ?`, chat)
	says(t, b.get(t, "/automations"), "Cannot be reached now: Chat") // until it is not
}

func TestRulesAreFound(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	b.follow(t, "/automations", ruleFields()...)
	b.follow(t, "/automations", ruleFields("telegramChatIds", s.Chat(t, s.Business.ID))...)
	for query, n := range map[string]int{"": 2, "ANG": 2, "chat+(tele": 1, "nothing": 0} {
		is := is.New(t)
		page := b.get(t, "/automations?q="+query)
		is.Equal(strings.Count(page.body, `class="rule"`), n) // by name or destination, whatever the case
	}
	says(t, b.get(t, "/automations?q=nothing"), "No rule or destination like that")
}

func TestRunLogGoesOnPageByPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	g, err := automation.Compile(app.Rule{Name: "Every call", Message: "x", InApp: true})
	is.NoErr(err)
	_, err = s.CreateAutomation(t.Context(), s.Business.ID, g)
	is.NoErr(err)
	for range 31 {
		s.Clock.Advance(time.Second)
		s.Call(t, s.Business.ID)
		s.Drain(t, automation.New(s.Store, slog.New(slog.DiscardHandler), "").Run, app.JobAutomate)
	}
	first := b.get(t, "/automations/runs")
	is.Equal(strings.Count(first.body, `class="run"`), 30) // a page full
	_, rest, ok := strings.Cut(first.body, `href="/automations/runs?before=`)
	is.True(ok) // leads on
	before, _, _ := strings.Cut(rest, `"`)
	is.Equal(strings.Count(b.get(t, "/automations/runs?before="+before).body, `class="run"`), 1) // to the rest
}

func TestPreviewOfARule(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	call := s.Call(t, s.Business.ID)
	is.True(strings.Contains(b.post(t, "/automations/preview", ruleFields()...).body, "Choose a call"))
	is.True(strings.Contains(b.post(t, "/automations/preview", ruleFields("field", "score", "op", "lt", "value", "low", "preview", call)...).body, "Complete the rule"))
	a := b.post(t, "/automations/preview", ruleFields("preview", call, "field", "tag", "op", "eq", "value", "normal")...)
	for _, want := range []string{"This call would be told of", "Score is below 60", "41", "Score 41", "Telegram", "Discord", "In app"} {
		is.True(strings.Contains(a.body, want)) // the conditions, and the message in each channel
	}
	is.Equal(s.Text(t, `SELECT count(*) FROM deliveries`), "0") // nothing is sent
	other, _ := s.OtherBusiness(t)
	is.Equal(b.post(t, "/automations/preview", ruleFields("preview", s.Call(t, other.ID))...).status, 404)
}
