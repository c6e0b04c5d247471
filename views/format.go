package views

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// buddhist is what the Thai calendar's years are ahead by.
const buddhist = 543

func thai(ctx context.Context) bool { return LanguageOf(ctx) == Thai }

// local returns t in the reader's time zone.
func local(ctx context.Context, t time.Time) time.Time { return t.In(settingOf(ctx).zone) }

func now(ctx context.Context) time.Time {
	s := settingOf(ctx)
	if s.now.IsZero() {
		return time.Now().In(s.zone)
	}
	return s.now.In(s.zone)
}

func weekday(ctx context.Context, t time.Time) string {
	if !thai(ctx) {
		return t.Format("Mon")
	}
	return [...]string{"อาทิตย์", "จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์"}[t.Weekday()]
}

func month(ctx context.Context, t time.Time) string {
	if !thai(ctx) {
		return t.Format("Jan")
	}
	return [...]string{"ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.",
		"ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."}[t.Month()-1]
}

func year(ctx context.Context, t time.Time) int {
	calendar := settingOf(ctx).calendar
	if calendar == "buddhist" || (calendar == "" && thai(ctx)) {
		return t.Year() + buddhist
	}
	return t.Year()
}

// Hour returns the time of day, such as "14:18".
func Hour(ctx context.Context, t time.Time) string { return local(ctx, t).Format("15:04") }

// HourSecond returns the time of day to the second.
func HourSecond(ctx context.Context, t time.Time) string { return local(ctx, t).Format("15:04:05") }

// Date returns the day, such as "20 พ.ย. 2569" or "20 Nov 2026".
func Date(ctx context.Context, t time.Time) string {
	t = local(ctx, t)
	return fmt.Sprintf("%d %s %d", t.Day(), month(ctx, t), year(ctx, t))
}

// DateTime returns day and time, such as "ศุกร์ 20 พ.ย. 2569 14:18 น.".
func DateTime(ctx context.Context, t time.Time) string {
	l := local(ctx, t)
	if thai(ctx) {
		return fmt.Sprintf("%s %s %s\u00a0น.", weekday(ctx, l), Date(ctx, t), Hour(ctx, t))
	}
	return fmt.Sprintf("%s %s, %s", weekday(ctx, l), Date(ctx, t), Hour(ctx, t))
}

// daysAgo counts calendar days in the reader's zone: 0 is today.
func daysAgo(ctx context.Context, t time.Time) int {
	a, b := now(ctx), local(ctx, t)
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(a).Sub(day(b)).Hours() / 24)
}

// shortDate leaves out a year that is this year.
func shortDate(ctx context.Context, t time.Time) string {
	l := local(ctx, t)
	if l.Year() != now(ctx).Year() {
		return Date(ctx, t)
	}
	return fmt.Sprintf("%d %s", l.Day(), month(ctx, l))
}

// When returns a time as briefly as it can be said: "14:18" of today,
// "เมื่อวาน 14:18", "18 พ.ย. 14:18". A zero time is a dash.
func When(ctx context.Context, t time.Time) string {
	switch {
	case t.IsZero():
		return "–"
	case daysAgo(ctx, t) == 0:
		return Hour(ctx, t)
	case daysAgo(ctx, t) == 1:
		return T(ctx, "time.yesterday") + " " + Hour(ctx, t)
	}
	return shortDate(ctx, t) + " " + Hour(ctx, t)
}

// Day names a day as a heading does: "วันนี้", "เมื่อวาน พฤหัสบดี 19 พ.ย.".
func Day(ctx context.Context, t time.Time) string {
	name := weekday(ctx, local(ctx, t)) + " " + shortDate(ctx, t)
	switch daysAgo(ctx, t) {
	case 0:
		return T(ctx, "time.today")
	case 1:
		return T(ctx, "time.yesterday") + " " + name
	}
	return name
}

// Clock returns a length of time as a player shows it: "7:46", "1:02:03".
func Clock(seconds float64) string {
	s := int(math.Round(max(seconds, 0)))
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Span returns a length of time in words, in its two largest units.
func Span(ctx context.Context, d time.Duration) string {
	d = d.Round(time.Second)
	days, hours := int(d/(24*time.Hour)), int(d/time.Hour)%24
	minutes, seconds := int(d/time.Minute)%60, int(d/time.Second)%60
	var parts []string
	for _, u := range []struct {
		key string
		n   int
	}{{"time.days", days}, {"time.hours", hours}, {"time.minutes", minutes}, {"time.seconds", seconds}} {
		if u.n > 0 && len(parts) < 2 {
			parts = append(parts, T(ctx, u.key, "Count", u.n))
		} else if len(parts) > 0 {
			break // 2 days 0 hours 5 minutes is 2 days
		}
	}
	if len(parts) == 0 {
		return T(ctx, "time.seconds", "Count", 0)
	}
	return strings.Join(parts, " ")
}

// Number returns n with its thousands apart; both languages use a comma.
func Number(_ context.Context, n int) string {
	s := strconv.Itoa(n)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Figure returns a number with at most one decimal: "81.4", "94".
func Figure(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

// Percent returns a ratio of 0 to 1 in whole hundredths.
func Percent(ratio float64) string { return strconv.Itoa(int(math.Round(ratio*100))) + "%" }

// Bytes returns a size in the unit that reads best: "7.2 MB".
func Bytes(n int64) string {
	size, units := float64(n), []string{"B", "kB", "MB", "GB", "TB"}
	u := 0
	for size >= 1000 && u < len(units)-1 {
		size, u = size/1000, u+1
	}
	if size >= 100 || u == 0 {
		return fmt.Sprintf("%.0f %s", size, units[u])
	}
	return Figure(size) + " " + units[u]
}

// megabytes returns a limit as it was set: in units of 2^20 bytes, which people
// call megabytes.
func megabytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MB" }

// Phone returns a number as people write it: Thai ones in groups, "089-444-4417",
// "02-123-4567"; others, and extensions, as they are.
func Phone(s string) string {
	digits := strings.NewReplacer("-", "", " ", "").Replace(s)
	if rest, ok := strings.CutPrefix(digits, "+66"); ok {
		digits = "0" + strings.TrimPrefix(rest, "0")
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return s
		}
	}
	switch {
	case len(digits) == 10 && digits[0] == '0':
		return digits[:3] + "-" + digits[3:6] + "-" + digits[6:]
	case len(digits) == 9 && strings.HasPrefix(digits, "02"):
		return digits[:2] + "-" + digits[2:5] + "-" + digits[5:]
	case len(digits) == 9 && digits[0] == '0':
		return digits[:3] + "-" + digits[3:6] + "-" + digits[6:]
	}
	return s
}
