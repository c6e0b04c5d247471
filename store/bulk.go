package store

import (
	"context"
	"slices"
	"time"

	"crk/app"
)

const bulkColumns = `b.id, b.business_id, b.user_id, b.action, b.target, b.total, b.done, b.skipped, b.created_at, b.finished_at`

func scanBulk(row scanner) (b app.BulkRun, err error) {
	err = row.Scan(&b.ID, &b.BusinessID, &b.UserID, &b.Action, &b.Target, &b.Total, &b.Done, &b.Skipped,
		instant{&b.CreatedAt}, instant{&b.FinishedAt})
	return b, err
}

// bulkKept is how long it is known what came of a bulk run.
const bulkKept = 30 * 24 * time.Hour

// BeginBulk orders that something is done to many calls: to those of ids that
// only lets be seen, [app.MaxBulk] at most. It is done by a job, in small
// transactions that each note how far they came, so a stop in the middle loses
// and repeats nothing. It is a NotFound error where the collection to fill is not
// there.
func (s *Store) BeginBulk(ctx context.Context, b app.BulkRun, only []string, ids []string) (app.BulkRun, error) {
	ids = ids[:min(len(ids), app.MaxBulk)]
	err := s.write(ctx, func(t *tx) error {
		if b.Action == app.BulkCollect {
			if _, err := t.collection(b.BusinessID, nil, b.Target); err != nil {
				return err
			}
		}
		if err := t.exec(`DELETE FROM bulk_runs WHERE business_id = ? AND finished_at < ?`, b.BusinessID, stamp(t.now.Add(-bulkKept))); err != nil {
			return err
		}
		b.ID, b.CreatedAt = newID(), t.now
		err := t.exec(`INSERT INTO bulk_runs (id, business_id, user_id, action, target, total, created_at) VALUES (?, ?, ?, ?, ?, 0, ?)`,
			b.ID, b.BusinessID, b.UserID, b.Action, b.Target, stamp(t.now))
		if err != nil {
			return err
		}
		n, err := t.affect(`INSERT INTO bulk_items (run_id, recording_id)
			SELECT ?2, r.id FROM recordings r WHERE r.id IN (SELECT value FROM json_each(?3)) AND +r.business_id = ?4 AND `+visible,
			seenBy(only), b.ID, toJSON(ids), b.BusinessID)
		if err != nil {
			return err
		}
		b.Total = int(n)
		if err := t.exec(`UPDATE bulk_runs SET total = ? WHERE id = ?`, b.Total, b.ID); err != nil {
			return err
		}
		var touched changes
		touched.set("action", nil, string(b.Action))
		touched.set("calls", nil, b.Total)
		if err := t.audit(b.BusinessID, "bulk.create", b.ID, "", touched...); err != nil {
			return err
		}
		return t.queue(app.Job{Kind: app.JobBulk, BusinessID: b.BusinessID, Key: b.ID})
	})
	return b, err
}

// BulkRun returns a bulk run of a business.
func (s *Store) BulkRun(ctx context.Context, business app.BusinessID, id string) (app.BulkRun, error) {
	b, err := scanBulk(s.reads.QueryRowContext(ctx, `SELECT `+bulkColumns+` FROM bulk_runs b WHERE b.id = ? AND b.business_id = ?`, id, business))
	return b, found(err, "bulk run")
}

// BulkStep does what a bulk run is about to the next few of its calls, at most
// most, and notes that. It returns the calls whose sound files are to be removed
// now; the last step ends the job, and done with it. A call that is gone, or to
// which it cannot be done now, is skipped. It returns ErrLease where the job is
// not held.
func (s *Store) BulkStep(ctx context.Context, j app.Job, most int) (deleted []string, done bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		deleted = nil
		if err := t.hold(j); err != nil {
			return err
		}
		b, err := scanBulk(t.row(`SELECT `+bulkColumns+` FROM bulk_runs b WHERE b.id = ? AND b.business_id = ?`, j.Key, j.BusinessID))
		if err != nil {
			return found(err, "bulk run")
		}
		rows, err := t.query(`SELECT recording_id FROM bulk_items WHERE run_id = ? ORDER BY recording_id LIMIT ?`, b.ID, most)
		ids, err := collect(rows, err, scanString)
		if err != nil {
			return err
		}
		if deleted, err = t.bulk(&b, ids); err != nil {
			return err
		}
		if done = len(ids) < most; done {
			b.FinishedAt = t.now
			if err := t.finish(j); err != nil {
				return err
			}
		}
		t.changed(app.Change{BusinessID: b.BusinessID, Topic: "bulk", ID: b.ID})
		err = t.exec(`DELETE FROM bulk_items WHERE run_id = ? AND recording_id IN (SELECT value FROM json_each(?))`, b.ID, toJSON(ids))
		if err != nil {
			return err
		}
		return t.exec(`UPDATE bulk_runs SET done = ?, skipped = ?, finished_at = ? WHERE id = ?`, b.Done, b.Skipped, stamp(b.FinishedAt), b.ID)
	})
	return deleted, done, err
}

// DoBulk does something at once to a few calls that only lets be seen. What
// cannot have it done to them now is skipped; b counts. It returns the calls
// whose sound files are to be removed.
func (s *Store) DoBulk(ctx context.Context, b app.BulkRun, only []string, ids []string) (app.BulkRun, []string, error) {
	var deleted []string
	err := s.write(ctx, func(t *tx) error {
		rows, err := t.query(`SELECT r.id FROM recordings r WHERE r.id IN (SELECT value FROM json_each(?2)) AND +r.business_id = ?3 AND `+visible,
			seenBy(only), toJSON(ids), b.BusinessID)
		seen, err := collect(rows, err, scanString)
		if err != nil {
			return err
		}
		b.Total, b.Done, b.Skipped = len(ids), 0, len(ids)-len(seen)
		deleted, err = t.bulk(&b, seen)
		return err
	})
	return b, deleted, err
}

// bulk does what a run is about to some calls, and counts.
func (t *tx) bulk(b *app.BulkRun, ids []string) (deleted []string, err error) {
	if b.Action == app.BulkCollect {
		return nil, t.bulkCollect(b, ids)
	}
	for _, id := range ids {
		switch b.Action {
		case app.BulkTranscribe:
			_, err = t.reextract(b.BusinessID, nil, id, app.JobTranscribe, app.PriorityBacklog)
		case app.BulkAnalyse:
			_, err = t.reextract(b.BusinessID, nil, id, app.JobAnalyse, app.PriorityBacklog)
		case app.BulkDelete:
			if err = t.deleteRecording(b.BusinessID, nil, id); err == nil {
				deleted = append(deleted, id)
			}
		}
		switch {
		case err == nil:
			b.Done++
		case app.IsKind(err, app.NotFound), app.IsKind(err, app.Conflict): // neither has written anything
			b.Skipped++
		default:
			return nil, err
		}
	}
	return deleted, nil
}

// bulkCollect puts calls into a collection. Where it is gone by now, nothing is
// done.
func (t *tx) bulkCollect(b *app.BulkRun, ids []string) error {
	c, err := t.collection(b.BusinessID, nil, b.Target)
	if app.IsKind(err, app.NotFound) {
		b.Skipped += len(ids)
		return nil
	}
	if err != nil {
		return err
	}
	there, err := t.query(`SELECT id FROM recordings WHERE id IN (SELECT value FROM json_each(?)) AND +business_id = ?`, toJSON(ids), b.BusinessID)
	alive, err := collect(there, err, scanString)
	if err != nil {
		return err
	}
	slices.Sort(alive)
	n, err := t.affect(`INSERT INTO collection_items (collection_id, recording_id, added_at)
		SELECT ?, value, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`, c.ID, stamp(t.now), toJSON(alive))
	if err != nil {
		return err
	}
	b.Done += len(alive)
	b.Skipped += len(ids) - len(alive)
	return t.itemsChanged(c, "collection.add", n)
}
