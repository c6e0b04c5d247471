package views_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func usageSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	month := app.Usage{
		Month: "2026-11", Calls: 2906, AudioSeconds: 340_620, AnalysedSeconds: 288_720, Webhooks: 5812, StorageBytes: 71_400_000_000,
		Notifications: map[string]int64{app.ChannelTelegram: 1204, app.ChannelDiscord: 388, app.ChannelInApp: 1530}, Budget: app.DefaultBudget(),
	}
	days := make([]app.UsageDay, 30)
	for i := range 20 {
		n := int64(i%7) * 41
		days[i] = app.UsageDay{Calls: n, AudioSeconds: n * 80, AnalysedSeconds: n * 64, Notifications: n / 2, Webhooks: n * 2}
	}
	fired := map[int]time.Time{50: noon(t).AddDate(0, 0, -8), 80: noon(t)}
	limited, paused, past := month, month, month
	limited.Budget.Limit = 6000
	paused.Budget = app.Budget{Limit: 4000, Thresholds: []int{50, 150}, OnLimit: app.OnLimitPause}
	past.Month, past.Budget.Limit = "2026-10", 5000
	form := &views.Form{Values: url.Values{"limit": {"x"}, "onLimit": {"pause"}}, Errors: map[string]string{"limit": "ใส่จำนวนเต็ม"}}
	here := frame("การใช้งาน", views.AtUsage)
	return map[string]templ.Component{
		"usage":         views.Usage(here, views.UsagePage{Usage: limited, Now: noon(t), Days: days, Fired: fired}),
		"usage-none":    views.Usage(here, views.UsagePage{Usage: app.Usage{Month: "2026-11", Budget: app.DefaultBudget()}, Now: noon(t)}),
		"usage-paused":  views.Usage(here, views.UsagePage{Usage: paused, Now: noon(t), Form: form}),
		"usage-past":    views.Usage(viewer(), views.UsagePage{Usage: past, Now: noon(t), Days: days}),
		"usage-at-once": views.Usage(here, views.UsagePage{Usage: month, Now: noon(t)}),
	}
}
