package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestHomePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/")
	says(t, page, "First steps")
	says(t, page, "0 of 5 done")
	says(t, page, "Nothing is waiting")

	failed := s.Call(t, s.Business.ID)
	s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET status = 'failed', sentiment = NULL WHERE id = ?`, failed)
	s.Chat(t, s.Business.ID)
	s.Exec(t, `UPDATE chats SET state = 'blocked'`)
	page = b.get(t, "/")
	says(t, page, "1 of 5 done")
	says(t, page, "1 call with an upset customer, not reviewed")
	says(t, page, "1 call could not be processed")
	says(t, page, "Chat takes no messages")
	says(t, page, "2 in · 0 out · 0 missed")
	is.True(strings.Contains(page.body, `href="/calls?from=2026-11-03&amp;sentiment=negative"`)) // each leads to what it is about
	is.True(strings.Contains(page.body, "Somchai"))

	page = b.follow(t, "/steps/hide")
	says(t, page, "The first steps are hidden")
	is.True(!strings.Contains(page.body, "of 5 done")) // and stay so
	says(t, b.get(t, "/?period=month"), "This month")
	says(t, b.get(t, "/?period=lately"), "Today") // an address is not a form
}

func TestHomePageShowsWhatTheReaderMaySee(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.Call(t, s.Business.ID) // of agent 1001
	other := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET agent_number = '1002', agent_name = 'Malee' WHERE id = ?`, other)
	s.Chat(t, s.Business.ID)
	s.Exec(t, `UPDATE chats SET state = 'gone'`)
	u := s.User(t, "somchai@example.com", app.Agent)
	s.Exec(t, `UPDATE members SET agents = '["1001"]' WHERE user_id = ?`, u.ID)
	page := s.enter(t, "somchai@example.com").get(t, "/")
	says(t, page, "1 in · 0 out · 0 missed")
	is.True(!strings.Contains(page.body, "Malee"))         // another agent's
	is.True(!strings.Contains(page.body, "takes no mess")) // not theirs to mend
	is.True(!strings.Contains(page.body, "First steps"))
	is.Equal(s.enter(t, "somchai@example.com").post(t, "/steps/hide").status, 403)

	s.Exec(t, `DELETE FROM chats`)
	s.Clock.Advance(15 * 24 * time.Hour)
	says(t, s.enter(t, "owner@example.com").get(t, "/"), "Nothing is waiting") // two weeks are enough to look at a call
}
