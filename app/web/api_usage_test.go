package web_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

const usagePath = "/api/v1/usage"

func TestUsageAPI(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t, app.ViewUsage)
	nothing := s.call(t, "GET", usagePath, key, nil)
	is.Equal(nothing.status, 200)
	is.Equal(nothing.body, `{"month":"2026-11","calls":0,"audioMinutes":0,"analysedMinutes":0,"notifications":{"discord":0,"in_app":0,"telegram":0},`+
		`"webhooks":0,"storageBytes":0,"budget":{"metric":"analysed_minutes","limit":null,"used":0,"percent":null,"thresholds":[50,80,100],"onLimit":"notify"}}`)

	a := s.call(t, "POST", "/api/v1/recordings", s.Key(t), map[string]any{"dataId": "crm-1", "callAt": "2026-10-01", "direction": "in"})
	is.Equal(a.status, 422)
	a = s.call(t, "POST", "/api/v1/recordings", s.Key(t), map[string]any{"dataId": "crm-1", "callAt": "2026-10-01T08:00:00+07:00", "direction": "in"})
	is.Equal(a.status, 201)
	s.Exec(t, `INSERT INTO usage_totals (business_id, day, meter, quantity) VALUES
		(?1, '2026-11-01', 'analysed_seconds', 100), (?1, '2026-11-30', 'analysed_seconds', 225), (?1, '2026-12-01', 'analysed_seconds', 60),
		(?1, '2026-11-16', 'audio_seconds', 100), (?1, '2026-11-16', 'webhooks', 7), (?1, '2026-11-16', 'discord', 3)`, s.Business.ID)
	is.NoErr(s.SetBudget(t.Context(), s.Business.ID, app.Budget{Limit: 7, Thresholds: []int{80}, OnLimit: app.OnLimitPause}))
	want := `{"month":"2026-11","calls":1,"audioMinutes":1.67,"analysedMinutes":5.42,"notifications":{"discord":3,"in_app":0,"telegram":0},` +
		`"webhooks":7,"storageBytes":0,"budget":{"metric":"analysed_minutes","limit":7,"used":5.42,"percent":77.3,"thresholds":[80],"onLimit":"pause"}}`
	is.Equal(s.call(t, "GET", usagePath, key, nil).body, want)                  // this month, also of a call of another
	is.Equal(s.call(t, "GET", usagePath+"?month=2026-11", key, nil).body, want) // by its name
	december := s.call(t, "GET", usagePath+"?month=2026-12", key, nil).json(t)
	is.Equal([]any{december["analysedMinutes"], december["calls"]}, []any{1.0, 0.0}) // and any other

	for _, bad := range []string{"2026", "2026-13", "2026-1", "11-2026", "2026-11-01", "%27"} {
		a := s.call(t, "GET", usagePath+"?month="+bad, key, nil)
		is.Equal(a.status, 400)
		is.Equal(a.json(t)["error"], "invalid_query")
	}
	other, owner := s.OtherBusiness(t)
	_, theirs, err := s.CreateKey(t.Context(), app.Key{Name: "theirs", OwnerID: owner.ID, BusinessID: other.ID, Scopes: app.Scopes{app.ViewUsage}})
	is.NoErr(err)
	is.Equal(s.call(t, "GET", usagePath, theirs.Reveal(), nil).body, nothing.body) // of another business nothing
}
