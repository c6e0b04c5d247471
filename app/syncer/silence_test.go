package syncer_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/syncer"
	"crk/store"
)

// habit is so many calls each hour from nine to five on the given days, for weeks
// before a moment, up to the last one.
func habit(line string, each int, until, last time.Time) (out []app.LineHour) {
	for at := until.AddDate(0, 0, -28).Truncate(time.Hour); at.Before(last); at = at.Add(time.Hour) {
		local := at.In(bangkok)
		if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday || local.Hour() < 9 || local.Hour() >= 17 {
			continue
		}
		out = append(out, app.LineHour{Line: line, Hour: at, Calls: each, Last: at.Add(30 * time.Minute)})
	}
	return out
}

func TestSilence(t *testing.T) {
	monday := func(hour int) time.Time { return time.Date(2026, 11, 16, hour, 0, 0, 0, bangkok) }
	friday := time.Date(2026, 11, 13, 17, 0, 0, 0, bangkok)
	for _, tt := range []struct {
		name  string
		hours []app.LineHour
		now   time.Time
		want  []string
	}{
		{"a busy line that goes on", habit("101", 5, monday(14), monday(14)), monday(14), nil},
		{"a busy line without a call since Friday", append(habit("101", 5, monday(14), friday), habit("102", 5, monday(14), monday(14))...), monday(14), []string{"101"}},
		{"the whole integration", append(habit("101", 5, monday(14), friday), habit("102", 5, monday(14), friday)...), monday(14), []string{""}},
		{"the weekend", habit("101", 5, monday(8), friday), monday(8), nil},
		{"early on Monday", habit("101", 5, monday(9), friday), monday(9).Add(30 * time.Minute), nil},
		{"a quiet line", append(habit("103", 1, monday(12), friday), habit("101", 5, monday(12), monday(12))...), monday(12), nil},
		{"a line of a week", append(habit("104", 9, monday(14), friday)[100:], habit("101", 5, monday(14), monday(14))...), monday(14), nil},
		{"at night", habit("101", 5, monday(23), monday(17)), monday(23), nil},
		{"nothing at all", nil, monday(14), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var got []string
			for _, l := range syncer.Silent(tt.hours, tt.now) {
				got = append(got, l.Line)
				is.True(l.Since.Before(tt.now))
			}
			is.Equal(got, tt.want)
		})
	}
}

func TestASilentLineIsToldOnce(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	r.Clock.Advance(time.Date(2026, 11, 16, 9, 0, 0, 0, bangkok).Sub(r.Clock.Now()))
	r.since(r.Clock.Now().AddDate(0, 0, -7))
	for day := range 27 {
		at := time.Date(2026, 10, 20+day, 9, 0, 0, 0, bangkok)
		for i := range 16 { // four each hour until one
			r.Exec(t, `INSERT INTO recordings (id, business_id, data_id, source, provider_id, call_at, direction, agent_number, status, created_at, updated_at)
				VALUES (?1, ?2, ?1, 'dtac', ?3, ?4, 'in', '+66812345678', 'completed', 0, 0)`,
				at.Format(time.DateOnly)+string(rune('a'+i)), r.Business.ID, r.provider.ID, at.Add(time.Duration(i)*15*time.Minute).UnixMilli())
		}
	}
	r.sync(store.CauseDefault)
	is.Equal(r.told(), nil)
	for range 4 { // Monday goes by without a call
		r.Clock.Advance(time.Hour)
		r.sync(store.CauseSchedule)
	}
	is.Equal(r.told(), []string{"No calls on a busy line: OneCall"})
	lines, err := r.SilentLines(t.Context(), r.Business.ID, r.provider.ID)
	is.NoErr(err)
	is.Equal(len(lines), 1)
	is.Equal(lines[0].Since, time.Date(2026, 11, 15, 12, 45, 0, 0, bangkok).UTC())

	r.restart()
	r.sync(store.CauseSchedule)
	is.Equal(len(r.told()), 1) // a new process does not tell it again
	r.record(r.Clock.Now().Add(-10*time.Minute), 1)
	r.Clock.Advance(time.Hour)
	r.sync(store.CauseSchedule)
	is.Equal(r.told()[1:], []string{"Calls again: OneCall"}) // and that it is over
}
