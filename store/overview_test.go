package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

// ring puts a call into a business: when, which way, whose, and what came of it.
func ring(t *testing.T, f *storetest.Fixture, at time.Time, agent string, set string) string {
	t.Helper()
	id := f.Call(t, f.Business.ID)
	f.Exec(t, `UPDATE recordings SET call_at = ?, agent_number = ? WHERE id = ?`, at.UnixMilli(), agent, id)
	if set != "" {
		f.Exec(t, `UPDATE recordings SET `+set+` WHERE id = ?`, id)
	}
	return id
}

func TestOverview(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t) // Monday, 16 November 2026, 14:00 in Bangkok
	now := storetest.Start
	ring(t, f, now.Add(-time.Hour), "201", "") // 13:00, negative, 41
	ring(t, f, now.Add(-2*time.Hour), "201", "sentiment = 'positive', ai_score = 91, direction = 'out'")
	ring(t, f, now.Add(-3*time.Hour), "202", "ai_tag = 'no_answer', ai_score = NULL, sentiment = NULL")
	ring(t, f, now.Add(-7*24*time.Hour-time.Hour), "202", "review_at = 1")     // a Monday ago, before 14:00
	ring(t, f, now.Add(-7*24*time.Hour+time.Hour), "202", "direction = 'out'") // a Monday ago, after it
	ring(t, f, now.Add(-30*24*time.Hour), "203", "status = 'failed'")
	ring(t, f, now.Add(-time.Minute), "", "agent_name = '', status = 'queued', sentiment = NULL")

	f.Exec(t, `UPDATE recordings SET agent_talk = 0.4 WHERE agent_number = '201'`)
	is.NoErr(f.NameAgent(t.Context(), f.Business.ID, "201", "Somchai the elder"))

	o, err := f.Overview(t.Context(), f.Business, nil, app.PeriodToday)
	is.NoErr(err)
	is.True(o.Any)
	is.Equal(o.Now.Calls, 4)
	is.Equal([]int{o.Now.In, o.Now.Out, o.Now.Missed, o.Now.Positive, o.Now.Negative}, []int{3, 1, 1, 1, 1})
	is.Equal(*o.Now.AvgScore, (41.0+91+41)/3) // of the calls that have one
	is.Equal(o.Before.Calls, 1)               // only up to the same time of the day
	is.Equal(len(o.Days), app.OverviewDays)
	is.Equal(o.Days[13].Calls, 4) // today is the last
	is.Equal(o.Days[6].Calls, 2)
	is.Equal(o.Hours[6].Calls[13], 2) // in the business's own hours
	is.Equal(o.Hours[6].Calls[11], 1)
	is.Equal(len(o.Agents), 2)
	is.Equal(o.Agents[0].Key, "201") // most calls first
	is.Equal(*o.Agents[0].AvgTalk, 0.4)
	is.Equal(o.Agents[0].Name, "Somchai the elder") // as the business calls him
	is.Equal(*o.Agents[0].Scores[13], 66.0)
	is.True(o.Agents[0].Scores[6] == nil) // had none that day
	is.Equal(o.Unreviewed, 2)             // one of the three upset ones was reviewed
	is.Equal(o.Failed, 0)                 // the failed one is long ago
	is.Equal(o.UnderWay, 1)
	is.Equal(len(o.Working), 1)
	is.Equal(len(o.Repeat), 0) // outbound calls are not the customer's

	ring(t, f, now.Add(-5*time.Minute), "201", "")
	o, err = f.Overview(t.Context(), f.Business, nil, app.PeriodWeek)
	is.NoErr(err)
	is.Equal(len(o.Repeat), 1) // the fourth within the week
	is.Equal(o.Repeat[0].Phone, "+66812345678")
	is.Equal(o.Before.Calls, 1)
}

func TestOverviewShowsNoOtherCalls(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ring(t, f, storetest.Start.Add(-time.Hour), "201", "")
	ring(t, f, storetest.Start.Add(-time.Hour), "202", "status = 'queued'")
	o, err := f.Overview(t.Context(), f.Business, []string{"201"}, app.PeriodToday)
	is.NoErr(err)
	is.Equal(o.Now.Calls, 1) // an agent's own
	is.Equal(len(o.Agents), 1)
	is.Equal(o.UnderWay, 0)
	is.Equal(o.Hours[6].Calls[13], 1)

	other, err := f.CreateBusiness(t.Context(), app.Business{Name: "Other"}, f.Owner.ID)
	is.NoErr(err)
	o, err = f.Overview(t.Context(), other, nil, app.PeriodMonth)
	is.NoErr(err)
	is.Equal(o.Now.Calls, 0) // and no business another's
	is.True(!o.Any)
	is.Equal(o.Unreviewed+o.Failed+o.UnderWay, 0)
}

func TestChecklist(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	read := func() string {
		c, err := f.Checklist(t.Context(), f.Business.ID)
		is.NoErr(err)
		return fmt.Sprintf("%t %t %t %t %t", c.Phone, c.Chat, c.Rule, c.Colleague, c.Hidden)
	}
	is.Equal(read(), "false false false false false")
	f.Chat(t, f.Business.ID)
	is.Equal(read(), "false true false false false")
	f.User(t, "somchai@example.com", app.Agent)
	is.Equal(read(), "false true false true false")
	is.NoErr(f.HideChecklist(t.Context(), f.Business.ID))
	is.Equal(read(), "false true false true true")
}
