package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"crk/app"
	"crk/app/config"
	"crk/store"
)

// look is how often the runner looks at the clock. It goes by what the clock
// says then and by what is in the database, never by a timer set the day before:
// so neither a clock that is set nor summer time nor a sleeping machine makes it
// miss a night or do one twice.
const look = time.Minute

// Names of backups that a Runner makes; those alone does it remove.
const (
	filePrefix = "crk-backup-"
	fileSuffix = ".age"
)

// Options say how a Runner backs up. Source and Log are required.
type Options struct {
	Source Source
	Dir    string          // where backups go; empty: none are made
	To     []age.Recipient // whom they are encrypted to
	Keep   int             // how many are kept, at least 1
	At     time.Duration   // after midnight, in the time zone of the first business
	Log    *slog.Logger    //
}

// A Runner makes backups every night and when it is asked to, one at a time. Its
// methods may be called concurrently.
type Runner struct {
	o   Options
	now chan struct{}

	mu       sync.Mutex
	running  bool
	progress Progress
}

// Setup returns the runner that a configuration asks for. The error names the
// setting to mend.
func Setup(c config.Config, db *store.Store, version string, log *slog.Logger) (*Runner, error) {
	to, err := Lock(c.Backup)
	if err != nil {
		return nil, err
	}
	return NewRunner(Options{
		Source: Source{DB: db, DataDir: c.DataDir, KeyFile: c.KeyFile, Audio: c.Backup.Audio, Version: version},
		Dir:    c.Backup.Dir, To: to, Keep: c.Backup.Keep, At: c.Backup.At, Log: log,
	}), nil
}

// NewRunner returns a runner. It does nothing before Run.
func NewRunner(o Options) *Runner { return &Runner{o: o, now: make(chan struct{}, 1)} }

// A Status is what people see of a Runner.
type Status struct {
	Configured bool // there is a folder to back up to
	Dir        string
	Keep       int
	At         time.Duration // after midnight
	Audio      bool
	Running    bool
	Progress   Progress
}

// Status returns how things stand.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Status{
		Configured: r.o.Dir != "", Dir: r.o.Dir, Keep: r.o.Keep, At: r.o.At, Audio: r.o.Source.Audio,
		Running: r.running, Progress: r.progress,
	}
}

// Begin asks for a backup now and does not wait for it. It is a Conflict where
// one is under way, or none can be made because no folder was named.
func (r *Runner) Begin() error {
	s := r.Status()
	if !s.Configured || s.Running {
		return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "A backup is under way, or no folder for backups is set."}
	}
	select {
	case r.now <- struct{}{}:
	default: // asked for already
	}
	return nil
}

// Run makes backups until ctx ends, which cuts off the one under way.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.o.Source.DB.InterruptBackups(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("backup: start: %w", err)
	}
	if r.o.Dir == "" {
		return nil
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		if due, err := r.due(ctx); err != nil && ctx.Err() == nil {
			r.o.Log.Error("look whether a backup is due", "err", err)
		} else if due {
			r.make(ctx, app.BackupSchedule)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.now:
			r.make(ctx, app.BackupPerson)
		case <-tick.C:
		}
	}
}

// due reports whether tonight's backup is to be made.
func (r *Runner) due(ctx context.Context) (bool, error) {
	home, err := r.o.Source.DB.Home(ctx)
	if app.IsKind(err, app.NotFound) {
		return false, nil // nothing to back up yet
	}
	if err != nil {
		return false, err
	}
	last, err := r.o.Source.DB.LastBackup(ctx, app.BackupSchedule)
	if err != nil {
		return false, err
	}
	if last.IsZero() {
		last = home.CreatedAt // the first comes in the first night
	}
	return Due(r.o.Source.DB.Now(), last, home.Location(), r.o.At), nil
}

// Due reports whether a nightly time, at after midnight in a zone, has passed
// since last.
func Due(now, last time.Time, zone *time.Location, at time.Duration) bool {
	night := tonight(now, 0, zone, at)
	if night.After(now) {
		night = tonight(now, -1, zone, at)
	}
	return last.Before(night)
}

// tonight is the nightly time of the day on which now falls, or of days later. It
// is one moment also on a day that has no such time or has it twice, because
// clocks change then.
func tonight(now time.Time, days int, zone *time.Location, at time.Duration) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d+days, int(at/time.Hour), int(at%time.Hour/time.Minute), 0, 0, zone)
}

// make makes a backup and notes what came of it.
func (r *Runner) make(ctx context.Context, cause string) {
	b, err := r.o.Source.DB.BeginBackup(ctx, cause)
	if err != nil {
		if ctx.Err() == nil {
			r.o.Log.Error("begin a backup", "err", err)
		}
		return
	}
	r.set(true, Progress{})
	b.File = filePrefix + b.StartedAt.UTC().Format("20060102T150405Z") + fileSuffix
	sum, err := Create(ctx, filepath.Join(r.o.Dir, b.File), r.o.To, r.o.Source, func(p Progress) { r.set(true, p) })
	if err == nil {
		err = prune(r.o.Dir, r.o.Keep)
	}
	r.set(false, Progress{})
	switch {
	case err == nil:
		b.Status, b.Size, b.Recordings = app.BackupSucceeded, sum.Bytes, sum.Recordings
		r.o.Log.Info("made a backup", "file", b.File, "bytes", b.Size, "recordings", b.Recordings)
	case ctx.Err() != nil:
		b.Status, b.File = app.BackupInterrupted, ""
	default:
		b.Status, b.File, b.Error = app.BackupFailed, "", err.Error()
		r.o.Log.Error("backup", "cause", cause, "err", err)
	}
	r.end(context.WithoutCancel(ctx), b)
}

// end notes the end of a backup and alarms people where a nightly one failed.
func (r *Runner) end(ctx context.Context, b app.Backup) {
	if err := r.o.Source.DB.EndBackup(ctx, b); err != nil {
		r.o.Log.Error("note the end of a backup", "err", err)
	}
	if b.Status != app.BackupFailed || b.Cause != app.BackupSchedule {
		return
	}
	err := r.o.Source.DB.Alarm(ctx, "backup-failed:"+b.ID, failed)
	if err != nil {
		r.o.Log.Error("alarm of a failed backup", "err", err)
	}
}

func (r *Runner) set(running bool, p Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.progress = running, p
}

// prune removes all backups in dir but the newest.
func prune(dir string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names []string // of which the time is a part, so their order is that of time
	for _, e := range entries {
		if name := e.Name(); e.Type().IsRegular() && strings.HasPrefix(name, filePrefix) && strings.HasSuffix(name, fileSuffix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var errs []error
	for _, name := range names[:max(0, len(names)-max(1, keep))] {
		errs = append(errs, os.Remove(filepath.Join(dir, name)))
	}
	return errors.Join(errs...)
}

// failed says to a business that a nightly backup failed.
func failed(to app.Business) app.FeedItem {
	if to.Language == "th" {
		return app.FeedItem{Severity: app.Critical, Title: "สำรองข้อมูลประจำคืนไม่สำเร็จ",
			Body: "ข้อมูลล่าสุดยังไม่มีสำเนา ดูสาเหตุและสั่งสำรองใหม่ได้ที่ ตั้งค่า → ระบบ"}
	}
	return app.FeedItem{Severity: app.Critical, Title: "The nightly backup failed",
		Body: "There is no copy of the latest data. Settings → System says why, and backs up again."}
}
