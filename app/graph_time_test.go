package app_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

func TestWindow(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	bangkok, berlin := zone("Asia/Bangkok"), zone("Europe/Berlin")
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, bangkok) } // the 16th is a Monday
	utc := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC).In(berlin)
	}
	night := app.Window{Days: []int{5}, From: "22:00", Until: "06:00"}
	sunday := app.Window{Days: []int{7}, From: "22:00", Until: "06:00"}
	whole := app.Window{Days: []int{6}, From: "00:00", Until: "00:00"}
	small := app.Window{Days: []int{7}, From: "02:00", Until: "03:00"}
	for _, tt := range []struct {
		name   string
		window app.Window
		at     time.Time
		want   bool
	}{
		{"a minute before it opens", office(), at(16, 7, 59), false},
		{"the first minute", office(), at(16, 8, 0), true},
		{"the last minute", office(), at(16, 17, 59), true},
		{"when it closes", office(), at(16, 18, 0), false},
		{"on a day off", office(), at(21, 12, 0), false},
		{"Monday in Bangkok, Sunday in UTC", app.Window{Days: []int{1}, From: "00:00", Until: "06:00"}, at(16, 5, 0), true},
		{"before midnight", night, at(20, 23, 59), true},
		{"after midnight it is still Friday's", night, at(21, 0, 0), true},
		{"until the morning", night, at(21, 5, 59), true},
		{"and no longer", night, at(21, 6, 0), false},
		{"the morning before is Thursday's", night, at(20, 3, 0), false},
		{"the next evening is Saturday's", night, at(21, 23, 0), false},
		{"over the end of the week", sunday, at(16, 1, 0), true},
		{"the whole day", whole, at(21, 0, 0), true},
		{"to its end", whole, at(21, 23, 59), true},
		{"and no other", whole, at(22, 0, 0), false},
		{"the hour that the clocks leave out, before", small, utc(time.March, 29, 0, 59), false},
		{"the hour that the clocks leave out, after", small, utc(time.March, 29, 1, 0), false}, // 01:59 is followed by 03:00
		{"the hour that comes twice, first", small, utc(time.October, 25, 0, 30), true},
		{"the hour that comes twice, again", small, utc(time.October, 25, 1, 30), true},
		{"and is over", small, utc(time.October, 25, 2, 0), false},
		{"summer time", office(), utc(time.July, 1, 6, 0), true}, // 08:00 in Berlin
		{"winter time", office(), utc(time.December, 1, 6, 0), false},
		{"a window that is none", app.Window{Days: []int{1}, From: "8", Until: "18:00"}, at(16, 12, 0), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).Equal(tt.window.Holds(tt.at), tt.want) // it holds then, or not
		})
	}
}

func TestFingerprint(t *testing.T) {
	is := is.New(t)
	a, b := goodGraph(), goodGraph()
	is.Equal(a.Fingerprint(), b.Fingerprint()) // what is alike has the same one
	b.Nodes[3].X++
	is.True(a.Fingerprint() != b.Fingerprint()) // what is not has not
}
