package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store/storetest"
)

const (
	pbxClient = "crk-reader"
	pbxKey    = "s3cret-k3y"
)

// A pbxServer is a server whose business can reach a simulated 3CX.
type pbxServer struct {
	*phoneServer
	pbx *phonetest.ThreeCX
	url string // of the 3CX
}

func newPBXServer(t *testing.T) *pbxServer {
	t.Helper()
	p := &pbxServer{phoneServer: newPhoneServer(t, "127.0.0.0/8"), pbx: phonetest.NewThreeCX()}
	p.pbx.AddClient(pbxClient, pbxKey)
	srv := httptest.NewServer(p.pbx)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	return p
}

// request is a body that makes or tries an integration; more are settings and
// values by turns.
func (p *pbxServer) request(more ...any) map[string]any {
	c := map[string]any{"baseUrl": p.url + "/webclient/#/office", "username": pbxClient, "password": pbxKey}
	for i := 0; i+1 < len(more); i += 2 {
		c[more[i].(string)] = more[i+1]
	}
	return map[string]any{"kind": "threecx", "name": "Head office", "config": c}
}

// add adds calls to the 3CX; all clocks but a connection test's stand still, so
// they are recent by both.
func (p *pbxServer) add(at time.Time, n int) {
	for i := range n {
		begin := at.Add(time.Duration(i) * time.Second)
		p.pbx.Add(phonetest.PBXRecording{
			ID: int64(63000 + i), StartedAt: begin, EndedAt: begin.Add(2 * time.Second), CallType: "InboundExternal",
			From: phonetest.Outside("0899998888"), To: phonetest.Extension("116", "Dina R."), Audio: phonetest.Talk(2 * time.Second).WAV(),
		})
	}
}

func Test3CXByAPI(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	p.pbx.SetClock(p.Clock.Now)
	p.add(storetest.Start.Add(-time.Hour), 3)
	created := p.call(t, "POST", providersPath, p.key, p.request("auth", "api_client", "importInternal", true))
	is.Equal(created.status, 201)
	v := created.json(t)
	path, host := providersPath+"/"+v["id"].(string), strings.TrimPrefix(p.url, "http://")
	is.Equal(v["kind"], "threecx")
	is.Equal(v["preview"], pbxClient+" @ "+host)
	is.Equal(v["config"], map[string]any{
		"baseUrl": p.url, "username": pbxClient, "auth": "api_client", "importInternal": true,
		"syncIntervalMinutes": 15.0, "backfillFrom": "2026-11-09",
	})
	is.True(!strings.Contains(created.body, pbxKey)) // the key is write-only

	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	last := p.lastSync(t, path)
	is.Equal(last["status"], "succeeded")
	is.Equal(last["imported"], 3.0)
	calls := p.call(t, "GET", "/api/v1/recordings?sourceProvider=threecx", p.Key(t, app.ViewRecordingAll), nil).json(t)["items"].([]any)
	is.Equal(len(calls), 3)
	first := calls[0].(map[string]any)
	is.Equal(first["dataId"], "threecx:"+host+":63002")
	is.Equal(first["direction"], "in")
	is.Equal(first["callcenterNumber"], "116")
	is.Equal(first["callcenterName"], "Dina R.")
	is.Equal(first["customerPhoneNormalized"], "+66899998888")

	a := p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"auth": nil, "importInternal": false}})
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["config"].(map[string]any)["baseUrl"], p.url) // the others stay
	_, there := a.json(t)["config"].(map[string]any)["auth"]
	is.True(!there)
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true) // and so does the key
	is.Equal(len(p.pbx.Stats().Writes)+len(p.pbx.Stats().Unknown), 0)
}

func TestATestOfAStored3CXUsesItsSignIn(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	path := providersPath + "/" + p.call(t, "POST", providersPath, p.key, p.request()).json(t)["id"].(string)
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	is.Equal(p.pbx.Stats().ClientSignIns, 1)
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true)
	is.Equal(p.call(t, "POST", providersPath+"/test", p.key, p.request()).json(t)["ok"], true) // nor does one of the same settings, typed
	is.Equal(p.pbx.Stats().ClientSignIns, 1)                                                   // the next one would end it
}

func TestOneDefaultForEachKind(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	dtac := p.create(t)
	pbx := providersPath + "/" + p.call(t, "POST", providersPath, p.key, p.request()).json(t)["id"].(string)
	for _, path := range []string{dtac, pbx} {
		is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
		p.lastSync(t, path)
	}
	is.Equal(p.call(t, "GET", dtac, p.key, nil).json(t)["isDefault"], true) // the other kind's is none of its business
	is.Equal(p.call(t, "GET", pbx, p.key, nil).json(t)["isDefault"], true)
}

func TestA3CXThatIsRefused(t *testing.T) {
	p := newPBXServer(t)
	for _, tt := range []struct {
		name   string
		body   any
		fields string
	}{
		{"nothing", map[string]any{"kind": "threecx", "name": "3CX", "config": map[string]any{}}, "config.baseUrl config.username config.password"},
		{"no key", p.request("password", ""), "config.password"},
		{"no such way to sign in", p.request("auth", "sso"), "config.auth"},
		{"a way of another type", p.request("auth", 1), "config.auth"},
		{"a switch of another type", p.request("importInternal", "yes"), "config.importInternal"},
		{"a metadata address", p.request("baseUrl", "http://169.254.169.254"), "config.baseUrl"},
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
		})
	}
}

func TestConnectionTestOfA3CX(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config []any
		faults phonetest.PBXFaults
		error  string
		words  string
	}{
		{"an API client", nil, phonetest.PBXFaults{}, "", ""},
		{"a user", []any{"username", "116", "password", "pw"}, phonetest.PBXFaults{}, "", ""},
		{"a group manager", nil, phonetest.PBXFaults{Role: phonetest.GroupManager}, "", ""},
		{"no role", nil, phonetest.PBXFaults{Role: phonetest.OrdinaryUser}, "forbidden", "Role must be System Owner"},
		{"wrong key", []any{"password", "wrong"}, phonetest.PBXFaults{}, "invalid_credentials", "client id"},
		{"a second factor", []any{"username", "116", "password", "pw", "auth", "user"}, phonetest.PBXFaults{TwoFactor: true}, "invalid_credentials", "second factor"},
		{"kept out", nil, phonetest.PBXFaults{LoginStatus: 403}, "forbidden", "IP blocklist"},
		{"nobody there", []any{"baseUrl", "http://127.0.0.1:1"}, phonetest.PBXFaults{}, "unreachable", "Check the address"},
		{"a page for browsers", nil, phonetest.PBXFaults{LoginHTML: true}, "unexpected_response", "Check the address"},
		{"failing", nil, phonetest.PBXFaults{ListStatus: 503}, "unexpected_response", "Try again later"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p := newPBXServer(t)
			p.pbx.AddUser("116", "pw")
			p.add(time.Now().Add(-time.Hour), 2)
			p.pbx.Fail(tt.faults)
			body := p.request(tt.config...)
			delete(body, "name")
			a := p.call(t, "POST", providersPath+"/test", p.key, body)
			is.Equal(a.status, 200)
			v := a.json(t)
			stats := p.pbx.Stats()
			is.True(stats.ClientRefused <= 1 && stats.UserRefused <= 1) // 3CX shuts out who guesses
			is.Equal(v["ok"], tt.error == "")
			if tt.error == "" {
				is.True(v["latencyMs"].(float64) > 0)
				is.Equal(v["recordingsSeen"], 2.0)
				return
			}
			is.Equal(v["error"], tt.error)
			is.True(strings.Contains(v["message"].(string), tt.words)) // what to do is said
			is.True(!strings.Contains(a.body, "s3cret"))               // and no secret
			is.True(!strings.Contains(p.log.String(), "s3cret"))       // nor in the log
		})
	}
}
