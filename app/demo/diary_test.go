package demo_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/demo"
)

// monday is a Monday at 14:00 in Bangkok.
var monday = time.Date(2026, 11, 16, 7, 0, 0, 0, time.UTC)

func open(t testing.TB, dir string, now time.Time) *demo.Diary {
	t.Helper()
	d, err := demo.OpenDiary(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestHistory(t *testing.T) {
	known := map[string]demo.Scene{}
	for _, s := range scenes(t) {
		known[s.Name] = s
	}
	for name, now := range map[string]time.Time{
		"in the afternoon": monday,
		"at night":         monday.Add(10 * time.Hour),
		"on a Sunday":      monday.Add(-24 * time.Hour),
		"before work":      monday.Add(-7 * time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			calls := open(t, t.TempDir(), now).Calls()
			is.Equal(len(calls), 36) // a few dozen
			agents, angry := map[string]int{}, 0
			for i, c := range calls {
				is.True(c.At.Before(now) && c.At.After(now.AddDate(0, 0, -15))) // within the last two weeks
				local := c.At.Add(7 * time.Hour)
				is.True(local.Weekday() != time.Sunday)         // on a working day
				is.True(local.Hour() >= 8 && local.Hour() < 19) // in office hours
				is.True(i == 0 || c.At.After(calls[i-1].At))    // in order
				is.Equal(c.ID, calls[0].ID+int64(i))            // with an id of its own
				agents[known[c.Scene].Agent]++
				if known[c.Scene].Sentiment == "negative" {
					angry++
				}
			}
			is.True(len(agents) == 2 && angry >= 2) // both agents, and something for the rule
		})
	}
}

// TestTheOfficesCalls: the 3CX keeps no diary, and yet its calls are the same at
// every start, years later and whatever came since.
func TestTheOfficesCalls(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	first := start(t, demo.Options{DataDir: dir, Now: func() time.Time { return monday }})
	calls := first.OfficeCalls()
	is.Equal(len(calls), 6) // a handful
	for i, c := range calls {
		is.True(c.At.Before(monday.Add(-24*time.Hour)) && c.At.After(monday.AddDate(0, 0, -15))) // all over, and within the last two weeks
		is.Equal(c.ID, calls[0].ID+int64(i))
		for _, one := range first.Calls() {
			is.True(one.ID != c.ID && !one.At.Equal(c.At))
		}
	}
	is.NoErr(first.Arrive())
	again := start(t, demo.Options{DataDir: dir, Now: func() time.Time { return monday.AddDate(3, 0, 0) }})
	is.Equal(again.OfficeCalls(), calls)
}

func TestDiaryRemembers(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	d := open(t, dir, monday)
	added, err := d.Add(monday.Add(time.Minute))
	is.NoErr(err)                               // a call can be added
	is.Equal(added.At, monday.Add(time.Minute)) // at its time

	again := open(t, dir, monday.Add(48*time.Hour))
	is.Equal(again.Calls(), d.Calls()) // another start, days later, knows the same calls
	is.Equal(len(again.Calls()), 37)   // all of them
}

func TestDiaryMendsItself(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	d := open(t, dir, monday)
	path := filepath.Join(dir, demo.DiaryFile)
	b, err := os.ReadFile(path)
	is.NoErr(err)                                                      // the diary is a file
	is.NoErr(os.WriteFile(path, append(b, `{"id":1007000`...), 0o600)) // the plug was pulled

	again := open(t, dir, monday)
	is.Equal(again.Calls(), d.Calls()) // what was written whole is there
	next, err := again.Add(monday)
	is.NoErr(err)                                                   // and it goes on
	is.Equal(open(t, dir, monday).Calls(), append(d.Calls(), next)) // on a line of its own
}

func TestDiaryIsNotMadeUp(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	is.NoErr(os.WriteFile(filepath.Join(dir, demo.DiaryFile), []byte("what?\n"), 0o600)) // not a diary
	_, err := demo.OpenDiary(dir, monday)
	is.True(err != nil) // it is not written over
}
