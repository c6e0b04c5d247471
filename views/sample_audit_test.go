package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func auditSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	owner := app.Actor{Kind: app.ActorUser, UserID: "u1", Name: "waraporn@siam.example", Via: app.ViaDashboard, Address: "203.0.113.7"}
	key := app.Actor{Kind: app.ActorKey, UserID: "u1", Name: owner.Name, KeyID: "k1", KeyName: "CRM <b>", Via: app.ViaAPI, Address: "2001:db8::7"}
	var items []app.AuditEntry
	for i, a := range app.Actions() {
		e := app.AuditEntry{Seq: int64(100 - i), At: noon(t).Add(-time.Duration(i) * time.Hour), Actor: owner, Action: a, ObjectID: "01936b2e-0000-7000-8000-000000000000"}
		switch i % 4 {
		case 0:
			e.ObjectName = "สาขาสยาม <script>"
			e.Changes = []app.FieldChange{{Field: "name", From: []byte(`"เดิม"`), To: []byte(`"<i>ใหม่</i>"`)}, {Field: "secret"}}
		case 1:
			e.Actor = key
			e.Changes = []app.FieldChange{{Field: "isActive", From: []byte(`true`), To: []byte(`false`)}, {Field: "thresholds", To: []byte(`[50,80]`)}}
		case 2:
			e.Actor = app.Actor{Kind: app.ActorCommand, Name: "root", Via: app.ViaCommand}
			e.Changes = []app.FieldChange{{Field: "expiresAt", From: []byte(`"2026-11-20T10:00:00Z"`)}, {Field: "newer than this", To: []byte(`1.5`)}}
		case 3:
			e.Actor = app.Actor{Kind: app.ActorSystem}
		}
		items = append(items, e)
	}
	here := frame("Audit log", views.AtSettings)
	return map[string]templ.Component{
		"audit":      views.Audit(here, views.AuditPage{Items: items, Actors: []app.Actor{owner, key}, Query: url.Values{"who": {"key:k1"}}, Next: "50", Older: true}),
		"audit-none": views.Audit(here, views.AuditPage{Query: url.Values{"from": {"2026-11-01"}}}),
	}
}
