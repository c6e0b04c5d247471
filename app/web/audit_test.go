package web_test

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/egress"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/app/web"
	"crk/app/webhook"
)

// An auditRig is a server with all that changes need around it.
type auditRig struct {
	*messengers
	phone   string // of a simulated phone system
	key     string
	browser *browser
	made    map[string]string // of the change under way: ids by name
}

func newAuditRig(t *testing.T) *auditRig {
	t.Helper()
	sim := phonetest.NewOrkTrack(phoneUser, phonePassword)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	r := &auditRig{phone: srv.URL}
	var phones *syncer.Engine
	r.messengers = newMessengers(t, func(o *web.Options) {
		o.Egress.Allow = append(o.Egress.Allow, netip.MustParsePrefix("127.0.0.0/8"))
		phones = syncer.New(syncer.Options{DB: o.DB, Audio: o.Audio, Log: o.Log, Client: o.Egress.Clients(egress.Phone, 0).Trusting})
		o.Phones, o.RateLimit = phones, 0
		withAI(o)
		o.Events = webhook.New(webhook.Options{DB: o.DB, Log: o.Log, Client: o.Egress.Clients(egress.Webhook, 0).Trusting})
	})
	sim.SetClock(r.Clock.Now)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := phones.Run(ctx); err != nil {
			t.Error("syncer:", err)
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(stop)
	r.discord.Add("51", hookToken, "Sales")
	r.discord.Add("52", hookToken, "Sales")
	r.startBot(t)
	return r
}

// post makes a thing by the API and returns its id.
func (r *auditRig) post(t *testing.T, path string, body map[string]any) map[string]any {
	t.Helper()
	a := r.call(t, "POST", apiBase+path, r.key, body)
	if a.status != 200 && a.status != 201 {
		t.Fatalf("POST %s: %d %s", path, a.status, a.body)
	}
	return a.json(t)
}

// thing makes what a change is about and returns its id, the same as before
// within one change.
func (r *auditRig) thing(t *testing.T, name string) string {
	t.Helper()
	if id, ok := r.made[name]; ok {
		return id
	}
	make := map[string]func() string{
		"call": func() string {
			id := r.Call(t, r.Business.ID)
			r.Exec(t, `UPDATE recordings SET size = 1 WHERE id = ?`, id)
			return id
		},
		"awaiting": func() string { return r.bring(t, r.key, "crm-"+r.Text(t, `SELECT count(*) FROM recordings`)) },
		"upload": func() string {
			url, _ := r.post(t, "/recordings", brought("crm-up", "audioPresignedUploadUrl", true))["audioUploadUrl"].(string)
			return url[strings.LastIndex(url, "/")+1:]
		},
		"failed": func() string {
			id := r.thing(t, "call")
			r.Exec(t, `UPDATE recordings SET status = 'failed', error = 'analysis_failed' WHERE id = ?`, id)
			return id
		},
		"owner": func() string { return string(r.Owner.ID) },
		"holds": func() string {
			id := r.thing(t, "collection")
			r.post(t, "/collections/"+id+"/items", map[string]any{"callRecordingIds": []string{r.thing(t, "call")}})
			return id
		},
		"collection": func() string { return r.post(t, "/collections", map[string]any{"name": "c"})["id"].(string) },
		"filled": func() string {
			id, call := r.thing(t, "collection"), r.thing(t, "call")
			r.post(t, "/collections/"+id+"/items", map[string]any{"callRecordingIds": []string{call}})
			return id + "/items?callRecordingId=" + call
		},
		"provider": func() string {
			return r.post(t, "/providers", map[string]any{"kind": "dtac", "name": "pbx", "config": map[string]any{
				"baseUrl": r.phone, "username": phoneUser, "password": phonePassword}})["id"].(string)
		},
		"active": func() string {
			id := r.thing(t, "provider")
			r.Exec(t, `UPDATE providers SET active = 1 WHERE id = ?`, id)
			return id
		},
		"backfill": func() string {
			id := r.thing(t, "active")
			r.Exec(t, `INSERT INTO backfills (provider_id, state, since, until, reached, next_at, started_at) VALUES (?, 'running', 0, 9, 9, 0, 0)`, id)
			return id
		},
		"chat":    func() string { return r.Chat(t, r.Business.ID) },
		"discord": func() string { return r.Webhook(t, r.Business.ID) },
		"automation": func() string {
			return r.post(t, "/notifications/automations", map[string]any{"name": "a", "conditions": []any{}, "message": "m", "inApp": true})["id"].(string)
		},
		"version": func() string {
			a, err := r.Automation(t.Context(), r.Business.ID, r.thing(t, "automation"))
			if err != nil {
				t.Fatal(err)
			}
			return a.Graph.Fingerprint()
		},
		"aiserver": func() string {
			a := app.AIServer{BusinessID: r.Business.ID, Task: app.TaskAnalysis, URL: "https://8.8.8.8/v1"}
			if err := r.SetAIServer(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			return string(a.Task)
		},
		"webhook": func() string {
			return r.post(t, "/webhooks", map[string]any{"url": "https://8.8.8.8/hook", "events": []string{"recording.created"}})["id"].(string)
		},
		"delivery": func() string {
			r.bring(t, r.key, "crm-"+r.Text(t, `SELECT count(*) FROM recordings`))
			return r.Text(t, `SELECT id FROM webhook_deliveries WHERE webhook_id = ?`, r.thing(t, "webhook"))
		},
		"key": func() string {
			return r.Text(t, `SELECT id FROM api_keys WHERE revoked_at IS NULL ORDER BY created_at DESC LIMIT 1`)
		},
		"invitation": func() string {
			r.inviteLink(t, r.browser, app.Viewer)
			return r.Text(t, `SELECT id FROM invitations ORDER BY id DESC LIMIT 1`)
		},
		"person": func() string {
			n := r.Text(t, `SELECT count(*) FROM users`)
			return string(r.User(t, "person"+n+"@example.com", app.Agent).ID)
		},
		"code": func() string {
			url, err := r.BeginTwoStep(t.Context(), r.Owner.ID)
			if err != nil {
				t.Fatal(err)
			}
			return codeOf(t, url, r.Clock.Now())
		},
		"two-step": func() string {
			r.Exec(t, `UPDATE users SET totp_at = 1 WHERE id = ?`, r.Owner.ID)
			return ""
		},
		"session": func() string {
			r.enter(t, r.Owner.Email)
			return r.Text(t, `SELECT id FROM sessions ORDER BY id DESC LIMIT 1`)
		},
	}[name]
	if make == nil {
		t.Fatalf("the walk cannot make %q", name)
	}
	r.made[name] = make()
	return r.made[name]
}

// fill puts the ids of things made for the purpose in the place of their names.
func (r *auditRig) fill(t *testing.T, s string) string {
	t.Helper()
	for {
		_, rest, found := strings.Cut(s, "{")
		name, _, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return s
		}
		s = strings.ReplaceAll(s, "{"+name+"}", r.thing(t, name))
	}
}

// path is where a change is sent: its route with the ids of things.
func (r *auditRig) path(t *testing.T, c change) string {
	t.Helper()
	_, path, _ := strings.Cut(c.route, " ")
	ids := strings.SplitN(r.fill(t, c.path), "/", 2)
	for i, name := range []string{":id", ":deliveryId"} {
		if i < len(ids) {
			path = strings.Replace(path, name, ids[i], 1)
		}
	}
	if strings.HasSuffix(path, "/items") && len(ids) > 1 {
		path = strings.TrimSuffix(path, "/items") + "/" + ids[1]
	}
	return strings.NewReplacer(":token", ids[0], ":task", ids[0], ":version", "0").Replace(path)
}

// send makes the change.
func (r *auditRig) send(t *testing.T, c change, path string) answer {
	t.Helper()
	method, _, _ := strings.Cut(c.route, " ")
	if c.route == "POST /calls/upload" {
		return r.browser.upload(t, speech(1), "callAt", "2026-11-15T09:30", "direction", "in")
	}
	switch body := c.body.(type) {
	case []string:
		form := make([]string, len(body))
		for i, v := range body {
			form[i] = r.fill(t, v)
		}
		return r.browser.post(t, path, form...)
	case drawn:
		return r.browser.send(t, path, map[string]any{"graph": starter(t, "angry"), "version": r.fill(t, body.version)})
	case string:
		return r.call(t, method, path, r.key, body, "Content-Type", "audio/wav")
	case map[string]any:
		if ids, ok := body["callRecordingIds"].([]string); ok {
			body = map[string]any{"callRecordingIds": []string{r.fill(t, ids[0])}}
		}
		return r.call(t, method, path, r.key, body)
	}
	return r.call(t, method, path, r.key, nil)
}

// newest is the number of the newest line of the log.
func (r *auditRig) newest(t *testing.T) int64 {
	t.Helper()
	lines, err := r.Audit(t.Context(), r.Business.ID, app.AuditFilter{}, 1)
	if err != nil || len(lines) == 0 {
		t.Fatalf("the audit log: %v %v", lines, err)
	}
	return lines[0].Seq
}

// TestEveryChangeIsInTheAuditLog makes every change that there is a route for. A
// route that is in neither list above fails it: say which line it leaves (see
// store/audit.go), or why none.
func TestEveryChangeIsInTheAuditLog(t *testing.T) {
	r := newAuditRig(t)
	walked := map[string]bool{}
	for _, c := range changes() {
		walked[c.route] = true
		t.Run(c.route, func(t *testing.T) {
			is := is.New(t)
			r.made, r.key, r.browser = map[string]string{}, r.Key(t), r.enter(t, r.Owner.Email)
			path := r.path(t, c)
			before := r.newest(t)
			a := r.send(t, c, path)
			if a.status >= 400 {
				t.Fatalf("%s: %d %.300s", path, a.status, words(a.body)+a.body)
			}
			lines, err := r.Audit(t.Context(), r.Business.ID, app.AuditFilter{}, 20)
			is.NoErr(err)
			i := slices.IndexFunc(lines, func(e app.AuditEntry) bool { return e.Action == c.action && e.Seq > before })
			if i < 0 {
				t.Fatalf("%s left no line %q", c.route, c.action)
			}
			by := lines[i].Actor
			is.Equal(by.Address, "0.0.0.0") // from where
			switch {
			case strings.Contains(c.route, "/uploads/"):
				is.Equal(by.Kind, app.ActorVisitor) // whoever has the link
			case strings.Contains(c.route, apiBase):
				is.Equal(by, app.Actor{Kind: app.ActorKey, UserID: r.Owner.ID, Name: r.Owner.Email, KeyID: by.KeyID, KeyName: "test", Via: app.ViaAPI, Address: by.Address})
				is.True(by.KeyID != "") // by which key, and whose
			default:
				is.Equal(by, app.Actor{Kind: app.ActorUser, UserID: r.Owner.ID, Name: r.Owner.Email, Via: app.ViaDashboard, Address: by.Address})
			}
			for _, secret := range []string{hookToken, phonePassword, "whsec_", "a new sentence", "crk_"} {
				is.Equal(r.Text(t, `SELECT count(*) FROM audit_log WHERE instr(changes || object_name || object_id, ?) > 0`, secret), "0") // no secret
			}
		})
		if strings.HasPrefix(c.route, "POST /settings/two-step") {
			r.Exec(t, `UPDATE users SET totp_at = NULL`)
		}
		if strings.HasPrefix(c.route, "POST /settings/password") {
			r.Exec(t, `UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE id = ?)`, r.User(t, "same@example.com", app.Viewer).ID)
		}
	}
	for _, route := range r.app.GetRoutes(true) {
		name := route.Method + " " + route.Path
		if !slices.Contains([]string{"POST", "PUT", "PATCH", "DELETE"}, route.Method) || slices.Contains(byNobody, name) {
			continue // each has a test of its own: below, or of its page
		}
		if !walked[name] && unaudited[name] == "" {
			t.Errorf("%s changes something: add it to changes() with the line that it leaves, or to unaudited with the reason", name)
		}
		delete(unaudited, name)
	}
	is.New(t).Equal(len(unaudited), 0) // no reason for a route that is gone
}

func TestSigningInIsInTheAuditLog(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.enter(t, s.Owner.Email)
	s.browser().post(t, "/login", "email", s.Owner.Email, "password", "wrong one")
	s.browser().post(t, "/login", "email", "my password by mistake", "password", "wrong one")
	lines, err := s.Audit(t.Context(), s.Business.ID, app.AuditFilter{Thing: "session", Appliance: true}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 3)
	is.Equal(lines[0].ObjectName, "")                 // what is nobody's address is not kept
	is.Equal(lines[0].BusinessID, app.BusinessID("")) // nor is it any business's matter
	is.Equal(lines[1].Action, app.Action("session.refuse"))
	is.Equal(lines[1].ObjectName, s.Owner.Email)    // whose account was tried
	is.Equal(lines[1].Actor.Kind, app.ActorVisitor) // by whom is not known
	is.Equal(lines[2].Action, app.Action("session.create"))
	is.Equal(lines[2].Actor.UserID, s.Owner.ID)

	lines, err = s.Audit(t.Context(), s.Business.ID, app.AuditFilter{Thing: "session"}, 10)
	is.NoErr(err)
	is.Equal(len(lines), 2) // the appliance's own lines only for its administrator
}
