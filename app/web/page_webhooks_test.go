package web_test

import (
	"encoding/pem"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

const webhooksPage = "/settings/webhooks"

// webhookNow is the one webhook there is.
func (s *webhookServer) webhookNow(t *testing.T) app.Webhook {
	t.Helper()
	list, _, err := s.Webhooks(t.Context(), s.Business.ID, 10, 0)
	if err != nil || len(list) != 1 {
		t.Fatalf("webhooks: %v %v", list, err)
	}
	return list[0]
}

func TestAWebhookAsAPersonMakesOne(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, webhooksPage), "No webhook yet")
	says(t, b.get(t, webhooksPage+"/new"), "Tell it of")
	page := b.post(t, webhooksPage, "url", "ftp://crm.example.com")
	is.Equal(page.status, 422)
	says(t, page, "This address cannot be used")
	says(t, page, "Choose at least one event")
	says(t, b.post(t, webhooksPage, "url", "http://169.254.169.254/", "events", "*"), "CRK_ALLOW_NETWORKS") // nor into a closed network

	page = b.post(t, webhooksPage, "url", s.crm+"/hook", "description", "CRM", "events", "recording.created", "events", "ai.failed")
	is.Equal(page.status, 200)
	secret := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`).FindString(page.body)
	is.True(secret != "")                                             // the secret is shown
	is.True(!strings.Contains(b.get(t, webhooksPage).body, "whsec_")) // this once
	w := s.webhookNow(t)
	is.Equal(w.Events, []app.EventType{app.EventRecordingCreated, app.EventAIFailed}) // what was ticked
	path := webhooksPage + "/" + w.ID

	says(t, b.follow(t, path+"/test"), "The example arrived")
	is.Equal(len(s.seen()), 1) // at the receiver
	s.answers(500)
	says(t, b.follow(t, path+"/test"), "The example did not arrive")
	says(t, b.get(t, path+"?status=failed"), "The receiver has an error of its own")

	form := b.get(t, path+"/edit").body
	is.True(strings.Contains(form, `value="ai.failed" checked`)) // what is set is ticked
	is.True(!strings.Contains(form, `value="*" checked`))
	says(t, b.follow(t, path, "url", s.crm+"/new", "events", "*", "description", "New CRM"), "New CRM")
	is.Equal(s.webhookNow(t).URL, s.crm+"/new")
	is.Equal(b.post(t, path, "url", s.crm, "description", "x").status, 422) // never without an event

	page = b.post(t, path+"/secret")
	again := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]+`).FindString(page.body)
	is.True(again != "" && again != secret) // a new one
	says(t, page, "The old one signs beside it for 24 hours")
	says(t, b.follow(t, path+"/delete"), "No webhook yet")
	is.Equal(b.get(t, path).status, 404) // it is gone
}

func TestWhatWasSentToAWebhook(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	b := s.enter(t, "owner@example.com")
	b.post(t, webhooksPage, "url", s.crm+"/hook", "events", "recording.created")
	path := webhooksPage + "/" + s.webhookNow(t).ID
	says(t, b.get(t, path), "Nothing was sent yet")

	s.answers(503)
	s.happen(t, "crm-1")
	s.courier.Drain(t.Context())
	says(t, b.get(t, webhooksPage), "Fails since")
	page := b.get(t, path)
	says(t, page, "recording.created")
	says(t, page, "503")
	retry := regexp.MustCompile(path + `/deliveries/[^"]+/retry`).FindString(page.body)
	s.answers(200)
	says(t, b.follow(t, retry), "It is being sent again")
	s.courier.Drain(t.Context())
	is.Equal(len(s.seen()), 2) // it was
	says(t, b.get(t, path+"?status=delivered"), "200")
	says(t, b.get(t, webhooksPage), "Healthy")

	says(t, b.follow(t, path+"/recover", "since", "2026-11-01"), "Nothing failed since then")
	is.Equal(b.post(t, path+"/recover", "since", "soon").status, 422) // no day
	says(t, b.follow(t, path+"/active", "active", "false"), "Paused")
	s.happen(t, "crm-2")
	says(t, b.get(t, path), "Kept") // while it is off
	says(t, b.follow(t, retry), "switch it on first")
	b.follow(t, path+"/active", "active", "true")
	says(t, b.follow(t, path+"/recover", "since", "2026-11-01"), "is being sent again")
	s.courier.Drain(t.Context())
	is.Equal(len(s.seen()), 3) // what was kept has arrived
}

func TestTheWebhookPageHelps(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	b := s.enter(t, "owner@example.com")
	b.post(t, webhooksPage, "url", s.crm+"/hook", "events", "recording.created", "events", "ai.failed")
	path := webhooksPage + "/" + s.webhookNow(t).ID

	page := b.get(t, path)
	says(t, page, "Verifies the events of webhook "+s.webhookNow(t).ID) // ready to be copied
	says(t, page, `"stage": "transcription"`)                           // an example of what it is told
	is.True(!strings.Contains(page.body, "whsec_Q"))                    // and no secret
	is.True(!strings.Contains(page.body, `value="sync.failed"`))        // nor what it is not told

	says(t, b.follow(t, path+"/test", "event", "ai.failed"), "The example arrived")
	is.True(strings.Contains(s.seen()[0].body, `"type":"ai.failed"`)) // the event that was chosen

	b.follow(t, path+"/active", "active", "false")
	s.happen(t, "crm-1")
	says(t, b.get(t, path), "Paused. Events are kept for up to 30 days")
	says(t, b.get(t, path), "1 event was kept while it was off")
	b.follow(t, path+"/active", "active", "true")
	page = b.get(t, path)
	says(t, page, "Send what was kept")
	since := regexp.MustCompile(`name="since" value="([0-9-]+)"`).FindStringSubmatch(page.body)[1]
	says(t, b.follow(t, path+"/recover", "since", since), "is being sent again")
	s.courier.Drain(t.Context())
	is.Equal(len(s.seen()), 2) // it arrives after all
	is.True(!strings.Contains(words(b.get(t, path).body), "Send what was kept"))
}

func TestTheAuthorityOfAWebhook(t *testing.T) {
	is := is.New(t)
	s := newWebhookServer(t, "127.0.0.0/8")
	b := s.enter(t, "owner@example.com")
	a := b.post(t, webhooksPage, "url", s.crm, "events", "*", "ca", "trust me")
	is.Equal(a.status, 422)
	says(t, a, "This is no certificate")
	tls := httptest.NewTLSServer(s)
	t.Cleanup(tls.Close)
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw}))
	b.post(t, webhooksPage, "url", tls.URL, "events", "*", "ca", ca)
	path := webhooksPage + "/" + s.webhookNow(t).ID
	says(t, b.follow(t, path+"/test"), "The example arrived") // trusted
	is.True(strings.Contains(b.get(t, path+"/edit").body, "BEGIN CERTIFICATE"))
	key := s.Key(t, app.ManageWebhooks)
	is.Equal(s.call(t, "PATCH", webhooksPath+"/"+s.webhookNow(t).ID, key, map[string]any{"description": "CRM"}).status, 200)
	is.Equal(s.webhookNow(t).CA, strings.TrimSpace(ca)) // a change by the API leaves it as it is
}
