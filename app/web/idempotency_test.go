package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

func TestIdempotencyKeyMayHave255Characters(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	longest := strings.Repeat("k", 255)
	first := s.call(t, "POST", recordingsPath, key, brought("crm-1"), "Idempotency-Key", longest)
	is.Equal(first.status, 201)
	again := s.call(t, "POST", recordingsPath, key, brought("crm-1"), "Idempotency-Key", longest)
	is.Equal(again.status, 201)
	is.Equal(again.header.Get("Idempotency-Replayed"), "true")
	is.Equal(again.body, first.body)
	is.Equal(s.call(t, "POST", recordingsPath, key, brought("crm-2"), "Idempotency-Key", longest+"k").status, 422)
}

func TestIdempotencyKeysAreEachKeysOwn(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	other, owner := s.OtherBusiness(t)
	is.NoErr(s.AddMember(t.Context(), other.ID, s.Owner.ID, app.Owner))
	theirs, _ := s.key(t, app.Key{BusinessID: other.ID})
	_, account, err := s.CreateKey(t.Context(), app.Key{Name: "all", OwnerID: s.Owner.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	is.True(owner.ID != s.Owner.ID)

	mine := s.call(t, "POST", recordingsPath, s.Key(t), brought("crm-1"), "Idempotency-Key", "k")
	a := s.call(t, "POST", recordingsPath, theirs, brought("crm-1"), "Idempotency-Key", "k")
	is.Equal(a.status, 201)
	is.Equal(a.header.Get("Idempotency-Replayed"), "")
	is.True(a.json(t)["id"] != mine.json(t)["id"]) // another key's answer is never given

	a = s.call(t, "POST", recordingsPath, account.Reveal(), brought("crm-2"), "Idempotency-Key", "k", "x-business-id", string(s.Business.ID))
	is.Equal(a.status, 201)
	a = s.call(t, "POST", recordingsPath, account.Reveal(), brought("crm-2"), "Idempotency-Key", "k", "x-business-id", string(other.ID))
	is.Equal(a.status, 422)
	is.Equal(a.json(t)["error"], "idempotency_key_reused") // nor is one business's answer to the other
}

func TestIdempotencyKeyServesForADay(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.RateLimit = 0 })
	key := s.Key(t)
	send := map[string]any{"channel": "in_app", "title": "T", "body": "B"}
	first := s.call(t, "POST", "/api/v1/notifications/send", key, send, "Idempotency-Key", "k")
	s.Clock.Advance(24 * time.Hour)
	is.Equal(s.call(t, "POST", "/api/v1/notifications/send", key, send, "Idempotency-Key", "k").body, first.body)
	s.Clock.Advance(time.Second)
	again := s.call(t, "POST", "/api/v1/notifications/send", key, send, "Idempotency-Key", "k")
	is.Equal(again.status, 200)
	is.True(again.body != first.body) // after that it is a new request
}
