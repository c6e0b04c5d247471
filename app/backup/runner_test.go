package backup_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/backup"
)

func TestDue(t *testing.T) {
	zone := func(name string) *time.Location {
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return z
	}
	at := func(z *time.Location, text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, z)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	bangkok, berlin := zone("Asia/Bangkok"), zone("Europe/Berlin")
	for _, tt := range []struct {
		name      string
		zone      *time.Location
		last, now string
		want      bool
	}{
		{"before the hour", bangkok, "2026-11-15 02:30", "2026-11-16 02:29", false},
		{"at the hour", bangkok, "2026-11-15 02:30", "2026-11-16 02:30", true},
		{"done tonight", bangkok, "2026-11-16 02:31", "2026-11-16 23:00", false},
		{"done by day", bangkok, "2026-11-16 15:00", "2026-11-17 02:30", true},
		{"after a week off", bangkok, "2026-11-09 02:30", "2026-11-16 12:00", true},
		{"off at the hour, on in the morning", bangkok, "2026-11-15 02:30", "2026-11-16 08:00", true},
		{"on before the hour after a night off", bangkok, "2026-11-13 02:30", "2026-11-16 01:00", true},
		{"clocks go forward over the hour", berlin, "2026-03-28 02:31", "2026-03-29 04:00", true},
		{"and it was done then", berlin, "2026-03-29 03:31", "2026-03-29 12:00", false},
		{"clocks go back, the hour comes twice", berlin, "2026-10-25 02:31", "2026-10-25 12:00", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(backup.Due(at(tt.zone, tt.now), at(tt.zone, tt.last), tt.zone, 150*time.Minute), tt.want)
		})
	}
	is := is.New(t)
	for _, zone := range []*time.Location{bangkok, berlin, zone("America/Santiago")} { // a year of minutes: one each night
		last, made := time.Date(2026, 1, 1, 12, 0, 0, 0, zone), 0
		for now := last; now.Before(time.Date(2027, 1, 1, 12, 0, 0, 0, zone)); now = now.Add(time.Minute) {
			if backup.Due(now, last, zone, 150*time.Minute) {
				last, made = now, made+1
			}
		}
		is.Equal(made, 365)
	}
}

func (a *appliance) runner(t *testing.T, dir string) *backup.Runner {
	return backup.NewRunner(backup.Options{
		Source: a.source(), Dir: dir, To: lock(t), Keep: 2, At: 150 * time.Minute, Log: slog.New(slog.DiscardHandler),
	})
}

// until waits for the runner to be done with the n-th backup.
func (a *appliance) until(t *testing.T, n int) []app.Backup {
	t.Helper()
	for {
		list, err := a.DB.Backups(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) >= n && list[0].Status != app.BackupRunning {
			return list
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRunnerKeepsTheNewest(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 1)
	dir := t.TempDir()
	for _, name := range []string{"crk-backup-20200101T000000Z.age", "crk-backup-20200102T000000Z.age", "mine.age"} {
		is.NoErr(os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	r := a.runner(t, dir)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	is.NoErr(r.Begin())
	list := a.until(t, 1)
	stop()
	is.NoErr(<-ended)
	is.Equal(list[0].Status, app.BackupSucceeded)
	is.Equal(list[0].Recordings, 1)
	is.Equal(list[0].Cause, app.BackupPerson)
	_, err := restore(t, filepath.Join(dir, list[0].File), settings(t, t.TempDir()), false)
	is.NoErr(err) // it is a backup
	_, err = os.Stat(filepath.Join(dir, "crk-backup-20200101T000000Z.age"))
	is.True(os.IsNotExist(err)) // two are kept
	is.Equal(left(t, dir, "crk-backup-"), 2)
	is.Equal(left(t, dir, "mine.age"), 1) // and what is not the runner's
}

func TestANightlyBackupThatFailsIsAnAlarm(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 1)
	r := a.runner(t, filepath.Join(t.TempDir(), "not there"))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	is.NoErr(r.Begin())
	list := a.until(t, 1)
	stop()
	is.NoErr(<-ended)
	is.Equal(list[0].Status, app.BackupFailed)
	is.True(list[0].Error != "") // why
	feed, err := a.DB.Feed(t.Context(), a.business.ID, a.owner.ID, 0, false, 10)
	is.NoErr(err)
	is.Equal(len(feed), 0) // who asked for it sees it

	backup.Night(r, t.Context())
	feed, err = a.DB.Feed(t.Context(), a.business.ID, a.owner.ID, 0, false, 10)
	is.NoErr(err)
	is.Equal(len(feed), 1) // nobody watches at night
	is.Equal(feed[0].Severity, app.Critical)
	is.True(strings.Contains(feed[0].Title, "สำรองข้อมูล")) // in the language of the business
}

func TestNothingIsBackedUpWithoutAFolder(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 0)
	r := a.runner(t, "")
	is.NoErr(r.Run(t.Context()))                 // ends at once
	is.True(app.IsKind(r.Begin(), app.Conflict)) // and says so
}
