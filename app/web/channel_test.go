package web_test

import (
	"testing"

	"github.com/matryer/is"
)

// TestAnIntegrationSaysWhichSideIsTheAgents: by the API and in its drawer.
func TestAnIntegrationSaysWhichSideIsTheAgents(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	config := map[string]any{"baseUrl": p.url, "username": phoneUser, "password": phonePassword, "agentChannel": "left"}
	a := p.call(t, "POST", apiBase+"/providers", p.key, map[string]any{"kind": "dtac", "name": "pbx", "config": config})
	is.Equal(a.status, 201)
	made := a.json(t)
	is.Equal(made["config"].(map[string]any)["agentChannel"], "left")
	path := apiBase + "/providers/" + made["id"].(string)
	a = p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"agentChannel": "both"}})
	is.Equal(a.status, 422)
	is.Equal(p.Text(t, `SELECT agent_channel FROM providers`), "left") // which is not one
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"name": "renamed"}).status, 200)
	is.Equal(p.Text(t, `SELECT agent_channel FROM providers`), "left") // what is not named stays
	is.Equal(p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"agentChannel": ""}}).status, 200)
	is.Equal(p.Text(t, `SELECT agent_channel FROM providers`), "") // and goes back to the business's

	b := p.enter(t, "owner@example.com")
	b.follow(t, "/settings/providers/"+made["id"].(string), "kind", "dtac", "name", "pbx", "baseUrl", p.url, "username", phoneUser, "agentChannel", "right")
	is.Equal(p.Text(t, `SELECT agent_channel FROM providers`), "right")
}
