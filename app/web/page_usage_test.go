package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestUsagePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.Call(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/usage")
	says(t, page, "Nov 2026")
	says(t, page, "there is no limit")
	says(t, b.get(t, "/usage?month=2026-10"), "Oct 2026")
	is.Equal(b.get(t, "/usage?month=lately").status, 400) // not a month
	is.True(strings.Contains(b.get(t, "/usage/budget").body, `value="50, 80, 100"`))

	page = b.post(t, "/usage/budget", "limit", "many", "thresholds", "80, soon", "onLimit", "notify")
	is.Equal(page.status, 422)
	says(t, page, "A whole number of minutes")
	says(t, page, "Whole numbers from 1 to 1000")
	is.Equal(b.post(t, "/usage/budget", "limit", "60", "thresholds", "80 80", "onLimit", "notify").status, 422) // each once
	is.Equal(b.post(t, "/usage/budget", "limit", "60", "onLimit", "stop").status, 422)
	page = b.follow(t, "/usage/budget", "limit", "6000", "thresholds", "90%, 50", "onLimit", "pause")
	says(t, page, "of 6,000 minutes")
	budget, err := s.Budget(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(budget, app.Budget{Limit: 6000, Thresholds: []int{50, 90}, OnLimit: app.OnLimitPause}) // what was typed, in order

	s.User(t, "viewer@example.com", app.Viewer)
	viewer := s.enter(t, "viewer@example.com")
	is.True(!strings.Contains(viewer.get(t, "/usage").body, "/usage/budget")) // who may only look is offered nothing
	is.Equal(viewer.post(t, "/usage/budget", "limit", "1", "onLimit", "pause").status, 403)
	s.User(t, "agent@example.com", app.Agent)
	is.Equal(s.enter(t, "agent@example.com").get(t, "/usage").status, 403) // an agent may not look
}
