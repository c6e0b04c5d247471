package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

func use(f *storetest.Fixture, recording string, task app.AITask) app.AIUse {
	u := app.AIUse{BusinessID: f.Business.ID, RecordingID: recording, Task: task, Cause: app.CauseCall, Server: "ai.example", Model: "m"}
	if task == app.TaskTranscription {
		u.AudioMs = 90_000
	} else {
		u.Input, u.Output = 1000, 200
	}
	return u
}

func TestCostOfACallAndAMonth(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, b := t.Context(), f.Business.ID
	is.NoErr(f.AddAIUse(ctx, use(f, "c1", app.TaskTranscription)))
	is.NoErr(f.AddAIUse(ctx, use(f, "c1", app.TaskAnalysis)))
	is.NoErr(f.AddAIUse(ctx, use(f, "c2", app.TaskAnalysis)))
	is.NoErr(f.AddAIUse(ctx, app.AIUse{BusinessID: b, Task: app.TaskAnalysis, Cause: app.CauseTest})) // nothing was used

	lines, err := f.CallCost(ctx, b, "c1")
	is.NoErr(err)
	is.Equal(len(lines), 2)
	is.True(!lines[0].Priced()) // nothing has a price yet

	price := app.Price{BusinessID: b, Server: "ai.example", Model: "m", Currency: "THB", CreatedBy: f.Owner.ID, ValidFrom: f.Clock.Now().AddDate(0, 0, -1)}
	stt, llm := price, price
	stt.Task, stt.Minute = app.TaskTranscription, 200_000
	llm.Task, llm.Input, llm.Output = app.TaskAnalysis, 5_000_000, 20_000_000
	for _, p := range []app.Price{stt, llm} {
		_, err := f.AddPrice(ctx, p)
		is.NoErr(err)
	}
	lines, err = f.CallCost(ctx, b, "c1")
	is.NoErr(err)
	is.Equal(lines[0].Cost, int64(300_000))                  // a minute and a half at 0.20
	is.Equal(lines[1].Cost, int64(5000+4000))                // 1000 tokens at 5 a million and 200 at 20
	is.Equal(lines[1].Currency+lines[1].Model, "THBm")       //
	is.Equal(lines[0].AudioMs+lines[1].Input, int64(91_000)) // with what was used
	lines, err = f.Cost(ctx, b, "2026-11")
	is.NoErr(err)
	is.Equal(lines[1].Cost, int64(18_000)) // both calls
	is.Equal(lines[1].Requests, int64(2))
	months, err := f.MonthlyCost(ctx, b, "2026-01", "2026-11")
	is.NoErr(err)
	is.Equal(months, []app.MonthCost{{Month: "2026-11", Currency: "THB", Transcription: 300_000, Analysis: 18_000}})
	is.Equal(months[0].Total(), int64(318_000))

	other, _ := f.OtherBusiness(t)
	lines, err = f.Cost(ctx, other.ID, "2026-11")
	is.NoErr(err)
	is.Equal(len(lines), 0) // another business has its own
	lines, err = f.CallCost(ctx, other.ID, "c1")
	is.NoErr(err)
	is.Equal(len(lines), 0)
	none, err := f.Prices(ctx, other.ID)
	is.NoErr(err)
	is.Equal(len(none), 0)
}

// TestHistoryKeepsItsCost: a new price counts from when it begins, and neither
// prices nor what was used are ever changed.
func TestHistoryKeepsItsCost(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, b := t.Context(), f.Business.ID
	p := app.Price{BusinessID: b, Task: app.TaskTranscription, Server: "ai.example", Model: "m", Currency: "THB", Minute: 1_000_000}
	first, err := f.AddPrice(ctx, p)
	is.NoErr(err)
	is.Equal(first.ValidFrom, f.Clock.Now()) // without a day it begins now
	f.Clock.Advance(time.Minute)
	is.NoErr(f.AddAIUse(ctx, use(f, "c1", app.TaskTranscription)))
	f.Clock.Advance(time.Minute)
	p.Minute, p.ValidFrom = 3_000_000, f.Clock.Now().AddDate(0, -1, 0)
	second, err := f.AddPrice(ctx, p)
	is.NoErr(err)
	is.Equal(second.ValidFrom, f.Clock.Now()) // a later one cannot reach back
	is.NoErr(f.AddAIUse(ctx, use(f, "c1", app.TaskTranscription)))
	lines, err := f.CallCost(ctx, b, "c1")
	is.NoErr(err)
	is.Equal(lines[0].Cost, int64(1_500_000+4_500_000)) // each at the price of its time

	_, err = f.AddPrice(ctx, p)
	is.True(app.IsKind(err, app.Invalid)) // two prices cannot begin at once
	p.ValidFrom = f.Clock.Now().AddDate(0, 0, 7)
	_, err = f.AddPrice(ctx, p)
	is.NoErr(err)
	p.ValidFrom = f.Clock.Now().AddDate(0, 0, 6)
	_, err = f.AddPrice(ctx, p)
	is.True(app.IsKind(err, app.Invalid)) // nor one before another that is planned
	prices, err := f.Prices(ctx, b)
	is.NoErr(err)
	is.Equal(len(prices), 3)
	is.True(prices[0].ValidFrom.After(prices[1].ValidFrom)) // newest first

	for _, change := range []string{
		`UPDATE ai_prices SET minute_micros = 0`, `DELETE FROM ai_prices`, `UPDATE ai_usage SET audio_ms = 0`, `DELETE FROM ai_usage`,
		`INSERT INTO briefs VALUES ('x', 1, '{}', '', 1)`,
	} {
		is.True(f.Try(t, change) != nil) // not even by SQL
	}
	is.NoErr(f.Try(t, `DELETE FROM businesses WHERE id = ?`, b)) // but everything goes with its business
	is.Equal(f.Text(t, `SELECT count(*) FROM ai_usage`), "0")
}

// TestAFirstPriceReachesBackByDays: what was used without a price gets the first
// one from its day on; one that begins now leaves the day before it as it is.
func TestAFirstPriceReachesBackByDays(t *testing.T) {
	for _, tt := range []struct {
		name string
		from time.Time // zero: now
		want []app.MonthCost
	}{
		{"now", time.Time{}, []app.MonthCost{{Month: "2026-11", Currency: "THB", Transcription: 1_500_000}, {Month: "2026-11"}}},
		{"today", time.Date(2026, 11, 15, 17, 0, 0, 0, time.UTC), []app.MonthCost{{Month: "2026-11", Currency: "THB", Transcription: 3_000_000}, {Month: "2026-11"}}},
		{"the day before", time.Date(2026, 11, 14, 17, 0, 0, 0, time.UTC), []app.MonthCost{{Month: "2026-11", Currency: "THB", Transcription: 4_500_000}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			f.Clock.Advance(-24 * time.Hour)
			is.NoErr(f.AddAIUse(t.Context(), use(f, "c0", app.TaskTranscription))) // the day before
			f.Clock.Advance(24 * time.Hour)
			is.NoErr(f.AddAIUse(t.Context(), use(f, "c1", app.TaskTranscription)))
			f.Clock.Advance(time.Minute)
			_, err := f.AddPrice(t.Context(), app.Price{
				BusinessID: f.Business.ID, Task: app.TaskTranscription, Server: "ai.example", Model: "m", Currency: "THB", Minute: 1_000_000, ValidFrom: tt.from,
			})
			is.NoErr(err)
			is.NoErr(f.AddAIUse(t.Context(), use(f, "c2", app.TaskTranscription)))
			months, err := f.MonthlyCost(t.Context(), f.Business.ID, "2026-11", "2026-11")
			is.NoErr(err)
			is.Equal(months, tt.want)
			each := int64(0)
			for _, id := range []string{"c0", "c1", "c2"} {
				lines, err := f.CallCost(t.Context(), f.Business.ID, id)
				is.NoErr(err)
				each += lines[0].Cost
			}
			is.Equal(each, months[0].Total()) // the months are the sum of the calls
		})
	}
}
