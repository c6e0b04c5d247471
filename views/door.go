package views

import (
	"context"
	"time"
)

// Login is the login page.
type Login struct {
	Door
	Form
	Next string // where to go afterwards
}

// Setup is the page of the first visit: it makes the owner and the business.
type Setup struct {
	Door
	Form
}

// zones are the time zones that are offered first: those of the appliance's
// people and of their neighbours.
func zones() []string {
	return []string{
		"Asia/Bangkok", "Asia/Vientiane", "Asia/Phnom_Penh", "Asia/Yangon", "Asia/Ho_Chi_Minh", "Asia/Kuala_Lumpur",
		"Asia/Singapore", "Asia/Jakarta", "Asia/Manila", "Asia/Hong_Kong", "Asia/Shanghai", "Asia/Taipei",
		"Asia/Tokyo", "Asia/Seoul", "Asia/Kolkata", "Asia/Dubai", "Australia/Sydney", "Europe/London",
		"Europe/Berlin", "America/New_York", "America/Los_Angeles", "UTC",
	}
}

// zoneOptions lists the zones with their distance from UTC.
func zoneOptions(at time.Time) []Option {
	var out []Option
	for _, name := range zones() {
		loc, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		out = append(out, Option{name, name + " (UTC" + at.In(loc).Format("-07:00") + ")"})
	}
	return out
}

func languageOptions() []Option {
	var out []Option
	for _, l := range Languages() {
		out = append(out, Option{string(l), l.Name()})
	}
	return out
}

// zonesWith lists the zones and, where it is not one of them, the one that is
// chosen.
func zonesWith(at time.Time, chosen string) []Option {
	out := zoneOptions(at)
	for _, o := range out {
		if o.Value == chosen {
			return out
		}
	}
	return append(out, Option{chosen, chosen})
}

// weekdayName names a day of the week: 1 is Monday.
func weekdayName(ctx context.Context, day int) string {
	return shortDay(ctx, time.Date(2026, 11, 15+day, 0, 0, 0, 0, time.UTC)) // the 16th was a Monday
}
