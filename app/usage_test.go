package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestBudgetValidate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		b     app.Budget
		field string // that is wrong; none: all is well
	}{
		{"the default", app.DefaultBudget(), ""},
		{"no thresholds", app.Budget{Limit: 1, OnLimit: app.OnLimitPause}, ""},
		{"below nothing", app.Budget{Limit: -1, OnLimit: app.OnLimitNotify}, "limit"},
		{"beyond any month", app.Budget{Limit: 10_000_001, OnLimit: app.OnLimitNotify}, "limit"},
		{"out of order", app.Budget{Thresholds: []int{80, 50}, OnLimit: app.OnLimitNotify}, "thresholds"},
		{"twice the same", app.Budget{Thresholds: []int{50, 50}, OnLimit: app.OnLimitNotify}, "thresholds"},
		{"nothing of it", app.Budget{Thresholds: []int{0, 50}, OnLimit: app.OnLimitNotify}, "thresholds"},
		{"far too much of it", app.Budget{Thresholds: []int{50, 1001}, OnLimit: app.OnLimitNotify}, "thresholds"},
		{"too many", app.Budget{Thresholds: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, OnLimit: app.OnLimitNotify}, "thresholds"},
		{"no word on the limit", app.Budget{}, "onLimit"},
		{"an unknown one", app.Budget{OnLimit: "stop"}, "onLimit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			err := tt.b.Validate()
			if tt.field == "" {
				is.NoErr(err)
				return
			}
			var e *app.Error
			is.True(errors.As(err, &e))
			is.Equal(e.Fields[0].Name, tt.field)
		})
	}
}

func TestBudgetCountsInSeconds(t *testing.T) {
	b := app.Budget{Limit: 100, Thresholds: []int{50, 80, 100}, OnLimit: app.OnLimitPause}
	for _, tt := range []struct {
		seconds int64
		crossed []int
		percent float64
		holds   bool
	}{
		{0, nil, 0, false},
		{2999, nil, 49.9, false}, // never rounded up to what is not reached
		{3000, []int{50}, 50, false},
		{4799, []int{50}, 79.9, false},
		{4800, []int{50, 80}, 80, false},
		{5999, []int{50, 80}, 99.9, false},
		{6000, []int{50, 80, 100}, 100, true},
		{12345, []int{50, 80, 100}, 205.7, true},
	} {
		is := is.New(t)
		is.Equal(b.Crossed(tt.seconds), tt.crossed)
		percent, ok := b.Percent(tt.seconds)
		is.True(ok)
		is.Equal(percent, tt.percent)
		is.Equal(b.Holds(tt.seconds), tt.holds)
	}
	is := is.New(t)
	b.OnLimit = app.OnLimitNotify
	is.True(!b.Holds(6000)) // people are told, and that is all
	none := app.Budget{Thresholds: []int{50}, OnLimit: app.OnLimitPause}
	is.Equal(none.Crossed(1e9), nil) // without a limit there is nothing to cross
	is.True(!none.Holds(1e9))
	_, ok := none.Percent(1e9)
	is.True(!ok)
}

func TestMinutes(t *testing.T) {
	for seconds, want := range map[int64]float64{0: 0, 1: 0.02, 30: 0.5, 59: 0.98, 60: 1, 100: 1.67, 325: 5.42} {
		is.New(t).Equal(app.Minutes(seconds), want)
	}
}

func TestNextMonth(t *testing.T) {
	is := is.New(t)
	bangkok, err := time.LoadLocation("Asia/Bangkok")
	is.NoErr(err)
	for at, want := range map[string]string{
		"2026-11-16T07:00:00Z": "2026-12-01T00:00:00+07:00",
		"2026-11-30T16:59:59Z": "2026-12-01T00:00:00+07:00",
		"2026-11-30T17:00:00Z": "2027-01-01T00:00:00+07:00", // December already, there
		"2026-12-31T16:00:00Z": "2027-01-01T00:00:00+07:00",
		"2027-01-31T12:00:00Z": "2027-02-01T00:00:00+07:00", // not lost in a short month
	} {
		now, err := time.Parse(time.RFC3339, at)
		is.NoErr(err)
		is.Equal(app.NextMonth(now, bangkok).Format(time.RFC3339), want)
	}
}
