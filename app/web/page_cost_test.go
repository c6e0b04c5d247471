package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

const moneyPath = "/usage/prices"

// costly is a server on which a call was transcribed and analysed by an AI that
// costs something, and the call's id. Everything that only owners or managers may
// know of that has one of the needles in it.
func costly(t *testing.T) (s *server, id string, needles []string) {
	t.Helper()
	s = newPages(t, func(o *web.Options) { withAI(o); o.RateLimit = 0 })
	key := s.Key(t)
	if a := s.call(t, "POST", apiBase+"/webhooks", key, map[string]any{"url": "https://8.8.8.8/h", "events": []string{"*"}}); a.status != 201 {
		t.Fatal(a.body)
	}
	b := s.Business.ID
	path := s.process(t, key, &spoken, app.Analysis{Summary: "Said hello", Score: ptr(50.0), Sentiment: "neutral", Tag: "normal"})
	id = strings.TrimPrefix(path, recordingsPath+"/")
	server := app.AIServer{BusinessID: b, Task: app.TaskAnalysis, URL: "https://secret-host.example/v1", Model: "secret-mind-9000"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.SetAIServer(t.Context(), server))
	u := app.AIUse{BusinessID: b, RecordingID: id, Task: app.TaskAnalysis, Cause: app.CauseCall, Server: "secret-host.example", Model: "secret-mind-9000", Input: 1_000_000}
	must(s.AddAIUse(t.Context(), u))
	_, err := s.AddPrice(t.Context(), app.Price{
		BusinessID: b, Task: app.TaskAnalysis, Server: u.Server, Model: u.Model, Currency: "XTS", Input: 987_650_000, ValidFrom: s.Clock.Now().AddDate(0, 0, -1),
	})
	must(err)
	return s, id, []string{"secret-", "XTS", "987.65", "987650000"}
}

// TestNothingOfMoneyOrModelsLeaves asks every route of the API that reads, and
// looks into everything that is sent.
func TestNothingOfMoneyOrModelsLeaves(t *testing.T) {
	is := is.New(t)
	s, id, needles := costly(t)
	key, asked := s.Key(t), 0
	clean := func(what, text string) {
		t.Helper()
		for _, n := range needles {
			if strings.Contains(text, n) {
				t.Errorf("%s holds %q", what, n)
			}
		}
	}
	for _, route := range s.app.GetRoutes(true) {
		if route.Method != "GET" || !strings.HasPrefix(route.Path, apiBase) || strings.HasSuffix(route.Path, "/stream") {
			continue
		}
		path := strings.ReplaceAll(route.Path, ":id", id)
		a := s.call(t, "GET", path, key, nil)
		clean(path, a.body)
		if a.status == 200 {
			asked++
		}
	}
	is.True(asked > 20) // the walk still finds them
	clean("the search", s.call(t, "GET", recordingsPath+"?q=hello", key, nil).body)
	is.True(s.Text(t, `SELECT count(*) FROM webhook_events`) != "0")
	for what, query := range map[string]string{
		"an event":        `SELECT group_concat(CAST(body AS TEXT)) FROM webhook_events`,
		"the feed":        `SELECT group_concat(title || body || coalesce(data, '')) FROM feed`,
		"a delivery":      `SELECT group_concat(title || body || coalesce(data, '')) FROM deliveries`,
		"the audit log":   `SELECT group_concat(object_id || object_name || changes) FROM audit_log`,
		"a call's events": `SELECT group_concat(stage || detail) FROM stage_events`,
	} {
		clean(what, s.Text(t, query))
	}
	clean("the log", s.log.String())
	b := s.enter(t, "owner@example.com")
	clean("the file of calls", b.get(t, "/calls/export.csv").body)
	clean("the file of the audit log", b.get(t, "/settings/audit/export.csv").body)
}

// TestMoneyIsForOwners: nobody else sees it, admins neither; models are shown to
// whoever may set them, where they are set.
func TestMoneyIsForOwners(t *testing.T) {
	is := is.New(t)
	s, id, needles := costly(t)
	for _, role := range []app.Role{app.RoleAdmin, app.Supervisor, app.Viewer} {
		s.User(t, string(role)+"@example.com", role)
	}
	owner := s.enter(t, "owner@example.com")
	says(t, owner.get(t, "/calls/"+id), "987.65 XTS")
	says(t, owner.get(t, "/usage"), "987.65 XTS")
	says(t, owner.get(t, "/usage"), "1,000,000 tokens read")
	says(t, owner.get(t, moneyPath), "987.65 XTS read")
	for _, who := range []string{"admin", "supervisor", "viewer"} {
		b := s.enter(t, who+"@example.com")
		is.Equal(b.get(t, moneyPath).status, 403)
		is.Equal(b.post(t, moneyPath, "task", "analysis").status, 403)
		for _, path := range append(everyPage, "/calls/"+id) {
			if who == "admin" && strings.HasPrefix(path, aiPath) {
				continue
			}
			page := b.get(t, path).body
			for _, n := range needles {
				if strings.Contains(page, n) {
					t.Errorf("%s sees %q at %s", who, n, path)
				}
			}
		}
	}
	is.True(!strings.Contains(s.enter(t, "admin@example.com").get(t, aiPath).body, "XTS"))
	s.OtherBusiness(t)
	other := s.enter(t, "other@example.com")
	for _, path := range []string{"/usage", moneyPath} {
		is.True(!strings.Contains(other.get(t, path).body, "XTS")) // another business has its own
	}
	is.Equal(other.post(t, moneyPath, "task", "analysis", "server", "secret-host.example", "model", "secret-mind-9000", "input", "1", "currency", "THB").status, 404)
}

func TestPricesAreSet(t *testing.T) {
	is := is.New(t)
	s := newPages(t, withAI)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, moneyPath), "whisper-1 @ ai.invalid")
	form := func(minute, currency, from string) []string {
		return []string{"task", "transcription", "server", "ai.invalid", "model", "whisper-1", "minute", minute, "currency", currency, "validFrom", from}
	}
	for _, tt := range []struct{ name, minute, currency, from, want string }{
		{"no number", "cheap", "THB", "", "Use an amount such as 0.25"},
		{"too fine", "0.0000001", "THB", "", "Use an amount such as 0.25"},
		{"less than nothing", "-1", "THB", "", "Use an amount such as 0.25"},
		{"a fraction", "1/3", "THB", "", "Use an amount such as 0.25"},
		{"a symbol", "1", "฿", "", "Give three letters"},
		{"no day", "1", "THB", "soon", "Give a day after the newest price begins"},
	} {
		a := b.post(t, moneyPath, form(tt.minute, tt.currency, tt.from)...)
		is.Equal(a.status, 422)
		says(t, a, tt.want)
	}
	page := b.follow(t, moneyPath, form("1,234.567891", "thb", "2026-11-01")...)
	says(t, page, "1234.567891 THB a minute of sound")
	is.Equal(s.Text(t, `SELECT minute_micros || ' ' || valid_from FROM ai_prices`), "1234567891 1793466000000") // to the last digit, from midnight in Bangkok
	b.follow(t, moneyPath, form("0", "THB", "")...)
	is.Equal(s.Text(t, `SELECT count(*) FROM ai_prices`), "2") // a new one stands beside the old
}
