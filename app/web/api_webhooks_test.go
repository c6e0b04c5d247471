package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crk/app"
	"crk/app/egress"
	"crk/app/web"
	"crk/app/webhook"
)

const webhooksPath = "/api/v1/webhooks"

// A webhookServer is a server with a receiver of events beside it.
type webhookServer struct {
	*server
	courier *webhook.Courier
	key     string
	crm     string // the receiver's address

	mu     sync.Mutex
	status int // what the receiver answers
	got    []request
}

// A request is what the receiver got.
type request struct {
	header http.Header
	body   string
}

// newWebhookServer starts one. allow names the networks that CRK_ALLOW_NETWORKS
// opens.
func newWebhookServer(t *testing.T, allow ...string) *webhookServer {
	t.Helper()
	s := &webhookServer{status: 200}
	var policy egress.Policy
	for _, network := range allow {
		policy.Allow = append(policy.Allow, netip.MustParsePrefix(network))
	}
	s.server = newServer(t, func(o *web.Options) {
		o.Egress = policy
		o.Events = webhook.New(webhook.Options{DB: o.DB, Log: o.Log, Client: policy.Clients(egress.Webhook, 0).Trusting})
		s.courier = o.Events
	})
	s.key = s.Key(t, app.ManageWebhooks)
	crm := httptest.NewServer(s)
	t.Cleanup(crm.Close)
	s.crm = crm.URL
	return s
}

// ServeHTTP is the receiver.
func (s *webhookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, request{r.Header, string(body)})
	w.WriteHeader(s.status)
}

// answers changes what the receiver answers.
func (s *webhookServer) answers(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

func (s *webhookServer) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// hook makes a webhook for the receiver and returns its path and secret.
func (s *webhookServer) hook(t *testing.T, events ...string) (path, secret string) {
	t.Helper()
	a := s.call(t, "POST", webhooksPath, s.key, map[string]any{"url": s.crm + "/hook", "events": events})
	if a.status != 201 {
		t.Fatalf("POST /webhooks: %d %s", a.status, a.body)
	}
	v := a.json(t)
	return webhooksPath + "/" + v["id"].(string), v["secret"].(string)
}

// happen posts a call, of which webhooks are told.
func (s *webhookServer) happen(t *testing.T, dataID string) {
	t.Helper()
	a := s.call(t, "POST", "/api/v1/recordings", s.Key(t), map[string]any{"dataId": dataID, "callAt": "2026-11-16T13:00:00+07:00", "direction": "in"})
	if a.status != 201 {
		t.Fatalf("POST /recordings: %d %s", a.status, a.body)
	}
}

// listed returns the items of a list.
func listed(t *testing.T, a answer) []map[string]any {
	t.Helper()
	var v struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return v.Items
}

func TestWebhooksAPI(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	made := s.call(t, "POST", webhooksPath, s.key, map[string]any{"url": s.crm, "description": " CRM ", "events": []string{"ai.failed", "ai.failed", "*"}})
	is.Equal(made.status, 201)
	id := made.json(t)["id"].(string)
	is.True(strings.HasPrefix(made.json(t)["secret"].(string), "whsec_"))
	is.Equal(len(made.json(t)), 2) // the id and the secret
	path := webhooksPath + "/" + id

	got := s.call(t, "GET", path, s.key, nil)
	is.Equal(got.body, `{"id":"`+id+`","url":"`+s.crm+`","description":"CRM","events":["ai.failed","*"],"isActive":true,"disabledReason":null,`+
		`"failingSince":null,"lastSuccessAt":null,"lastFailureAt":null,"createdAt":"2026-11-16T07:00:00.000Z","updatedAt":"2026-11-16T07:00:00.000Z"}`)
	is.Equal(s.call(t, "GET", webhooksPath, s.key, nil).body, `{"items":[`+got.body+`],"total":1,"limit":200,"offset":0}`)

	patched := s.call(t, "PATCH", path, s.key, `{"isActive":false,"events":["recording.completed"]}`).json(t)
	is.Equal(patched["isActive"], false)
	is.Equal(patched["events"], []any{"recording.completed"})
	is.Equal(patched["description"], "CRM") // what is not named stays

	is.Equal(s.call(t, "DELETE", path, s.key, nil).status, 204)
	for _, try := range []struct{ method, path string }{
		{"GET", path}, {"PATCH", path}, {"DELETE", path}, {"POST", path + "/rotate-secret"}, {"POST", path + "/test"}, {"GET", path + "/deliveries"},
		{"POST", path + "/recover"}, {"POST", path + "/deliveries/1/retry"},
	} {
		var body any
		if strings.HasSuffix(try.path, "/recover") {
			body = `{"since":"2026-11-01"}`
		} else if try.method == "PATCH" {
			body = `{}`
		}
		a := s.call(t, try.method, try.path, s.key, body)
		is.Equal(a.status, 404)
		is.Equal(a.json(t)["error"], "webhook_not_found")
	}
}

func TestWebhooksThatCannotBeMade(t *testing.T) {
	s := newWebhookServer(t, "10.0.0.0/8")
	with := func(name string, value any) map[string]any {
		v := map[string]any{"url": "http://10.0.0.5/hook", "events": []string{"*"}}
		v[name] = value
		return v
	}
	for _, tt := range []struct {
		name         string
		body         any
		field, words string
	}{
		{"no url", with("url", ""), "url", "required"},
		{"no http", with("url", "ftp://10.0.0.5/"), "url", "https://"},
		{"no host", with("url", "https:///hook"), "url", "https://"},
		{"a fragment", with("url", "http://10.0.0.5/#a"), "url", "#"},
		{"too long", with("url", "http://10.0.0.5/"+strings.Repeat("a", 2048)), "url", "2048"},
		{"a password", with("url", "http://ann:pw@10.0.0.5/"), "url", "password"},
		{"loopback", with("url", s.crm), "url", "CRK_ALLOW_NETWORKS"},
		{"a private network", with("url", "http://192.168.1.9/"), "url", "CRK_ALLOW_NETWORKS"},
		{"metadata", with("url", "http://169.254.169.254/latest"), "url", "never"},
		{"no events", with("events", []string{}), "events", "at least one"},
		{"no list", with("events", "*"), "events", "array"},
		{"an unknown event", with("events", []string{"recording.completed", "call.ended"}), "events", "call.ended"},
		{"a long description", with("description", strings.Repeat("ก", 201)), "description", "200"},
		{"not a switch", with("isActive", "yes"), "isActive", "true or false"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "POST", webhooksPath, s.key, tt.body)
			is.Equal(a.status, 422)
			detail := a.json(t)["details"].([]any)[0].(map[string]any)
			is.Equal(detail["field"], tt.field)
			is.True(strings.Contains(detail["message"].(string), tt.words)) // says what to mend
		})
	}
	is := is.New(t)
	is.Equal(s.call(t, "GET", webhooksPath, s.key, nil).json(t)["total"], 0.0) // nothing was made
	a := s.call(t, "POST", webhooksPath, s.key, with("isActive", false))
	is.Equal(a.status, 201) // a network that is open
	path := webhooksPath + "/" + a.json(t)["id"].(string)
	is.Equal(s.call(t, "GET", path, s.key, nil).json(t)["isActive"], false)              // off at first, if asked for
	is.Equal(s.call(t, "PATCH", path, s.key, `{"url":"http://127.0.0.1/"}`).status, 422) // nor is a change let through
	is.Equal(s.call(t, "PATCH", path, s.key, `{"events":[]}`).status, 422)
	is.Equal(s.call(t, "PATCH", path, s.key, `{"description":"`+strings.Repeat("a", 201)+`"}`).status, 422)
}

func TestDeliveriesAPI(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	path, secret := s.hook(t, "recording.created")
	s.answers(500)
	s.happen(t, "crm-1")
	s.courier.Drain(t.Context())

	got := s.seen()[0]
	verify, err := standardwebhooks.NewWebhook(secret)
	is.NoErr(err)
	is.NoErr(verify.VerifyIgnoringTimestamp([]byte(got.body), got.header)) // signed with the secret that was shown
	d := listed(t, s.call(t, "GET", path+"/deliveries", s.key, nil))[0]
	is.Equal(d["event"], "recording.created")
	is.Equal(d["eventId"], got.header.Get("webhook-id"))
	is.Equal(d["status"], "pending")
	is.True(d["nextAttemptAt"] != nil)
	attempt := d["attempts"].([]any)[0].(map[string]any)
	is.Equal([]any{attempt["status"], attempt["error"], attempt["at"]}, []any{500.0, "peer_error", "2026-11-16T07:00:00.000Z"})
	is.Equal(attempt["response"], nil) // of a private network nothing is told
	payload, err := json.Marshal(d["payload"])
	is.NoErr(err)
	is.Equal(sameJSON(t, string(payload)), sameJSON(t, got.body)) // what was sent

	s.answers(204)
	retry := path + "/deliveries/" + d["id"].(string) + "/retry"
	a := s.call(t, "POST", retry, s.key, nil)
	is.Equal(a.status, 202)
	is.Equal(a.json(t)["nextAttemptAt"], "2026-11-16T07:00:00.000Z")
	s.courier.Drain(t.Context())
	is.Equal(s.seen()[1].header.Get("webhook-id"), got.header.Get("webhook-id")) // the same event again
	delivered := listed(t, s.call(t, "GET", path+"/deliveries?status=delivered", s.key, nil))
	is.Equal(len(delivered), 1)
	is.Equal(len(delivered[0]["attempts"].([]any)), 2)
	is.Equal(len(listed(t, s.call(t, "GET", path+"/deliveries?status=failed", s.key, nil))), 0)
	is.Equal(s.call(t, "POST", path+"/deliveries/none/retry", s.key, nil).json(t)["error"], "delivery_not_found")
	is.Equal(s.call(t, "GET", path+"/deliveries?status=lost", s.key, nil).json(t)["error"], "invalid_query")
	is.Equal(s.call(t, "GET", path+"/deliveries?cursor=none", s.key, nil).json(t)["error"], "invalid_query")

	s.happen(t, "crm-2")
	s.happen(t, "crm-3")
	page := s.call(t, "GET", path+"/deliveries?limit=2", s.key, nil).json(t)
	is.Equal(len(page["items"].([]any)), 2)
	last := s.call(t, "GET", path+"/deliveries?limit=2&cursor="+page["nextCursor"].(string), s.key, nil)
	is.Equal(listed(t, last)[0]["id"], d["id"]) // the oldest comes last
	is.Equal(last.json(t)["nextCursor"], nil)
}

// sameJSON is JSON in one form.
func sameJSON(t *testing.T, s string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRecoverAPI(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	path, _ := s.hook(t, "*")
	is.Equal(s.call(t, "PATCH", path, s.key, `{"isActive":false}`).status, 200)
	for i := range 3 {
		s.happen(t, fmt.Sprint("crm-", i))
		s.Clock.Advance(time.Hour)
	}
	since := `{"since":"2026-11-16T15:00:00+07:00"}` // an hour after the first
	is.Equal(s.call(t, "POST", path+"/recover", s.key, since).json(t)["error"], "conflict")
	is.Equal(s.call(t, "PATCH", path, s.key, `{"isActive":true}`).status, 200)
	a := s.call(t, "POST", path+"/recover", s.key, since)
	is.Equal(a.status, 202)
	is.Equal(a.body, `{"queued":2}`)
	s.courier.Drain(t.Context())
	is.Equal(len(s.seen()), 2)
	is.Equal(s.call(t, "POST", path+"/recover", s.key, `{"since":"2026-11-16"}`).body, `{"queued":1}`) // a date serves as well
	for _, bad := range []string{`{}`, `{"since":"yesterday"}`, `{"since":7}`} {
		is.Equal(s.call(t, "POST", path+"/recover", s.key, bad).status, 422)
	}
}

func TestRotateSecretAPI(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	path, old := s.hook(t, "*")
	s.Clock.Advance(time.Second)
	a := s.call(t, "POST", path+"/rotate-secret", s.key, nil, "Idempotency-Key", "rotate-1")
	is.Equal(a.status, 200)
	again := s.call(t, "POST", path+"/rotate-secret", s.key, nil, "Idempotency-Key", "rotate-1")
	is.Equal(again.body, a.body) // asked twice, changed once
	is.Equal(again.header.Get("Idempotency-Replayed"), "true")
	s.happen(t, "crm-1")
	s.courier.Drain(t.Context())
	got := s.seen()[0]
	for _, secret := range []string{old, a.json(t)["secret"].(string)} {
		verify, err := standardwebhooks.NewWebhook(secret)
		is.NoErr(err)
		is.NoErr(verify.VerifyIgnoringTimestamp([]byte(got.body), got.header)) // both verify
	}
	is.True(!strings.Contains(s.log.String(), old))
}

// TestTestAPI sends an example of each event and compares it with the contract.
func TestTestAPI(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	path, _ := s.hook(t, "*")
	d := mustDocument()
	for i, e := range app.EventTypes() {
		a := s.call(t, "POST", path+"/test", s.key, map[string]any{"event": e})
		is.Equal(a.status, 200)
		is.Equal(a.json(t)["ok"], true)
		is.Equal(a.json(t)["status"], 200.0)
		checkEvent(t, d, string(e), s.seen()[i].body)
	}
	n := len(app.EventTypes())
	is.Equal(s.call(t, "POST", path+"/test", s.key, nil).status, 200) // the body may be left out
	is.True(strings.HasPrefix(s.seen()[n].body, `{"type":"recording.completed"`))
	s.answers(500)
	a := s.call(t, "POST", path+"/test", s.key, nil, "Idempotency-Key", "test-1")
	is.Equal(a.status, 200)
	v := a.json(t)
	is.Equal([]any{v["ok"], v["error"], v["status"]}, []any{false, "peer_error", 500.0})
	is.True(v["message"] != "")
	s.answers(200)
	is.Equal(s.call(t, "POST", path+"/test", s.key, nil, "Idempotency-Key", "test-1").json(t)["ok"], true) // a failure is not kept
	is.Equal(s.call(t, "POST", path+"/test", s.key, `{"event":"call.ended"}`).status, 422)
}

// checkEvent compares the body of an event with the document.
func checkEvent(t *testing.T, d document, event, body string) {
	t.Helper()
	schema := d.at(d.root, "webhooks", event, "post", "requestBody", "content", "application/json", "schema")
	var v any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range d.check(schema, v, event) {
		t.Errorf("the event does not fit openapi.json: %s", wrong)
	}
}

func TestEventsFitTheContract(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	s.hook(t, "recording.created", "recording.deleted")
	s.happen(t, "crm-1")
	list := listed(t, s.call(t, "GET", "/api/v1/recordings", s.Key(t), nil))
	is.Equal(s.call(t, "DELETE", "/api/v1/recordings/"+list[0]["id"].(string), s.Key(t), nil).status, 204)
	s.courier.Drain(t.Context())
	seen := s.seen()
	is.Equal(len(seen), 2)
	for _, got := range seen {
		var e struct{ Type string }
		is.NoErr(json.Unmarshal([]byte(got.body), &e))
		checkEvent(t, mustDocument(), e.Type, got.body)
	}
}

func TestWebhooksOfTwoBusinesses(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	path, _ := s.hook(t, "*")
	s.happen(t, "crm-1")
	other, owner := s.OtherBusiness(t)
	_, key, err := s.CreateKey(t.Context(), app.Key{Name: "theirs", OwnerID: owner.ID, BusinessID: other.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	is.Equal(len(listed(t, s.call(t, "GET", webhooksPath, key.Reveal(), nil))), 0)
	for _, try := range []struct{ method, path, body string }{
		{"GET", path, ""}, {"PATCH", path, `{"isActive":false}`}, {"DELETE", path, ""}, {"POST", path + "/rotate-secret", ""}, {"POST", path + "/test", ""},
		{"GET", path + "/deliveries", ""}, {"POST", path + "/recover", `{"since":"2026-11-01"}`},
		{"POST", path + "/deliveries/" + s.Text(t, `SELECT id FROM webhook_deliveries`) + "/retry", ""},
	} {
		a := s.call(t, try.method, try.path, key.Reveal(), try.body)
		is.Equal(a.status, 404)
		is.Equal(a.json(t)["error"], "webhook_not_found") // as one that never was
	}
	is.Equal(s.call(t, "GET", path, s.key, nil).json(t)["isActive"], true)
	is.Equal(len(s.seen()), 0) // nothing was sent
}
