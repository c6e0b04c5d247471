package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

// tell puts a notification into the feed.
func (s *server) tell(t *testing.T, title string) {
	t.Helper()
	err := s.AddFeedOnce(t.Context(), app.FeedItem{BusinessID: s.Business.ID, Title: title, Body: "<i>body</i>", Severity: app.Critical}, title)
	if err != nil {
		t.Fatal(err)
	}
}

func TestFeedPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/notifications"), "No notifications")
	s.tell(t, "First <b>alarm</b>")
	s.Clock.Advance(24 * time.Hour)
	s.tell(t, "Second alarm")
	page := b.get(t, "/notifications")
	for _, want := range []string{"First <b>alarm</b>", "<i>body</i>", "Second alarm", "Today", "Yesterday", "2 new", "Unread 2", "Last 24 hours"} {
		says(t, page, want)
	}
	is.True(!strings.Contains(page.body, "<b>alarm</b>"))                                 // what others wrote is text
	is.True(strings.Index(page.body, "Second alarm") < strings.Index(page.body, "First")) // newest first
	items, err := s.Feed(t.Context(), s.Business.ID, s.Owner.ID, 0, false, 10)
	is.NoErr(err)
	is.True(strings.Contains(page.body, `data-since="`+items[0].ID+`"`)) // the stream goes on from here

	b.follow(t, "/notifications/"+items[0].ID+"/read")
	page = b.get(t, "/notifications?only=unread")
	is.True(!strings.Contains(words(page.body), "Second alarm")) // what was read is no longer unread
	says(t, page, "First <b>alarm</b>")
	b.follow(t, "/notifications/read-all")
	says(t, b.get(t, "/notifications?only=unread"), "No notifications")
	is.Equal(b.post(t, "/notifications/00000000-0000-7000-8000-000000000000/read").status, 404) // only what is there
}

func TestReadMarksAreEachUsersOwn(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "viewer@example.com", app.Viewer)
	s.tell(t, "Alarm")
	s.enter(t, "owner@example.com").follow(t, "/notifications/read-all")
	is.True(strings.Contains(words(s.enter(t, "viewer@example.com").get(t, "/notifications").body), "1 new")) // somebody else has not read it
}

func TestFeedIsPaged(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	for n := range 65 {
		s.tell(t, fmt.Sprintf("Alarm %02d.", n))
	}
	b := s.enter(t, "owner@example.com")
	seen := map[string]bool{}
	path := "/notifications"
	for range 3 {
		page := b.get(t, path)
		for n := range 65 {
			if title := fmt.Sprintf("Alarm %02d.", n); strings.Contains(page.body, title) {
				is.True(!seen[title]) // none twice
				seen[title] = true
			}
		}
		_, next, _ := strings.Cut(page.body, `href="/notifications?cursor=`)
		cursor, _, _ := strings.Cut(next, `"`)
		path = "/notifications?cursor=" + cursor
	}
	is.Equal(len(seen), 65) // and none left out
}

func TestPreferencesOnThePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.follow(t, "/notifications/preferences", "desktop", "true", "minSeverity", "warning"), "Saved")
	p, err := s.Preferences(t.Context(), s.Business.ID, s.Owner.ID)
	is.NoErr(err)
	is.True(p.Desktop && !p.Sound && !p.InAppEnabled) // a box that is not ticked is off
	is.Equal(p.MinSeverity, app.Warning)
	is.True(strings.Contains(b.get(t, "/calls").body, `data-sound="false"`)) // every page knows
	is.Equal(b.post(t, "/notifications/preferences", "minSeverity", "loud").status, 422)
}

func TestDeliveriesPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	chat := s.Chat(t, s.Business.ID)
	for i, status := range []string{"sent", "failed"} {
		s.Exec(t, `INSERT INTO deliveries (id, business_id, channel, destination, title, body, link, severity, status, error, attempts, created_at)
			VALUES (?, ?, 'telegram', ?, ?, '', '', 'info', ?, ?, 1, ?)`,
			fmt.Sprint("d", i), s.Business.ID, "telegram:"+chat, "Message "+status, status, map[string]string{"failed": "chat_blocked"}[status], i+1)
	}
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/notifications/deliveries")
	for _, want := range []string{"Chat", "Delivered", "Bot blocked", "Message sent", "Message failed"} {
		says(t, page, want)
	}
	is.True(!strings.Contains(b.get(t, "/notifications/deliveries?failed=1").body, "Message sent")) // only what failed
}

func TestRetryOnTheDeliveriesPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	chat := s.Chat(t, s.Business.ID)
	add := func(id, automation, status string) {
		s.Exec(t, `INSERT INTO deliveries (id, business_id, channel, destination, automation_id, title, body, severity, status, error, attempts, created_at)
			VALUES (?, ?, 'telegram', ?, ?, 'T', '', 'info', ?, 'timeout', 5, 1)`, id, s.Business.ID, "telegram:"+chat, automation, status)
	}
	add("d1", "a1", "failed")
	add("d2", "", "failed")
	add("d3", "a3", "sent")
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/notifications/deliveries")
	is.Equal(strings.Count(page.body, "/retry\""), 1) // only what an automation failed to send is offered
	says(t, page, "Send again")
	is.True(strings.Contains(page.body, `action="/notifications/deliveries/d1/retry"`))
	page = b.follow(t, "/notifications/deliveries/d1/retry")
	says(t, page, "It is sent again")
	says(t, page, "Waiting")
	is.Equal(s.Text(t, `SELECT group_concat(key) FROM jobs WHERE kind = 'deliver'`), "d1") // it is on its way
	for _, id := range []string{"d1", "d2", "d3"} {
		says(t, b.follow(t, "/notifications/deliveries/"+id+"/retry"), "Not now") // the others are not
	}
	is.Equal(b.post(t, "/notifications/deliveries/none/retry").status, 404)
	s.Exec(t, `UPDATE deliveries SET status = 'failed'`)
	s.User(t, "viewer@example.com", app.Viewer)
	viewer := s.enter(t, "viewer@example.com")
	is.True(!strings.Contains(viewer.get(t, "/notifications/deliveries").body, "/retry\"")) // who may only look is offered nothing
	is.Equal(viewer.post(t, "/notifications/deliveries/d1/retry").status, 403)
}
