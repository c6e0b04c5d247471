package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/egress"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
	"crk/app/syncer"
	"crk/app/web"
	"crk/store/storetest"
)

const (
	providersPath = "/api/v1/providers"
	phoneUser     = "+66812345678"
	phonePassword = "s3cret-p4ss"
)

// A phoneServer is a server whose business can reach a simulated OrkTrack.
type phoneServer struct {
	*server
	sim *phonetest.OrkTrack
	url string // of the OrkTrack
	key string
}

// newPhoneServer starts one. allow names the networks that CRK_ALLOW_NETWORKS
// opens.
func newPhoneServer(t *testing.T, allow ...string) *phoneServer {
	t.Helper()
	p := &phoneServer{sim: phonetest.NewOrkTrack(phoneUser, phonePassword)}
	srv := httptest.NewServer(p.sim)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	var engine *syncer.Engine
	p.server = newServer(t, func(o *web.Options) {
		for _, n := range allow {
			o.Egress.Allow = append(o.Egress.Allow, netip.MustParsePrefix(n))
		}
		kinds := syncer.Kinds()
		kinds[app.SourceDTAC] = syncer.DTAC(dtac.WithClock(o.DB.Now)) // what is recent does not depend on the day of the test
		engine = syncer.New(syncer.Options{
			DB: o.DB, Audio: o.Audio, Log: slog.New(slog.DiscardHandler), Client: o.Egress.Clients(egress.Phone, 0).Trusting, Kinds: kinds,
		})
		o.Phones = engine
	})
	p.sim.SetClock(p.Clock.Now)
	p.key = p.Key(t, app.ManageProviderConfig)
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := engine.Run(ctx); err != nil {
			t.Error("syncer:", err)
		}
	})
	t.Cleanup(func() {
		stop()
		wg.Wait()
	})
	return p
}

// record adds calls to the OrkTrack, an hour ago.
func (p *phoneServer) record(n int) {
	for i := range n {
		p.sim.Add(phonetest.Recording{
			ID: int64(100 + i), StartedAt: storetest.Start.Add(-time.Hour + time.Duration(i)*time.Second), Duration: 2 * time.Second,
			LocalParty: phoneUser, RemoteParty: "0899998888", Direction: "IN", Audio: phonetest.Talk(2 * time.Second).WAV(),
		})
	}
}

// config is the settings of an integration at the OrkTrack.
func (p *phoneServer) config(more ...any) map[string]any {
	c := map[string]any{"baseUrl": p.url + "/orkui/", "username": phoneUser, "password": phonePassword}
	for i := 0; i+1 < len(more); i += 2 {
		c[more[i].(string)] = more[i+1]
	}
	return c
}

// create makes an integration and returns its path.
func (p *phoneServer) create(t *testing.T) string {
	t.Helper()
	a := p.call(t, "POST", providersPath, p.key, map[string]any{"kind": "dtac", "name": "OneCall", "config": p.config()})
	if a.status != 201 {
		t.Fatalf("create: %d %s", a.status, a.body)
	}
	return providersPath + "/" + a.json(t)["id"].(string)
}

// lastSync waits until the integration's last sync has ended, and returns it.
func (p *phoneServer) lastSync(t *testing.T, path string) map[string]any {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		last, _ := p.call(t, "GET", path, p.key, nil).json(t)["lastSync"].(map[string]any)
		if last != nil && last["status"] != "running" {
			return last
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("no sync ended")
		}
	}
}

func TestProvidersAPI(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(3)
	created := p.call(t, "POST", providersPath, p.key, map[string]any{
		"kind": "dtac", "name": "OneCall", "config": p.config("pageSize", 2, "syncIntervalMinutes", 30, "backfillFrom", "2026-11-01"),
	})
	is.Equal(created.status, 201)
	v := created.json(t)
	path := providersPath + "/" + v["id"].(string)
	host := strings.TrimPrefix(p.url, "http://")
	is.Equal(v["isActive"], false) // at first
	is.Equal(v["isDefault"], false)
	is.Equal(v["preview"], phoneUser+" @ "+host)
	is.Equal(v["lastSync"], nil)
	is.Equal(v["nextSyncAt"], nil)
	is.Equal(v["config"], map[string]any{
		"baseUrl": p.url, "username": phoneUser, "pageSize": 2.0, "syncIntervalMinutes": 30.0, "backfillFrom": "2026-11-01",
	})
	is.True(!strings.Contains(created.body, phonePassword)) // the password is write-only
	is.Equal(p.call(t, "GET", path, p.key, nil).body, created.body)

	items := p.call(t, "GET", providersPath, p.key, nil).json(t)["items"].([]any)
	is.Equal(len(items), 1)
	_, shown := items[0].(map[string]any)["config"]
	is.True(!shown) // a list shows no settings

	chosen := p.call(t, "POST", path+"/default", p.key, nil)
	is.Equal(chosen.status, 200)
	is.Equal(chosen.json(t)["isDefault"], true)
	is.Equal(chosen.json(t)["isActive"], true)
	last := p.lastSync(t, path)
	is.Equal(last["status"], "succeeded") // the first sync began by itself
	is.Equal(last["found"], 3.0)
	is.Equal(last["imported"], 3.0)
	is.Equal(last["error"], nil)

	reader := p.Key(t, app.ViewRecordingAll)
	calls := p.call(t, "GET", "/api/v1/recordings?sourceProvider=dtac", reader, nil).json(t)["items"].([]any)
	is.Equal(len(calls), 3)
	first := calls[0].(map[string]any)
	is.Equal(first["dataId"], "dtac:"+host+":102")
	is.Equal(first["providerId"], v["id"])
	is.Equal(first["processingStatus"], "awaiting_audio")

	synced := p.call(t, "POST", path+"/sync", p.key, nil)
	is.Equal(synced.status, 202)
	again := p.lastSync(t, path)
	is.Equal(again["id"], synced.json(t)["runId"])
	is.Equal(again["imported"], 0.0) // nothing twice
	is.Equal(again["skipped"], 3.0)

	runs := p.call(t, "GET", path+"/runs?limit=1", p.key, nil).json(t)
	is.Equal(len(runs["items"].([]any)), 1)
	more := p.call(t, "GET", path+"/runs?cursor="+runs["nextCursor"].(string), p.key, nil).json(t)
	is.Equal(len(more["items"].([]any)), 1)
	is.Equal(more["nextCursor"], nil)
	is.Equal(p.call(t, "GET", path+"/runs?cursor=nonsense", p.key, nil).status, 400)

	is.Equal(p.call(t, "DELETE", path, p.key, nil).status, 204)
	gone := p.call(t, "GET", path, p.key, nil)
	is.Equal(gone.status, 404)
	is.Equal(gone.json(t)["error"], "provider_not_found")
	is.Equal(p.call(t, "GET", "/api/v1/recordings", reader, nil).json(t)["total"], 3.0) // the calls stay
}

func TestProviderIsRefused(t *testing.T) {
	p := newPhoneServer(t, "127.0.0.0/8")
	good := func(more ...any) map[string]any {
		return map[string]any{"kind": "dtac", "name": "OneCall", "config": p.config(more...)}
	}
	for _, tt := range []struct {
		name   string
		body   any
		fields string
	}{
		{"nothing", map[string]any{}, "name kind config"},
		{"a short name", with(good(), "name", "x"), "name"},
		{"a long name", with(good(), "name", strings.Repeat("ก", 61)), "name"},
		{"no such kind", with(good(), "kind", "avaya"), "kind"},
		{"no object", with(good(), "config", "x"), "config"},
		{"no user and no password", with(good(), "config", map[string]any{}), "config.username config.password"},
		{"a name of blanks", with(good(), "name", " \u3000 "), "name"},
		{"a name of two lines", with(good(), "name", "One\nCall"), "name"},
		{"a user name of blanks", good("username", "  "), "config.username"},
		{"a user name of two lines", good("username", "a\nb"), "config.username"},
		{"a long user name", good("username", strings.Repeat("u", 201)), "config.username"},
		{"a long password", good("password", strings.Repeat("p", 1001)), "config.password"},
		{"a password that no secret could hold", good("password", strings.Repeat("p", 70000)), "config.password"},
		{"no port", good("baseUrl", "http://127.0.0.1:0"), "config.baseUrl"},
		{"no such port", good("baseUrl", "http://127.0.0.1:99999"), "config.baseUrl"},
		{"a long host", good("baseUrl", "http://"+strings.Repeat("a.", 127)+"example.com"), "config.baseUrl"},
		{"an address of another type", good("baseUrl", 5), "config.baseUrl"},
		{"a name, and what is in the settings", with(good("username", "", "password", "", "baseUrl", "ftp://x"), "name", ""), "name config.baseUrl config.username config.password"},
		{"two of other types", good("username", 5, "syncIntervalMinutes", "often", "backfillFrom", "2099-01-01"), "config.username config.syncIntervalMinutes config.backfillFrom"},
		{"too many lines", good("localPartyAllow", make([]string, 501)), "config.localPartyAllow"},
		{"no password", good("password", ""), "config.password"},
		{"a user name of another type", good("username", 5), "config.username"},
		{"an interval of nothing", good("syncIntervalMinutes", 0), "config.syncIntervalMinutes"},
		{"more than a day", good("syncIntervalMinutes", 1441), "config.syncIntervalMinutes"},
		{"half a minute", good("syncIntervalMinutes", 0.5), "config.syncIntervalMinutes"},
		{"no date", good("backfillFrom", "last week"), "config.backfillFrom"},
		{"a date to come", good("backfillFrom", "2026-11-18"), "config.backfillFrom"},
		{"all at once", good("password", "", "syncIntervalMinutes", 0), "config.password config.syncIntervalMinutes"},
		{"not an address", good("baseUrl", "ftp://x"), "config.baseUrl"},
		{"a metadata address", good("baseUrl", "http://169.254.169.254"), "config.baseUrl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := p.call(t, "POST", providersPath, p.key, tt.body)
			is.Equal(a.status, 422)
			var fields []string
			for _, d := range a.json(t)["details"].([]any) {
				fields = append(fields, d.(map[string]any)["field"].(string))
			}
			is.Equal(strings.Join(fields, " "), tt.fields)
			for _, d := range a.json(t)["details"].([]any) {
				says := d.(map[string]any)["message"].(string)
				is.True(strings.HasSuffix(says, ".") && says != "This is empty." && !strings.Contains(says, "right type")) // a sentence that says what to give
			}
		})
	}
	is := is.New(t)
	is.Equal(p.call(t, "GET", providersPath, p.key, nil).json(t)["total"], 0.0) // nothing was stored
	is.Equal(p.sim.Stats().Logins, 0)                                           // nor asked
}

func TestLoopbackNeedsTheSetting(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t)
	a := p.call(t, "POST", providersPath, p.key, map[string]any{"kind": "dtac", "name": "OneCall", "config": p.config()})
	is.Equal(a.status, 422)
	is.True(strings.Contains(a.body, "CRK_ALLOW_NETWORKS")) // the answer names it
	a = p.call(t, "POST", providersPath+"/test", p.key, map[string]any{"kind": "dtac", "config": p.config()})
	is.Equal(a.status, 422)
}

func TestPatchProviderAPI(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	is.Equal(p.call(t, "GET", path, p.key, nil).json(t)["config"].(map[string]any)["backfillFrom"], "2026-11-09") // seven days back

	a := p.call(t, "PATCH", path, p.key, map[string]any{
		"name": "Main line", "config": map[string]any{"syncIntervalMinutes": 5, "backfillFrom": "2026-11-02", "minDurationSec": 10},
	})
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["name"], "Main line")
	is.Equal(a.json(t)["config"], map[string]any{ // the others stay
		"baseUrl": p.url, "username": phoneUser, "syncIntervalMinutes": 5.0, "backfillFrom": "2026-11-02", "minDurationSec": 10.0,
	})
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true) // and so does the password
	a = p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"minDurationSec": nil, "password": "another"}})
	_, there := a.json(t)["config"].(map[string]any)["minDurationSec"]
	is.True(!there) // null takes a setting back
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["error"], "invalid_credentials")

	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"config": p.config()}).status, 200)
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"isActive": true}).json(t)["isActive"], true)
	is.Equal(p.lastSync(t, path)["status"], "succeeded") // resuming syncs
	a = p.call(t, "PATCH", path, p.key, map[string]any{"isActive": false})
	is.Equal(a.json(t)["isActive"], false)
	is.Equal(a.json(t)["nextSyncAt"], nil) // paused

	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"name": ""}).status, 422)
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"username": ""}}).status, 422)
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"config": []any{}}).status, 422)
}

func TestProviderNamesAreTrimmed(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	a := p.call(t, "POST", providersPath, p.key, map[string]any{"kind": "dtac", "name": " OneCall ", "config": p.config("username", "\t"+phoneUser+" \u200b")})
	is.Equal(a.status, 201)
	is.Equal(a.json(t)["name"], "OneCall")
	is.Equal(a.json(t)["config"].(map[string]any)["username"], phoneUser) // as pasted, without what is about it
	is.Equal(p.call(t, "POST", providersPath+"/"+a.json(t)["id"].(string)+"/test", p.key, nil).json(t)["ok"], true)
}

// TestPatchTakesBack: null takes a setting back to its default, those of all kinds
// too.
func TestPatchTakesBack(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	patch := func(config map[string]any) answer {
		return p.call(t, "PATCH", path, p.key, map[string]any{"config": config})
	}
	is.Equal(patch(map[string]any{"syncIntervalMinutes": 5, "backfillFrom": "2026-10-01", "agentChannel": "left", "pageSize": 7}).status, 200)
	a := patch(map[string]any{"syncIntervalMinutes": nil})
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["config"], map[string]any{ // the others stay
		"baseUrl": p.url, "username": phoneUser, "syncIntervalMinutes": 15.0, "backfillFrom": "2026-10-01", "agentChannel": "left", "pageSize": 7.0,
	})
	a = patch(map[string]any{"backfillFrom": nil, "agentChannel": nil, "pageSize": nil, "password": nil})
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["config"], map[string]any{
		"baseUrl": p.url, "username": phoneUser, "syncIntervalMinutes": 15.0, "backfillFrom": "2026-11-09", // seven days back
	})
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true) // and the password, which has no default, stays
	a = p.call(t, "PATCH", path, p.key, map[string]any{"name": "x", "config": map[string]any{"username": ""}})
	is.Equal(a.status, 422)
	is.Equal(len(a.json(t)["details"].([]any)), 2) // everything at once
}

func TestConnectionTest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*phoneServer, map[string]any)
		error  string
	}{
		{"good", func(*phoneServer, map[string]any) {}, ""},
		{"wrong password", func(_ *phoneServer, c map[string]any) { c["password"] = "wrong" }, "invalid_credentials"},
		{"nobody there", func(_ *phoneServer, c map[string]any) { c["baseUrl"] = "http://127.0.0.1:1" }, "unreachable"},
		{"no encryption there", func(p *phoneServer, c map[string]any) {
			c["baseUrl"] = strings.Replace(p.url, "http:", "https:", 1)
		}, "tls"},
		{"a page for browsers", func(p *phoneServer, _ map[string]any) { p.sim.Fail(phonetest.Faults{LoginHTML: true}) }, "unexpected_response"},
		{"not allowed to list", func(p *phoneServer, _ map[string]any) { p.sim.Fail(phonetest.Faults{ListStatus: 403}) }, "forbidden"},
		{"not allowed to hear", func(p *phoneServer, _ map[string]any) { p.sim.Fail(phonetest.Faults{AudioStatus: 403}) }, "forbidden"},
		{"a page in place of a recording", func(p *phoneServer, _ map[string]any) { p.sim.Fail(phonetest.Faults{AudioHTML: true}) }, "unexpected_response"},
		{"failing", func(p *phoneServer, _ map[string]any) { p.sim.Fail(phonetest.Faults{ListStatus: 500}) }, "unexpected_response"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p := newPhoneServer(t, "127.0.0.0/8")
			for i := range 2 {
				p.sim.Add(phonetest.Recording{ID: int64(i + 1), StartedAt: storetest.Start.Add(-time.Hour), Duration: time.Second, Audio: phonetest.Talk(time.Second).WAV()})
			}
			config := p.config()
			tt.change(p, config)
			a := p.call(t, "POST", providersPath+"/test", p.key, map[string]any{"kind": "dtac", "config": config})
			is.Equal(a.status, 200)
			v := a.json(t)
			if tt.error == "" {
				is.Equal(v["ok"], true)
				is.True(v["latencyMs"].(float64) > 0)
				is.Equal(v["recordingsSeen"], 2.0)
				return
			}
			is.Equal(v["ok"], false)
			is.Equal(v["error"], tt.error)
			is.True(v["message"] != "")                          // with words for a person
			is.True(!strings.Contains(a.body, phonePassword))    // and no secret
			is.True(!strings.Contains(p.log.String(), "s3cret")) // nor in the log
			is.Equal(p.call(t, "GET", providersPath, p.key, nil).json(t)["total"], 0.0)
		})
	}
}

func TestStoppedProviderGoesOnAfterAGoodTest(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	p.sim.AddAccount(phoneUser, "changed at the phone system")
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	is.Equal(p.lastSync(t, path)["error"], "invalid_credentials")
	id := path[strings.LastIndex(path, "/")+1:]
	for range 2 {
		_, err := p.RefuseProvider(t.Context(), p.Business.ID, id)
		is.NoErr(err)
	}
	is.Equal(p.call(t, "GET", path, p.key, nil).json(t)["nextSyncAt"], nil) // stopped
	p.sim.AddAccount(phoneUser, phonePassword)
	p.record(1)
	p.sim.Fail(phonetest.Faults{AudioStatus: 500})
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], false) // one recording cannot be heard,
	is.True(p.call(t, "GET", path, p.key, nil).json(t)["nextSyncAt"] != nil)   // but the credentials serve: it goes on
}

func TestSyncWhileOneRuns(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	id := path[strings.LastIndex(path, "/")+1:]
	run, err := p.BeginRun(t.Context(), p.Business.ID, id, "manual")
	is.NoErr(err)
	a := p.call(t, "POST", path+"/sync", p.key, nil)
	is.Equal(a.status, 409)
	is.Equal(a.json(t)["error"], "conflict")
	run.Status = "succeeded"
	is.NoErr(p.FinishRun(t.Context(), run))
	first := p.call(t, "POST", path+"/sync", p.key, nil, "Idempotency-Key", "k")
	is.Equal(first.status, 202)
	second := p.call(t, "POST", path+"/sync", p.key, nil, "Idempotency-Key", "k")
	is.Equal(second.body, first.body) // the same key begins no second run
	is.Equal(second.header.Get("Idempotency-Replayed"), "true")
}

func TestProvidersNeedTheirScope(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	key := p.Key(t, app.ViewRecordingAll, app.ManageNotifications)
	other, owner := p.OtherBusiness(t)
	_, stranger, err := p.CreateKey(t.Context(), app.Key{Name: "x", OwnerID: owner.ID, BusinessID: other.ID, Scopes: []app.Scope{app.ManageAll}})
	is.NoErr(err)
	for _, route := range []string{
		"GET ", "PATCH ", "DELETE ", "POST /test", "POST /default", "POST /sync", "GET /runs",
	} {
		method, rest, _ := strings.Cut(route, " ")
		a := p.call(t, method, path+rest, key, "{}")
		is.Equal(fmt.Sprint(route, a.status), fmt.Sprint(route, 403)) // without the scope
		a = p.call(t, method, path+rest, stranger.Reveal(), "{}")
		is.Equal(fmt.Sprint(route, a.status), fmt.Sprint(route, 404)) // from another business
	}
	is.Equal(p.call(t, "GET", path, p.key, nil).status, 200) // and nothing happened to it
}
