package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"crk/app/ai"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/egress"
	"crk/app/feed"
	"crk/app/notify"
	"crk/app/web"
	"crk/app/webhook"
	"crk/store/storetest"
)

// A server is the whole web server on a real store.
type server struct {
	*storetest.Fixture
	app *fiber.App
	log *bytes.Buffer // what was logged
	hub *feed.Hub

	sounds *audio.Store
}

// newServer starts a server without a network; change may alter its options.
func newServer(t *testing.T, change ...func(*web.Options)) *server {
	t.Helper()
	s := &server{Fixture: storetest.New(t), log: &bytes.Buffer{}, hub: &feed.Hub{}}
	identity, err := s.AudioIdentity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sounds, err := audio.OpenStore(filepath.Join(t.TempDir(), "audio"), identity)
	if err != nil {
		t.Fatal(err)
	}
	s.sounds = sounds
	log := slog.New(slog.NewTextHandler(s.log, nil))
	o := web.Options{DB: s.Store, Hub: s.hub, Audio: sounds, Log: log, RateLimit: 600}
	o.Events = webhook.New(webhook.Options{DB: s.Store, Log: log, Client: o.Egress.Clients(egress.Webhook, 0).Trusting})
	o.Gateway = notify.New(notify.Options{DB: s.Store, Log: log})
	for _, f := range change {
		f(&o)
	}
	if o.AI == nil {
		withServers(&o, ai.Server{}, ai.Server{})
	}
	s.app = web.New(o)
	return s
}

// withServers gives the server AI servers of the appliance's own.
func withServers(o *web.Options, stt, llm ai.Server) {
	o.AI = ai.NewServers(ai.ServersOptions{
		DB: o.DB, Log: o.Log, Operator: openai.New(http.DefaultClient), Business: openai.NewTrusting(o.Egress.Clients(egress.AI, 0).Trusting), STT: stt, LLM: llm,
	})
	o.Analyst = ai.NewAnalyst(o.DB, o.AI)
}

// withAI gives it servers that are set and that nothing asks.
func withAI(o *web.Options) {
	s := ai.Server{URL: "http://ai.invalid/v1"}
	withServers(o, s, s)
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// json reads the answer's body.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%q is no JSON object: %v", a.body, err)
	}
	return v
}

// call sends a request. body is sent as it is where it is a string, else as
// JSON; header holds names and values by turns.
func (s *server) call(t *testing.T, method, path, key string, body any, header ...string) answer {
	t.Helper()
	var r io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		r = bytes.NewReader(b)
	}
	req := httptest.NewRequest(method, path, r)
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if r != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res.StatusCode, res.Header, string(b)}
	checkAnswer(t, method, path, a)
	return a
}
