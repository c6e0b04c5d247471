package views_test

import (
	"context"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/views"
)

func TestTimes(t *testing.T) {
	th, en := reader(t, views.Thai), reader(t, views.English)
	at := func(day, hour, minute int) time.Time {
		return time.Date(2026, 11, day, hour, minute, 5, 0, bangkok(t)).UTC() // the zone of the value must not matter
	}
	for _, tt := range []struct {
		name string
		got  string
		want string
	}{
		{"Thai years are Buddhist", views.Date(th, at(20, 0, 0)), "20 พ.ย. 2569"},
		{"English years are not", views.Date(en, at(20, 0, 0)), "20 Nov 2026"},
		{"hours are those of the business", views.Hour(th, at(20, 14, 18)), "14:18"},
		{"and go to 24", views.HourSecond(en, at(20, 0, 7)), "00:07:05"},
		{"a Thai date and time", views.DateTime(th, at(20, 14, 18)), "ศุกร์ 20 พ.ย. 2569 14:18\u00a0น."},
		{"an English date and time", views.DateTime(en, at(20, 14, 18)), "Fri 20 Nov 2026, 14:18"},
		{"today is only a time", views.When(th, at(20, 9, 1)), "09:01"},
		{"just after midnight is today", views.When(th, at(20, 0, 0)), "00:00"},
		{"just before it is yesterday", views.When(th, at(19, 23, 59)), "เมื่อวาน 23:59"},
		{"yesterday in English", views.When(en, at(19, 9, 1)), "Yesterday 09:01"},
		{"this year needs no year", views.When(th, at(2, 9, 1)), "2 พ.ย. 09:01"},
		{"another year does", views.When(th, time.Date(2025, 12, 31, 12, 0, 0, 0, bangkok(t))), "31 ธ.ค. 2568 12:00"},
		{"no time is a dash", views.When(th, time.Time{}), "–"},
		{"today as a heading", views.Day(th, at(20, 1, 0)), "วันนี้"},
		{"yesterday as a heading", views.Day(th, at(19, 1, 0)), "เมื่อวาน พฤหัสบดี 19 พ.ย."},
		{"another day as a heading", views.Day(en, at(17, 1, 0)), "Tue 17 Nov"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).Equal(tt.got, tt.want) // it reads as people write it
		})
	}
}

func TestLengths(t *testing.T) {
	is := is.New(t)
	th, en := reader(t, views.Thai), reader(t, views.English)
	is.Equal(views.Clock(466), "7:46")                                          // minutes and seconds
	is.Equal(views.Clock(3723.4), "1:02:03")                                    // hours where there are any
	is.Equal(views.Clock(-1), "0:00")                                           // never below nothing
	is.Equal(views.Span(th, 13*time.Hour+42*time.Minute), "13 ชั่วโมง 42 นาที") // Thai words
	is.Equal(views.Span(en, 13*time.Hour+42*time.Minute), "13 hours 42 minutes")
	is.Equal(views.Span(en, time.Hour+time.Second), "1 hour")           // the unit between is nothing, so the rest is left out
	is.Equal(views.Span(en, 49*time.Hour+time.Minute), "2 days 1 hour") // two units are enough
	is.Equal(views.Span(en, 61*time.Second), "1 minute 1 second")       // singular
	is.Equal(views.Span(en, 0), "0 seconds")                            // nothing is said, not left out
	is.Equal(views.Number(th, 1234567), "1,234,567")                    // thousands apart
	is.Equal(views.Number(th, -1234), "-1,234")                         // below zero too
	is.Equal(views.Number(th, -123), "-123")                            // with no comma after the sign
	is.Equal(views.Figure(81.4), "81.4")                                // a decimal where there is one
	is.Equal(views.Figure(94), "94")                                    // none where there is not
	is.Equal(views.Percent(0.414), "41%")                               // whole hundredths
	is.Equal(views.Bytes(7_200_000), "7.2 MB")                          // megabytes
	is.Equal(views.Bytes(999), "999 B")                                 // bytes
	is.Equal(views.Bytes(512<<20), "537 MB")                            // no false precision
}

func TestPhone(t *testing.T) {
	for _, tt := range []struct{ given, want string }{
		{"+66894444417", "089-444-4417"},
		{"0894444417", "089-444-4417"},
		{"089-444 4417", "089-444-4417"},
		{"+6621234567", "02-123-4567"},
		{"021234567", "02-123-4567"},
		{"053123456", "053-123-456"},
		{"+14155550123", "+14155550123"},
		{"118", "118"},
		{"anonymous", "anonymous"},
		{"086-xxx-2274", "086-xxx-2274"},
		{"", ""},
	} {
		t.Run(tt.given, func(t *testing.T) {
			is.New(t).Equal(views.Phone(tt.given), tt.want) // Thai numbers in groups, others untouched
		})
	}
}

func TestChooseLanguage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		wishes []string
		want   views.Language
	}{
		{"nothing is wished", nil, views.Thai},
		{"the first wish wins", []string{"en", "th"}, views.English},
		{"an empty wish is passed over", []string{"", "en"}, views.English},
		{"a header", []string{"de-DE,de;q=0.9,en-GB;q=0.8,th;q=0.7"}, views.English},
		{"a header that prefers Thai", []string{"", "th-TH,en;q=0.9"}, views.Thai},
		{"an unknown language", []string{"de"}, views.Thai},
		{"nonsense", []string{";;;"}, views.Thai},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).Equal(views.ChooseLanguage(tt.wishes...), tt.want) // Thai first, English second
		})
	}
}

func TestT(t *testing.T) {
	is := is.New(t)
	en := reader(t, views.English)
	is.Equal(views.T(en, "calls.found.all", "Count", 1), "1 call")         // singular
	is.Equal(views.T(en, "calls.found.all", "Count", 1043), "1,043 calls") // plural, as a number is written
	is.Equal(views.T(reader(t, views.Thai), "calls.found.all", "Count", 1043), "ทั้งหมด 1,043 สาย")
	is.Equal(views.T(en, "no.such.key"), "no.such.key")                       // a lack shows itself
	is.Equal(views.T(context.Background(), "calls.title"), "สาย")             // Thai where nobody chose
	is.Equal(views.LanguageOf(context.Background()), views.Thai)              // likewise
	is.Equal(views.Label(en, "tag", "wrong_or_spam"), "Wrong number or spam") // a word of a closed list
	is.Equal(views.Label(en, "tag", "brand_new"), "brand_new")                // one without a word is itself
}
