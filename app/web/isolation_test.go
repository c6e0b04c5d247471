package web_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/notify"
	"crk/app/syncer"
	"crk/app/web"
	"crk/app/webhook"
)

// nobody is an id that nothing has.
const nobody = "01936b2e-0000-7000-8000-000000000000"

// bodies are what the walk sends, so that every operation gets as far as to look
// for what its path names.
var bodies = map[string]any{
	"changeRecording":   map[string]any{"note": "mine now"},
	"putReview":         map[string]any{"score": 1},
	"changeCollection":  map[string]any{"name": "mine now"},
	"addToCollection":   map[string]any{"callRecordingIds": []string{nobody}},
	"changeProvider":    map[string]any{"name": "mine now"},
	"changeChat":        map[string]any{"isActive": false},
	"replaceAutomation": map[string]any{"name": "mine now", "conditions": []any{}, "message": "x", "inApp": true},
	"changeAutomation":  map[string]any{"enabled": false},
	"testAutomation":    map[string]any{"recordingId": nobody},
	"changeWebhook":     map[string]any{"isActive": false},
	"recoverWebhook":    map[string]any{"since": "2026-11-01T00:00:00Z"},
}

// TestNothingOfAnotherBusinessIsThere walks every operation of the document that
// names a thing, with a thing of another business: the answer is the one for a
// thing that never was, and nothing happens to it.
func TestNothingOfAnotherBusinessIsThere(t *testing.T) {
	var phones *syncer.Engine
	s := newServer(t, func(o *web.Options) {
		phones = syncer.New(syncer.Options{DB: o.DB, Audio: o.Audio, Log: o.Log})
		o.Phones, o.Gateway = phones, notify.New(notify.Options{DB: o.DB, Log: o.Log})
		o.Events = webhook.New(webhook.Options{DB: o.DB, Log: o.Log})
		o.RateLimit = 0
	})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := phones.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(stop)
	other, owner := s.OtherBusiness(t)
	_, theirs, err := s.CreateKey(t.Context(), app.Key{OwnerID: owner.ID, BusinessID: other.ID, Scopes: app.Scopes{app.ManageAll}})
	if err != nil {
		t.Fatal(err)
	}
	mine, things := s.Key(t), s.things(t, other, theirs.Reveal())

	before := map[string]string{}
	for path := range things {
		before[path] = s.call(t, "GET", parent(path), theirs.Reveal(), nil).body
	}
	for _, o := range mustDocument().operations() {
		if o.open || !strings.Contains(o.path, "{") {
			continue
		}
		t.Run(o.id, func(t *testing.T) {
			is := is.New(t)
			thing, known := "", false
			for path, id := range things {
				if o.path == path || strings.HasPrefix(o.path, path+"/") {
					thing, known = id, true
				}
			}
			if !known {
				t.Fatalf("the walk has nothing for %s", o.path)
			}
			ask := func(id string) answer {
				path := strings.NewReplacer("{id}", id, "{deliveryId}", nobody).Replace(o.path)
				if o.id == "removeFromCollection" {
					path += "?callRecordingId=" + nobody
				}
				return s.call(t, o.method, "/api/v1"+path, mine, bodies[o.id])
			}
			foreign, none := ask(thing), ask(nobody)
			is.Equal(none.status, 404)                    // a thing that never was
			is.Equal(foreign.status, none.status)         // and one of others
			is.Equal(anonymous(foreign), anonymous(none)) // cannot be told apart
		})
	}
	for path := range things {
		is.New(t).Equal(s.call(t, "GET", parent(path), theirs.Reveal(), nil).body, before[path]) // nothing happened to it
	}
}

// things puts one thing of each kind into a business and returns its ids by the
// paths of the document.
func (s *server) things(t *testing.T, b app.Business, key string) map[string]string {
	t.Helper()
	made := func(path string, body map[string]any) string {
		a := s.call(t, "POST", "/api/v1"+path, key, body)
		if a.status != 201 {
			t.Fatalf("POST %s: %d %s", path, a.status, a.body)
		}
		return a.json(t)["id"].(string)
	}
	a := s.call(t, "POST", "/api/v1/notifications/send", key, map[string]any{"channel": "in_app", "title": "t", "body": "b"})
	if a.status != 200 {
		t.Fatalf("send: %d %s", a.status, a.body)
	}
	feed := s.call(t, "GET", "/api/v1/notifications/feed", key, nil).json(t)["items"].([]any)
	return map[string]string{
		"/recordings/{id}":                s.Call(t, b.ID),
		"/collections/{id}":               made("/collections", map[string]any{"name": "c"}),
		"/providers/{id}":                 made("/providers", map[string]any{"kind": "dtac", "name": "pbx", "config": map[string]any{"username": "u", "password": "p"}}),
		"/telegram/chats/{id}":            s.Chat(t, b.ID),
		"/notifications/discord/{id}":     s.Webhook(t, b.ID),
		"/notifications/feed/{id}":        feed[0].(map[string]any)["id"].(string),
		"/notifications/automations/{id}": made("/notifications/automations", map[string]any{"name": "a", "conditions": []any{}, "message": "m", "inApp": true}),
		"/webhooks/{id}":                  made("/webhooks", map[string]any{"url": "https://8.8.8.8/hook", "events": []string{"*"}}),
	}
}

// parent is where the things of a path are listed.
func parent(path string) string {
	if strings.Contains(path, "/discord") {
		return "/api/v1/notifications/destinations"
	}
	return "/api/v1" + strings.TrimSuffix(path, "/{id}")
}

// anonymous is an answer without what differs from request to request.
func anonymous(a answer) string {
	return strings.ReplaceAll(a.body, a.header.Get("X-Request-Id"), "…")
}
