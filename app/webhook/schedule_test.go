package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/webhook"
	"crk/store/storetest"
)

// schedule is what the contract says, before ±20 %.
var schedule = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

func TestPause(t *testing.T) {
	is := is.New(t)
	for i, base := range schedule {
		least, most := base*2, time.Duration(0)
		for range 200 {
			d, ok := webhook.Pause(i+1, 0)
			is.True(ok)
			is.True(d >= base*8/10 && d <= base*12/10) // within a fifth
			least, most = min(least, d), max(most, d)
		}
		is.True(least < base && most > base) // either way
	}
	_, ok := webhook.Pause(len(schedule)+1, time.Hour)
	is.True(!ok) // ten attempts, and no more
}

func TestPauseKeepsWhatTheReceiverAsks(t *testing.T) {
	is := is.New(t)
	d, _ := webhook.Pause(1, time.Hour)
	is.Equal(d, time.Hour) // later than the schedule
	d, _ = webhook.Pause(2, time.Second)
	is.True(d >= 4*time.Minute) // never sooner
	d, _ = webhook.Pause(1, 1000*time.Hour)
	is.Equal(d, 24*time.Hour) // and within bounds
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		name, header string
		want         time.Duration
	}{
		{"seconds", "120", 2 * time.Minute},
		{"with blanks", " 7 ", 7 * time.Second},
		{"a date", "Mon, 16 Nov 2026 07:01:00 GMT", time.Minute},
		{"a date that has passed", "Mon, 16 Nov 2026 06:59:00 GMT", 0},
		{"a year", "31536000", 24 * time.Hour},
		{"a date in a year", "Tue, 16 Nov 2027 07:00:00 GMT", 24 * time.Hour},
		{"more than any number", strings.Repeat("9", 30), 0},
		{"negative", "-5", 0},
		{"words", "soon", 0},
		{"nothing", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).Equal(webhook.RetryAfter(tt.header, storetest.Start), tt.want)
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "Mon, 16 Nov 2026 07:01:00 GMT", "18446744073709551615", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if d := webhook.RetryAfter(header, storetest.Start); d < 0 || d > 24*time.Hour {
			t.Errorf("%q reads as %v", header, d)
		}
	})
}
