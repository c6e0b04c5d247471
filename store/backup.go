package store

import (
	"context"
	"time"

	"crk/app"
)

const (
	keptBackups   = 100 // rows of the history
	backupColumns = `id, cause, status, file, size, recordings, error, started_at, finished_at`
)

func scanBackup(row scanner) (b app.Backup, err error) {
	err = row.Scan(&b.ID, &b.Cause, &b.Status, &b.File, &b.Size, &b.Recordings, &b.Error, instant{&b.StartedAt}, instant{&b.FinishedAt})
	return b, err
}

// BeginBackup notes that a backup begins. It is a Conflict while one runs: the
// row is the lease.
func (s *Store) BeginBackup(ctx context.Context, cause string) (b app.Backup, err error) {
	err = s.write(ctx, func(t *tx) error {
		b = app.Backup{ID: newID(), Cause: cause, Status: app.BackupRunning, StartedAt: t.now}
		err := t.exec(`INSERT INTO backups (id, cause, status, started_at) VALUES (?, ?, ?, ?)`, b.ID, b.Cause, b.Status, stamp(b.StartedAt))
		if taken(err) {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "A backup is under way."}
		}
		return err
	})
	return b, err
}

// NoteBackup notes in the audit log of the appliance that somebody asked for a
// backup. What became of it is in the list of backups.
func (s *Store) NoteBackup(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error { return t.audit("", "backup.create", "", "") })
}

// EndBackup notes how a backup ended.
func (s *Store) EndBackup(ctx context.Context, b app.Backup) error {
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`UPDATE backups SET status = ?, file = ?, size = ?, recordings = ?, error = ?, finished_at = ? WHERE id = ?`,
			b.Status, b.File, b.Size, b.Recordings, clip(b.Error, 500), stamp(t.now), b.ID)
		if err != nil {
			return err
		}
		return t.exec(`DELETE FROM backups WHERE id IN (SELECT id FROM backups ORDER BY started_at DESC, id DESC LIMIT -1 OFFSET ?)`, keptBackups)
	})
}

// InterruptBackups ends those that a process which is no more left running. It
// is for the start.
func (s *Store) InterruptBackups(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE backups SET status = ?, finished_at = ? WHERE status = ?`, app.BackupInterrupted, stamp(t.now), app.BackupRunning)
	})
}

// Backups returns the latest backups, newest first.
func (s *Store) Backups(ctx context.Context, limit int) ([]app.Backup, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+backupColumns+` FROM backups ORDER BY started_at DESC, id DESC LIMIT ?`, limit)
	return collect(rows, err, scanBackup)
}

// LastBackup returns when the latest backup of a cause began that was not
// interrupted; the zero time where there was none. Those that a clock which was
// wrong put into the future do not count.
func (s *Store) LastBackup(ctx context.Context, cause string) (at time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT max(started_at) FROM backups WHERE cause = ? AND status <> ? AND started_at <= ?`,
		cause, app.BackupInterrupted, stamp(s.now())).Scan(instant{&at})
	return at, err
}

// Home returns the business that was made first, whose time zone the
// appliance's own work goes by. It is NotFound before the appliance is set up.
func (s *Store) Home(ctx context.Context) (app.Business, error) {
	b, err := scanBusiness(s.reads.QueryRowContext(ctx, `SELECT `+businessColumns+` FROM businesses b ORDER BY b.created_at, b.id LIMIT 1`))
	return b, found(err, "business")
}

// Alarm says something about the appliance itself in the feed of each business
// that an administrator of the appliance belongs to, in that business's words.
// once is as for [Store.AddFeedOnce].
func (s *Store) Alarm(ctx context.Context, once string, words func(app.Business) app.FeedItem) error {
	return s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT DISTINCT ` + businessColumns + ` FROM businesses b
			JOIN members m ON m.business_id = b.id JOIN users u ON u.id = m.user_id WHERE u.admin = 1`)
		homes, err := collect(rows, err, scanBusiness)
		if err != nil {
			return err
		}
		for _, b := range homes {
			item := words(b)
			item.BusinessID = b.ID
			if _, err := t.addFeed(item, once); err != nil {
				return err
			}
		}
		return nil
	})
}
