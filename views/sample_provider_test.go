package views_test

import (
	"testing"
	"time"

	"crk/app"
	"crk/app/phone"
	"crk/views"
)

// providerPage is an integration about which there is everything to be said.
func providerPage(t testing.TB) views.ProviderPage {
	t.Helper()
	p := views.ProviderPage{ProviderCard: providersPage(t).Items[0]}
	p.Health = app.SyncHealth{
		OpenUntil: noon(t).Add(time.Hour), LastOK: noon(t).Add(-time.Hour), Skew: -4 * time.Minute,
		Oldest: noon(t).AddDate(0, -3, 0), Keeps: 90 * 24 * time.Hour,
	}
	p.Backfill = &app.Backfill{
		State: app.BackfillRunning, Since: noon(t).AddDate(0, -3, 0), Until: noon(t).AddDate(0, 0, -7), Reached: noon(t).AddDate(0, -1, 0),
		Found: 4100, Imported: 4080, Skipped: 20, Busy: 10 * time.Minute, Error: "unreachable", NextAt: noon(t).Add(time.Minute), Nights: true,
	}
	p.Today = app.SyncToday{Found: 143, Stored: 131, Failed: 2, Waiting: 9, Oldest: noon(t).Add(-20 * time.Minute)}
	p.Rate, p.Failed = 3, 2
	p.Days = []app.SyncDay{
		{Day: "2026-11-20", Listed: 143, Imported: 131, Waiting: 9, Skipped: 1, Failed: 2, Missing: 3, Checked: noon(t)},
		{Day: "2026-11-19", Listed: 151, Imported: 151, Checked: noon(t)},
	}
	p.Warnings = phone.Warnings()
	p.Silent = []app.SilentLine{{Line: "0812345678", Since: noon(t).Add(-5 * time.Hour)}, {Since: noon(t).Add(-3 * time.Hour)}}
	p.Runs = []app.SyncRun{
		{Trigger: "schedule", Status: "running", StartedAt: noon(t)}, {Trigger: "manual", Status: "failed", Error: "unreachable", StartedAt: noon(t)},
		{Trigger: "default", Status: "interrupted", StartedAt: noon(t)}, {Trigger: "schedule", Status: "succeeded", Found: 9, StartedAt: noon(t)},
	}
	p.Test = &views.ProviderTest{
		Code: "forbidden", Skew: 2 * time.Minute, Warnings: phone.Warnings(), Steps: []views.TestStep{{Name: "connect", OK: true}, {Name: "sign_in", OK: true}, {Name: "list", OK: true}, {Name: "audio"}},
		Sample: &views.TestCall{At: noon(t), Direction: app.In, Customer: "0812345678", Agent: "101", Seconds: 75},
	}
	return p
}
