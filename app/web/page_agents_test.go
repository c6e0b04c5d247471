package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestAgentsOnThePages(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET agent_talk = 0.43 WHERE id = ?`, id)
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/agents")
	for _, want := range []string{"Somchai", "1001", "41", "43%", "2:05"} {
		says(t, page, want)
	}
	says(t, b.follow(t, "/calls/"+id+"/review", "score", "60", "note", "good ears"), "saved")
	one := "/agents/one?key=1001"
	page = b.get(t, one)
	for _, want := range []string{"Somchai", "Average score", "60", "Normal", "good ears", "081-234-5678"} {
		says(t, page, want)
	}
	is.True(strings.Contains(page.body, `role="img" aria-label="`)) // the chart can be read aloud
	says(t, b.follow(t, "/agents/name", "key", "1001", "name", "Khun Somchai"), "Khun Somchai")
	says(t, b.get(t, "/calls"), "Khun Somchai") // wherever the agent is shown
	says(t, b.get(t, "/calls/"+id), "Khun Somchai")
	is.Equal(b.post(t, "/agents/name", "key", "1001", "name", strings.Repeat("x", 81)).status, 422)
	is.Equal(b.get(t, "/agents/one?key=nobody").status, 404)
	is.Equal(b.get(t, "/agents/one").header.Get("Location"), "/agents") // of no one in particular: all
	says(t, b.get(t, "/agents?days=all"), "Khun Somchai")
	says(t, b.follow(t, "/agents/name", "key", "1001", "name", ""), "Somchai")
}

func TestAgentsSeeTheirOwn(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.Call(t, s.Business.ID)
	nok := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET agent_number = '1002', agent_name = 'Nok' WHERE id = ?`, nok)
	u := s.User(t, "agent@example.com", app.Agent)
	owner, agent := s.enter(t, "owner@example.com"), s.enter(t, "agent@example.com")
	says(t, agent.get(t, "/agents"), "assigned to you") // it says why there is nothing
	is.Equal(agent.get(t, "/agents/one?key=1002").status, 404)
	is.Equal(agent.post(t, "/agents/members", "key", "1002", "user", string(u.ID)).status, 403) // nobody assigns to themselves

	page := owner.follow(t, "/agents/members", "key", "1002", "user", string(u.ID))
	is.Equal(page.status, 200)
	page = agent.get(t, "/agents")
	says(t, page, "Nok")
	is.True(!strings.Contains(page.body, "Somchai")) // and nobody else
	is.Equal(agent.get(t, "/agents/one?key=1002").status, 200)
	is.Equal(agent.get(t, "/agents/one?key=1001").status, 404)
	is.Equal(agent.get(t, "/calls/"+nok).status, 200)
	owner.follow(t, "/agents/members", "key", "1002")
	is.Equal(agent.get(t, "/calls/"+nok).status, 404) // taken back

	s.OtherBusiness(t)
	stranger := s.enter(t, "other@example.com")
	is.Equal(stranger.get(t, "/agents/one?key=1001").status, 404) // another business has its own 1001
	owner.follow(t, "/agents/name", "key", "1001", "name", "Ours")
	is.True(!strings.Contains(stranger.get(t, "/agents").body, "Ours"))
}
