package web_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

func TestUnauthorizedIsAlwaysTheSame(t *testing.T) {
	s := newServer(t)
	expired, _ := s.key(t, app.Key{ExpiresAt: s.Clock.Now().Add(time.Hour)})
	revoked, k := s.key(t, app.Key{})
	if err := s.RevokeKey(t.Context(), s.Business.ID, s.Owner.ID, k.ID); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(2 * time.Hour)
	for _, tt := range []struct{ name, key string }{
		{"none", ""}, {"malformed", "crk_x"}, {"unknown", app.NewKey().Reveal()}, {"expired", expired}, {"revoked", revoked},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", "/api/v1/meta/whoami", tt.key, nil)
			is.Equal(a.status, 401)
			is.Equal(a.json(t)["error"], "unauthorized")
			is.Equal(a.json(t)["requestId"], a.header.Get("X-Request-Id")) // the id is the header's
			is.Equal(a.header.Get("WWW-Authenticate"), "Bearer")
		})
	}
}

// key makes a key of the owner and business, with every scope unless k says.
func (s *server) key(t *testing.T, k app.Key) (string, app.Key) {
	t.Helper()
	k.Name, k.OwnerID = "test", s.Owner.ID
	if k.BusinessID == "" {
		k.BusinessID = s.Business.ID
	}
	if k.Scopes == nil {
		k.Scopes = app.Scopes{app.ManageAll}
	}
	k, secret, err := s.CreateKey(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal(), k
}

func TestWhoamiOfABusinessKey(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t, app.ViewUsage, app.ManageWebhooks)
	a := s.call(t, "GET", "/api/v1/meta/whoami", key, nil)
	is.Equal(a.status, 200)
	is.Equal(a.body, `{"business":{"id":"`+string(s.Business.ID)+`","name":"Acme Co","slug":"acme-co"},"level":"business","scopes":["manage_webhooks","view_usage"]}`)
}

func TestAccountKeyNamesItsBusiness(t *testing.T) {
	s := newServer(t)
	other, _ := s.OtherBusiness(t)
	_, account, err := s.CreateKey(t.Context(), app.Key{Name: "a", OwnerID: s.Owner.ID, Scopes: app.Scopes{app.ManageAll}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, path, business string
		status               int
		code                 any
	}{
		{"whoami needs no business", "/meta/whoami", "", 200, nil},
		{"others do", "/recordings", "", 400, "business_required"},
		{"its own", "/recordings", string(s.Business.ID), 200, nil},
		{"a foreign one", "/recordings", string(other.ID), 403, "business_forbidden"},
		{"one that is not", "/recordings", "nobody", 403, "business_forbidden"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", "/api/v1"+tt.path, account.Reveal(), nil, "x-business-id", tt.business)
			is.Equal(a.status, tt.status)
			is.Equal(a.json(t)["error"], tt.code)
		})
	}
}

func TestBusinessKeyNeverSwitches(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	other, _ := s.OtherBusiness(t)
	a := s.call(t, "GET", "/api/v1/recordings", s.Key(t), nil, "x-business-id", string(other.ID))
	is.Equal(a.status, 403)
	is.Equal(a.json(t)["error"], "business_forbidden")
}

func TestScopesAreThoseOfTheOwnersRoleNow(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	u := s.User(t, "agent@example.com", app.Supervisor)
	_, key, err := s.CreateKey(t.Context(), app.Key{Name: "k", OwnerID: u.ID, BusinessID: s.Business.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	is.Equal(s.call(t, "GET", "/api/v1/recordings", key.Reveal(), nil).status, 200) // a supervisor sees calls
	is.NoErr(s.AddMember(t.Context(), s.Business.ID, u.ID, app.Viewer))
	a := s.call(t, "PATCH", "/api/v1/recordings/x", key.Reveal(), map[string]any{})
	is.Equal(a.status, 403) // and a viewer changes none
	is.Equal(a.json(t)["error"], "insufficient_scope")
	is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["message"], "manage_call_recording") // the scope is named
}

func TestRateLimit(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.RateLimit = 2 })
	key := s.Key(t)
	a := s.call(t, "GET", "/api/v1/meta/whoami", key, nil)
	is.Equal(a.header.Get("RateLimit-Limit"), "2")
	is.Equal(a.header.Get("RateLimit-Remaining"), "1")
	is.Equal(a.header.Get("RateLimit-Reset"), "60")
	s.call(t, "GET", "/api/v1/meta/whoami", key, nil)
	a = s.call(t, "GET", "/api/v1/meta/whoami", key, nil)
	is.Equal(a.status, 429)
	is.Equal(a.json(t)["error"], "rate_limited")
	is.Equal(a.header.Get("Retry-After"), "60")
	is.Equal(s.call(t, "GET", "/api/v1/meta/whoami", s.Key(t), nil).status, 200) // another key has a count of its own
	s.Clock.Advance(time.Minute)
	is.Equal(s.call(t, "GET", "/api/v1/meta/whoami", key, nil).status, 200) // and the next minute begins anew
}

func TestUnknownPathsAndMethods(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	a := s.call(t, "GET", "/api/v1/nothing", key, nil)
	is.Equal(a.status, 404)
	is.Equal(a.json(t)["error"], "not_found")
	a = s.call(t, "PUT", "/api/v1/recordings", key, nil)
	is.Equal(a.status, 405)
	is.Equal(a.json(t)["error"], "method_not_allowed")
}

func TestBadQueryNamesWhatIsWrong(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	for _, path := range []string{
		"limit=0", "limit=201", "limit=x", "offset=-1", "direction=up", "tag=nice", "sentiment=so", "sortBy=name",
		"sortDir=down", "callDateFrom=yesterday", "scoreMin=low", "processingStatus=done", "sourceProvider=fax",
	} {
		t.Run(path, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", "/api/v1/recordings?"+path, key, nil)
			is.Equal(a.status, 400)
			is.Equal(a.json(t)["error"], "invalid_query")
		})
	}
}

func TestBodies(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	for _, tt := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"no JSON", `{`, 400, "invalid_json"},
		{"wrong type", `{"tag":5}`, 422, "validation_failed"},
		{"wrong shape", `[]`, 422, "validation_failed"},
		{"wrong value", `{"tag":"nice"}`, 422, "validation_failed"},
		{"unknown fields are passed over", `{"x":1}`, 404, "recording_not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "PATCH", "/api/v1/recordings/x", key, tt.body)
			is.Equal(a.status, tt.status)
			is.Equal(a.json(t)["error"], tt.code)
		})
	}
}
