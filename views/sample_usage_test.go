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
	cost := views.CostPart{
		Lines: []app.CostLine{
			{Task: app.TaskTranscription, Server: "10.0.0.5:8000", Model: "whisper", AudioMs: 7_261_000, Currency: "THB", Cost: 1_234_560_000},
			{Task: app.TaskAnalysis, Server: "api.example", Model: "mind", Input: 912_000, Output: 20_100, Estimated: true},
		},
		Months: []app.MonthCost{{Month: "2026-11", Currency: "THB", Transcription: 1_234_560_000, Analysis: 90_000}, {Month: "2026-10"}},
	}
	prices := views.PricesPage{Now: noon(t), Items: []views.PriceCard{
		{Model: app.AIModel{Task: app.TaskTranscription, Server: "10.0.0.5:8000", Model: "whisper"}},
		{Model: app.AIModel{Task: app.TaskAnalysis, Server: "api.example", Model: "mind"}, Prices: []app.Price{
			{Task: app.TaskAnalysis, Currency: "USD", Input: 150_000, Output: 600_000, ValidFrom: noon(t)}}},
	}}
	here := frame("การใช้งาน", views.AtUsage)
	return map[string]templ.Component{
		"usage-cost":    views.Usage(here, views.UsagePage{Usage: limited, Now: noon(t), Cost: &cost}),
		"usage-free":    views.Usage(here, views.UsagePage{Usage: limited, Now: noon(t), Cost: &views.CostPart{}}),
		"prices":        views.Prices(here, prices),
		"prices-none":   views.Prices(here, views.PricesPage{Now: noon(t)}),
		"usage":         views.Usage(here, views.UsagePage{Usage: limited, Now: noon(t), Days: days, Fired: fired}),
		"usage-none":    views.Usage(here, views.UsagePage{Usage: app.Usage{Month: "2026-11", Budget: app.DefaultBudget()}, Now: noon(t)}),
		"usage-paused":  views.Usage(here, views.UsagePage{Usage: paused, Now: noon(t), Form: form}),
		"usage-past":    views.Usage(viewer(), views.UsagePage{Usage: past, Now: noon(t), Days: days}),
		"usage-at-once": views.Usage(here, views.UsagePage{Usage: month, Now: noon(t)}),
	}
}
