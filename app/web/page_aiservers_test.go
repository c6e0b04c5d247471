package web_test

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai/aitest"
	"crk/app/web"
)

const aiPath = "/settings/providers/ai"

// openLoopback lets requests for a business go to this machine.
func openLoopback(o *web.Options) {
	o.Egress.Allow = append(o.Egress.Allow, netip.MustParsePrefix("127.0.0.0/8"))
}

func simulatedAI(t *testing.T) (*aitest.Server, string) {
	t.Helper()
	sim := aitest.New(aitest.Dialogues()[0])
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, srv.URL
}

func TestAIServerIsSetTestedAndRemoved(t *testing.T) {
	is := is.New(t)
	sim, url := simulatedAI(t)
	s := newPages(t, openLoopback)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, aiPath), "the built-in analysis serves")
	says(t, b.get(t, aiPath+"/analysis"), "Server for analysis")
	is.Equal(b.get(t, aiPath+"/nonsense").status, 404)

	form := []string{"url", url + "/v1/chat/completions", "key", "sk-very-secret", "model", "mind-9", "extra", "temperature = 0"}
	a := b.post(t, aiPath+"/analysis/try", form...)
	says(t, a, "Answers keep to a JSON schema, strictly")
	is.True(!strings.Contains(a.body, "sk-very-secret")) // a typed key is not given back
	stored, err := s.AIServer(t.Context(), s.Business.ID, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(stored, nil) // a test saves nothing

	page := b.follow(t, aiPath+"/analysis", form...)
	says(t, page, "mind-9 @ "+strings.TrimPrefix(url, "http://"))
	stored, err = s.AIServer(t.Context(), s.Business.ID, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(stored.URL, url+"/v1") // what is too much is cut off
	is.Equal(stored.Key, app.Secret("sk-very-secret"))
	is.Equal(stored.Extra, []app.AIParameter{{Name: "temperature", Value: "0"}})
	is.Equal(s.Text(t, `SELECT count(*) FROM ai_servers WHERE instr(key, 'very-secret') > 0`), "0") // it is sealed
	edit := b.get(t, aiPath+"/analysis")
	is.True(!strings.Contains(edit.body+page.body+s.log.String(), "very-secret")) // and nowhere to be read
	says(t, edit, "Leave empty to keep")

	b.follow(t, aiPath+"/analysis", "url", url, "model", "mind-10") // an empty key keeps it
	says(t, b.post(t, aiPath+"/analysis/test"), "The server answers and takes the key")
	sent := sim.Requests(aitest.Chat)
	is.Equal(sent[len(sent)-1].Key, "sk-very-secret")
	is.Equal(sent[len(sent)-1].Model, "mind-10")

	moved := b.post(t, aiPath+"/analysis", "url", "https://8.8.8.8/v1", "model", "mind-10")
	is.Equal(moved.status, 422)
	says(t, moved, "This is another server or another certificate authority: give its key") // nobody is given the key by a new address
	b.follow(t, aiPath+"/analysis", "url", "https://8.8.8.8/v1", "noKey", "true")
	stored, err = s.AIServer(t.Context(), s.Business.ID, app.TaskAnalysis)
	is.NoErr(err)
	is.Equal(stored.Key, app.Secret(""))

	says(t, b.follow(t, aiPath+"/analysis/delete"), "the built-in analysis serves")
}

func TestAIServerProblemsAreSaid(t *testing.T) {
	sim, url := simulatedAI(t)
	for _, tt := range []struct {
		name   string
		change []func(*web.Options)
		fault  aitest.Fault
		url    string
		status int
		want   string
	}{
		{"loopback", nil, aitest.Fault{}, url, 422, "CRK_ALLOW_NETWORKS"},
		{"metadata", nil, aitest.Fault{}, "http://169.254.169.254/v1", 422, "Give a whole address"},
		{"the internet in the clear", nil, aitest.Fault{}, "http://8.8.8.8/v1", 422, "needs https"},
		{"no address", nil, aitest.Fault{}, "", 422, "Give a whole address"},
		{"wrong key", []func(*web.Options){openLoopback}, aitest.Unauthorized(), url, 200, "The key is not accepted"},
		{"no JSON", []func(*web.Options){openLoopback}, aitest.Prose(), url, 200, "does not answer in JSON"},
		{"no such model", []func(*web.Options){openLoopback}, aitest.Refused(404, "model_not_found", "no"), url, 200, "The server has:"},
		{"nobody there", []func(*web.Options){openLoopback}, aitest.Fault{}, "http://127.0.0.1:1", 200, "cannot be reached"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim.FailAlways(aitest.Chat, tt.fault)
			s := newPages(t, tt.change...)
			b := s.enter(t, "owner@example.com")
			path := aiPath + "/analysis"
			if tt.status == 200 {
				path += "/try"
			}
			a := b.post(t, path, "url", tt.url, "key", "sk-very-secret")
			is.Equal(a.status, tt.status)
			says(t, a, tt.want)
			is.True(!strings.Contains(a.body+s.log.String(), "very-secret"))
		})
	}
}

func TestAIServersAreForManagersOfOneBusiness(t *testing.T) {
	is := is.New(t)
	s := newPages(t, openLoopback)
	s.User(t, "admin@example.com", app.RoleAdmin)
	s.User(t, "supervisor@example.com", app.Supervisor)
	s.OtherBusiness(t)
	is.NoErr(s.SetAIServer(t.Context(), app.AIServer{BusinessID: s.Business.ID, Task: app.TaskAnalysis, URL: "https://8.8.8.8/v1", Model: "mind-9"}))
	says(t, s.enter(t, "admin@example.com").get(t, aiPath), "mind-9 @ 8.8.8.8")
	supervisor := s.enter(t, "supervisor@example.com")
	for _, path := range []string{aiPath, aiPath + "/analysis"} {
		is.Equal(supervisor.get(t, path).status, 403)
	}
	for _, path := range []string{"/analysis", "/analysis/try", "/analysis/test", "/analysis/delete", "/channel"} {
		is.Equal(supervisor.post(t, aiPath+path, "url", "https://8.8.8.8").status, 403)
	}
	other := s.enter(t, "other@example.com")
	is.True(!strings.Contains(other.get(t, aiPath).body+other.get(t, aiPath+"/analysis").body, "8.8.8.8")) // another business sees nothing of it
	other.post(t, aiPath+"/analysis/delete")
	other.post(t, aiPath+"/channel", "agentChannel", "right")
	is.Equal(s.Text(t, `SELECT count(*) FROM ai_servers`), "1") // nor can it take it away
	side, err := s.BusinessAgentChannel(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(side, app.AgentAuto)
	is.Equal(s.enter(t, "owner@example.com").post(t, aiPath+"/channel", "agentChannel", "up").status, 400)
}
