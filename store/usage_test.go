package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// analyse completes a new call of so many seconds by AI.
func analyse(t testing.TB, f *storetest.Fixture, seconds int) string {
	t.Helper()
	call, job := toAnalyse(t, f, seconds)
	if err := f.SaveAnalysis(t.Context(), job, app.Analysis{}, "7", "mind"); err != nil {
		t.Fatal("save analysis:", err)
	}
	return call
}

// toAnalyse makes a call that was heard, and claims its analysis.
func toAnalyse(t testing.TB, f *storetest.Fixture, seconds int) (string, app.Job) {
	t.Helper()
	call := f.Call(t, f.Business.ID)
	f.Exec(t, `UPDATE recordings SET given_duration = ? WHERE id = ?`, seconds, call)
	if err := f.QueueJob(t.Context(), app.Job{Kind: app.JobAnalyse, BusinessID: f.Business.ID, Key: call}); err != nil {
		t.Fatal("queue:", err)
	}
	jobs := claim(t, f, app.JobAnalyse)
	if len(jobs) != 1 {
		t.Fatalf("claimed %d jobs", len(jobs))
	}
	return call, jobs[0]
}

func usage(t testing.TB, f *storetest.Fixture, month string) app.Usage {
	t.Helper()
	u, err := f.Usage(t.Context(), f.Business, month)
	if err != nil {
		t.Fatal("usage:", err)
	}
	return u
}

func TestUsageCountsWhatHappens(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	is.Equal(usage(t, f, ""), app.Usage{
		Month: "2026-11", Notifications: map[string]int64{"telegram": 0, "discord": 0, "in_app": 0}, Budget: app.DefaultBudget(),
	}) // nothing yet

	r := save(t, f, given("crm-1"))
	save(t, f, given("crm-1"))
	_, err := f.SetAudio(ctx, f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	is.NoErr(f.SaveTranscript(ctx, claim(t, f, app.JobTranscribe)[0], &heard, "ear"))
	is.NoErr(f.SaveAnalysis(ctx, claim(t, f, app.JobAnalyse)[0], app.Analysis{}, "7", "mind"))
	_, err = f.AddInApp(ctx, app.Delivery{BusinessID: f.Business.ID, Channel: app.ChannelInApp, Title: "Hello", Severity: app.Info})
	is.NoErr(err)
	chat := f.Chat(t, f.Business.ID)
	for _, code := range []string{"", "timeout"} {
		_, err = f.AddDelivery(ctx, app.Delivery{
			BusinessID: f.Business.ID, Channel: app.ChannelTelegram, ChatID: chat, Destination: "telegram:" + chat, Title: "Hello", Severity: app.Info,
		}, store.Outcome{Tried: true, Code: code})
		is.NoErr(err)
	}
	u := usage(t, f, "2026-11")
	is.Equal(u.Calls, int64(1))                                                           // posted twice, taken in once
	is.Equal(u.AudioSeconds, int64(62))                                                   // as long as it sounds
	is.Equal(u.AnalysedSeconds, int64(62))                                                // and all of it analysed
	is.Equal(u.Notifications, map[string]int64{"telegram": 1, "discord": 0, "in_app": 1}) // what was sent, not what failed
	is.Equal(u.StorageBytes, int64(1000))                                                 // kept now
	other, _ := f.OtherBusiness(t)
	theirs, err := f.Usage(ctx, other, "2026-11")
	is.NoErr(err)
	is.Equal(theirs.Calls+theirs.AudioSeconds+theirs.StorageBytes, int64(0)) // each business has its own
	is.Equal(usage(t, f, "2026-10").Calls, int64(0))                         // and each month

	is.NoErr(f.DeleteRecording(ctx, f.Business.ID, nil, r.ID))
	u = usage(t, f, "")
	is.Equal(u.Calls, int64(1))        // what was used stays used
	is.Equal(u.StorageBytes, int64(0)) // what is gone takes no room
}

func TestAudioThatIsFetchedAgainCountsOnce(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	p := provider(t, f, "DTAC")
	add(t, f, p, false, listed(1))
	is.NoErr(f.SetFetchedAudio(t.Context(), claim(t, f, app.JobFetch)[0], someAudio()))
	longer := listed(1)
	longer.Duration = 120 // the call had not ended yet
	add(t, f, p, false, longer)
	whole := someAudio()
	whole.Stats.Duration = 121
	is.NoErr(f.SetFetchedAudio(t.Context(), claim(t, f, app.JobFetch)[0], whole))
	is.Equal(usage(t, f, "").AudioSeconds, int64(121)) // what there is now
	is.Equal(f.Text(t, `SELECT group_concat(quantity) FROM usage_ledger WHERE meter = 'audio_seconds'`), "62,59")
}

func TestOnlyWhatWasHeardIsAnalysed(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	call, j := toAnalyse(t, f, 100)
	f.Exec(t, `DELETE FROM transcripts`)
	is.NoErr(f.SaveAnalysis(t.Context(), j, app.Analysis{}, "", "built-in"))
	is.Equal(usage(t, f, "").AnalysedSeconds, int64(0)) // nobody listened
	f.Exec(t, `INSERT INTO transcripts (recording_id, business_id, language, text, segments, model, created_at) VALUES (?, ?, '', '', '[]', 'ear', 0)`,
		call, f.Business.ID)
	is.NoErr(f.SaveAnalysis(t.Context(), stage(t, f, app.JobAnalyse, call), app.Analysis{}, "", "built-in"))
	is.Equal(usage(t, f, "").AnalysedSeconds, int64(0)) // silence is sent nowhere
	f.Exec(t, `UPDATE transcripts SET text = 'words'`)
	for range 2 {
		is.NoErr(f.SaveAnalysis(t.Context(), stage(t, f, app.JobAnalyse, call), app.Analysis{}, "7", "mind"))
	}
	is.Equal(usage(t, f, "").AnalysedSeconds, int64(200)) // anew each time
}

func TestMonthsAreOfTheBusiness(t *testing.T) {
	for _, tt := range []struct {
		name, zone string
		at         time.Time
		want       string
	}{
		{"Bangkok is ahead", "Asia/Bangkok", time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC), "2026-12"},
		{"and a moment before it is not", "Asia/Bangkok", time.Date(2026, 11, 30, 16, 59, 59, 0, time.UTC), "2026-11"},
		{"New York is behind", "America/New_York", time.Date(2027, 1, 1, 4, 59, 0, 0, time.UTC), "2026-12"},
		{"summer time has ended", "America/New_York", time.Date(2026, 12, 1, 4, 30, 0, 0, time.UTC), "2026-11"},
		{"summer time", "America/New_York", time.Date(2027, 7, 1, 4, 0, 0, 0, time.UTC), "2027-07"},
		{"the last day of February", "Asia/Bangkok", time.Date(2028, 2, 29, 16, 0, 0, 0, time.UTC), "2028-02"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			f := storetest.New(t)
			f.Exec(t, `UPDATE businesses SET time_zone = ?`, tt.zone)
			f.Business.TimeZone = tt.zone
			f.Clock.Advance(tt.at.Sub(f.Clock.Now()))
			save(t, f, given("crm-1"))
			u := usage(t, f, "")
			is.Equal(u.Month, tt.want)                     // the present month
			is.Equal(u.Calls, int64(1))                    // has the call
			is.Equal(usage(t, f, tt.want).Calls, int64(1)) // also by its name
		})
	}
}

func budget(limit int64, onLimit string) app.Budget {
	return app.Budget{Limit: limit, Thresholds: []int{50, 80, 100}, OnLimit: onLimit}
}

// thresholds returns which thresholds were told of, in the order of telling.
func thresholds(t testing.TB, f *storetest.Fixture) string {
	t.Helper()
	return f.Text(t, `SELECT group_concat(json_extract(CAST(body AS TEXT), '$.data.threshold')) FROM (SELECT body FROM webhook_events ORDER BY id)`)
}

func TestThresholdsAreToldOnceAMonth(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	hook(t, f, f.Business.ID, app.EventBillingThreshold)
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(10, app.OnLimitNotify)))
	analyse(t, f, 299)
	is.Equal(thresholds(t, f), "") // five minutes but a second
	analyse(t, f, 1)
	is.Equal(thresholds(t, f), "50") // to the second
	is.Equal(f.Text(t, `SELECT json_extract(CAST(body AS TEXT), '$.data') FROM webhook_events`),
		fmt.Sprintf(`{"businessId":%q,"month":"2026-11","metric":"analysed_minutes","threshold":50,"percent":50,"used":5,"limit":10}`, f.Business.ID))
	analyse(t, f, 10)
	is.Equal(thresholds(t, f), "50") // once
	analyse(t, f, 400)
	is.Equal(thresholds(t, f), "50,80,100") // each that is crossed, however fast
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(5, app.OnLimitNotify)))
	is.Equal(thresholds(t, f), "50,80,100") // and not again for another limit
	f.Clock.Advance(15 * 24 * time.Hour)
	analyse(t, f, 200)
	is.Equal(thresholds(t, f), "50,80,100,50") // but again in the next month

	feed, err := f.Feed(ctx, f.Business.ID, f.Owner.ID, 0, false, 10)
	is.NoErr(err)
	is.Equal(len(feed), 4) // people are told as well
	is.Equal(feed[1].Title, "100% of the month's analysis budget is used")
	is.Equal(string(feed[1].Severity)+string(feed[2].Severity), "criticalwarning")
	is.Equal(feed[1].Body, "Minutes analysed in 2026-11: 11.8 / 10.")
}

func TestBudgetThatIsUsedUpWhenItIsSet(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	hook(t, f, f.Business.ID, app.EventBillingThreshold)
	analyse(t, f, 3600)
	is.Equal(thresholds(t, f), "") // no budget, no threshold
	is.NoErr(f.SetBudget(t.Context(), f.Business.ID, budget(70, app.OnLimitNotify)))
	is.Equal(thresholds(t, f), "50,80") // told at once
	got, err := f.Budget(t.Context(), f.Business.ID)
	is.NoErr(err)
	is.Equal(got, budget(70, app.OnLimitNotify))
	other, _ := f.OtherBusiness(t)
	theirs, err := f.Budget(t.Context(), other.ID)
	is.NoErr(err)
	is.Equal(theirs, app.DefaultBudget()) // another business has its own
}

// TestThresholdsUnderManyWriters: a hundred analyses that end at once cross each
// threshold once, and nothing is counted twice or lost.
func TestThresholdsUnderManyWriters(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	hook(t, f, f.Business.ID, app.EventBillingThreshold)
	is.NoErr(f.SetBudget(t.Context(), f.Business.ID, budget(90, app.OnLimitNotify)))
	jobs := make([]app.Job, 100)
	for i := range jobs {
		_, jobs[i] = toAnalyse(t, f, 60)
		f.Exec(t, `UPDATE jobs SET lane = ''`) // each is held at the same time as all others
	}
	var wg sync.WaitGroup
	for _, j := range jobs {
		wg.Go(func() {
			if err := f.SaveAnalysis(t.Context(), j, app.Analysis{}, "7", "mind"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	is.Equal(thresholds(t, f), "50,80,100")                                                                // each once
	is.Equal(f.Text(t, `SELECT count(*) FROM feed`), "3")                                                  // in the feed too
	is.Equal(usage(t, f, "").AnalysedSeconds, int64(6000))                                                 // all of it counted
	is.Equal(f.Text(t, `SELECT sum(quantity) FROM usage_ledger WHERE meter = 'analysed_seconds'`), "6000") // as in the ledger
	for _, body := range strings.Split(f.Text(t, `SELECT group_concat(CAST(body AS TEXT), ' ') FROM webhook_events`), " ") {
		var e struct{ Data app.BillingData }
		is.NoErr(json.Unmarshal([]byte(body), &e))
		is.True(e.Data.Percent >= float64(e.Data.Threshold)) // when it was reached
		is.True(e.Data.Percent < float64(e.Data.Threshold)+1.2)
	}
}

func TestLedgerOnlyGrows(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	save(t, f, given("crm-1"))
	for _, change := range []string{`UPDATE usage_ledger SET quantity = 0`, `DELETE FROM usage_ledger`} {
		err := f.Try(t, change)
		is.True(err != nil && strings.Contains(err.Error(), "the usage ledger only grows"))
	}
	is.Equal(f.Text(t, `SELECT quantity FROM usage_ledger`), "1")
	is.NoErr(f.Try(t, `DELETE FROM businesses`)) // it goes with its business alone
	is.Equal(f.Text(t, `SELECT count(*) FROM usage_ledger`), "0")
}

func TestBudgetHoldsAI(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	held := func() time.Time {
		until, err := f.HeldUntil(ctx, f.Business.ID)
		is.NoErr(err)
		return until
	}
	analyse(t, f, 600)
	is.True(held().IsZero()) // no limit
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(10, app.OnLimitNotify)))
	is.True(held().IsZero()) // people are told and AI goes on
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(10, app.OnLimitPause)))
	december := time.Date(2026, 12, 1, 0, 0, 0, 0, f.Business.Location())
	is.True(held().Equal(december)) // AI waits for the next month

	_, j := toAnalyse(t, f, 60)
	is.NoErr(f.ReleaseJob(ctx, j, december))
	is.Equal(len(claim(t, f, app.JobAnalyse)), 0)
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(11, app.OnLimitPause)))
	is.True(held().IsZero())                      // or for a higher limit
	is.Equal(len(claim(t, f, app.JobAnalyse)), 1) // after which what waited goes on
	f.Clock.Advance(december.Sub(f.Clock.Now()))
	is.NoErr(f.SetBudget(ctx, f.Business.ID, budget(1, app.OnLimitPause)))
	is.True(held().IsZero()) // the new month has used nothing
}

func TestUsageByDay(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	add := func(day, meter string, n int) {
		f.Exec(t, `INSERT INTO usage_totals (business_id, day, meter, quantity) VALUES (?, ?, ?, ?)`, f.Business.ID, day, meter, n)
	}
	add("2028-02-01", "calls", 3)
	add("2028-02-29", "audio_seconds", 120)
	add("2028-02-29", "telegram", 2)
	add("2028-02-29", "discord", 1)
	add("2028-03-01", "calls", 7)
	other, _ := f.OtherBusiness(t)
	days, err := f.UsageByDay(t.Context(), f.Business, "2028-02")
	is.NoErr(err)
	is.Equal(len(days), 29) // each day that the month has
	is.Equal(days[0], app.UsageDay{Calls: 3})
	is.Equal(days[28], app.UsageDay{AudioSeconds: 120, Notifications: 3})
	is.Equal(days[1], app.UsageDay{})
	days, err = f.UsageByDay(t.Context(), other, "2028-02")
	is.NoErr(err)
	is.Equal(days[0], app.UsageDay{}) // each business has its own
}
