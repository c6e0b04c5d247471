package app_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestPeriodStart(t *testing.T) {
	bangkok, err := time.LoadLocation("Asia/Bangkok")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", s, bangkok)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct{ name, period, now, from, before, until string }{
		{"a day is compared with that of a week ago", app.PeriodToday, "2026-11-20 14:32", "2026-11-20 00:00", "2026-11-13 00:00", "2026-11-13 14:32"},
		{"a week begins on Monday", app.PeriodWeek, "2026-11-20 14:32", "2026-11-16 00:00", "2026-11-09 00:00", "2026-11-13 14:32"},
		{"also on a Sunday", app.PeriodWeek, "2026-11-22 09:00", "2026-11-16 00:00", "2026-11-09 00:00", "2026-11-15 09:00"},
		{"a month", app.PeriodMonth, "2026-11-20 14:32", "2026-11-01 00:00", "2026-10-01 00:00", "2026-10-20 14:32"},
		{"a month after a shorter one", app.PeriodMonth, "2026-03-30 10:00", "2026-03-01 00:00", "2026-02-01 00:00", "2026-03-01 00:00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			from, before, until := app.PeriodStart(tt.period, at(tt.now))
			is.Equal(from, at(tt.from))
			is.Equal(before, at(tt.before))
			is.Equal(until, at(tt.until))
		})
	}
}
