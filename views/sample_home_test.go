package views_test

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

// homePage is a Friday afternoon with everything that can want attention.
func homePage(t testing.TB) views.HomePage {
	t.Helper()
	now := noon(t)
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	figures := func(n int) app.Figures {
		return app.Figures{
			Calls: n, In: n * 2 / 3, Out: n / 4, Missed: n / 20, Positive: n / 3, Negative: n / 18,
			AvgScore: ptr(70 + float64(n%17)), AvgDuration: ptr(200 + float64(n)),
		}
	}
	o := app.Overview{Period: app.PeriodToday, From: day, Now: figures(184), Before: figures(163), Unreviewed: 3, Failed: 2, UnderWay: 3, Any: true}
	for i := range app.OverviewDays {
		f := figures(40 + i*37%150)
		f.From = day.AddDate(0, 0, i+1-app.OverviewDays)
		o.Days = append(o.Days, f)
	}
	for i := range 7 {
		h := app.DayHours{Day: day.AddDate(0, 0, i-6)}
		for hour := 9; hour < 18; hour++ {
			h.Calls[hour] = (i*7 + hour*5) % 38
		}
		o.Hours = append(o.Hours, h)
	}
	for i, name := range []string{"ณัฐธิดา พงษ์สวัสดิ์", "ปิยะพงษ์ แก้วมณี", ""} {
		scores := make([]*float64, app.OverviewDays)
		scores[13], scores[11] = ptr(88.0), ptr(60.0)
		o.Agents = append(o.Agents, app.AgentFigures{
			Key: "201", Number: "20" + string(rune('1'+i)), Name: name, Calls: 42 - i, Negative: i, AvgScore: ptr(88.4), AvgDuration: ptr(252.0), AvgTalk: ptr(0.42), Scores: scores,
		})
	}
	r := recording(t, 1)
	r.Status = app.Transcribing
	o.Working = []app.Recording{r}
	return views.HomePage{Overview: o, Now: now, Attention: attentions(now)}
}

func attentions(now time.Time) []views.Attention {
	return []views.Attention{
		{Kind: views.AttendPhone, Name: "3CX", Since: now.Add(-time.Hour), Link: "/settings/providers/1"},
		{Kind: views.AttendWebhook, Name: "crm.example", Link: "/settings/webhooks/1"},
		{Kind: views.AttendChat, Name: "ทีมช่างบางนา", Link: "/settings/destinations"},
		{Kind: views.AttendBudget, Count: 92, Link: "/usage"},
		{Kind: views.AttendUpset, Count: 3, Link: "/calls?sentiment=negative"},
		{Kind: views.AttendFailed, Count: 2, Link: "/calls?status=failed"},
		{Kind: views.AttendRepeat, Name: "+66891234417", Count: 4, Since: now.Add(-time.Hour), Link: "/calls?q=0891234417"},
	}
}

func homeSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	busy := homePage(t)
	fresh := views.HomePage{Now: noon(t), Saying: true, Steps: []views.Step{
		{Name: "phone", Done: true, Link: "/settings/providers"}, {Name: "ai", Link: "/settings/providers"},
		{Name: "chat", Link: "/settings/destinations"}, {Name: "rule", Link: "/automations"}, {Name: "colleague", Link: "/settings"},
	}}
	fresh.Overview = app.Overview{Period: app.PeriodMonth, Days: make([]app.Figures, app.OverviewDays), Hours: make([]app.DayHours, 7)}
	for i := range fresh.Days {
		fresh.Days[i].From = noon(t).AddDate(0, 0, i-13)
	}
	for i := range fresh.Hours {
		fresh.Hours[i].Day = noon(t).AddDate(0, 0, i-6)
	}
	return map[string]templ.Component{
		"home":       views.Home(frame("ภาพรวม", views.AtHome), busy),
		"home-empty": views.Home(frame("ภาพรวม", views.AtHome), fresh),
	}
}
