package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"crk/app"
)

// ErrLease says that a job is no longer the caller's: it was claimed again, or
// what it was about is gone. What was about to be written is not.
var ErrLease = errors.New("store: the job is no longer held")

const jobColumns = `id, kind, business_id, key, lane, payload, priority, run_at, attempts, claims, created_at`

func scanJob(row scanner) (j app.Job, err error) {
	var payload []byte
	err = row.Scan(&j.ID, &j.Kind, &j.BusinessID, &j.Key, &j.Lane, &payload, &j.Priority,
		instant{&j.RunAt}, &j.Attempts, &j.Claims, instant{&j.CreatedAt})
	j.Payload = payload
	return j, err
}

// queue adds a job in the transaction of what made it necessary. A job of the
// same kind and key is made due again and forgets its attempts; one that runs
// loses its lease, and with it the right to save its result.
func (t *tx) queue(j app.Job) error {
	if j.RunAt.IsZero() {
		j.RunAt = t.now
	}
	if j.Lane == "" {
		j.Lane = lane(j)
	}
	t.queued = append(t.queued, j.Kind)
	return t.exec(`
		INSERT INTO jobs (kind, business_id, key, lane, payload, priority, run_at, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (kind, key) DO UPDATE SET
			run_at = excluded.run_at, payload = excluded.payload, priority = min(priority, excluded.priority),
			attempts = 0, lease_until = NULL, claims = claims + 1, last_error = ''`,
		j.Kind, j.BusinessID, j.Key, j.Lane, nullJSON(j.Payload), j.Priority, stamp(j.RunAt), stamp(t.now))
}

// aiLanes is how many calls of a business wait for an AI server at once, new
// ones and a backlog's each.
const aiLanes = 4

// lane keeps the calls of one business from taking every place at AI servers: a
// server that hangs holds up its own business alone, and a backlog no new call.
func lane(j app.Job) string {
	if j.Kind != app.JobTranscribe && j.Kind != app.JobAnalyse {
		return ""
	}
	return fmt.Sprintf("%s/%d/%d", j.BusinessID, min(j.Priority, app.PriorityBacklog), crc32.ChecksumIEEE([]byte(j.Key))%aiLanes)
}

func nullJSON(b json.RawMessage) any {
	if len(b) == 0 {
		return nil
	}
	return string(b)
}

// finish removes a job in the transaction of its result. It returns ErrLease,
// which must take the result back, where the job is not held by this claim.
func (t *tx) finish(j app.Job) error {
	n, err := t.affect(`DELETE FROM jobs WHERE id = ? AND claims = ?`, j.ID, j.Claims)
	if err == nil && n == 0 {
		err = ErrLease
	}
	return err
}

// hold returns ErrLease where the job is not held by this claim.
func (t *tx) hold(j app.Job) error {
	var held bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND claims = ?)`, j.ID, j.Claims).Scan(&held)
	if err == nil && !held {
		err = ErrLease
	}
	return err
}

// cancelJobs removes the jobs of a key, as when what they are about is deleted.
func (t *tx) cancelJobs(key string, kinds ...app.JobKind) error {
	for _, k := range kinds {
		if err := t.exec(`DELETE FROM jobs WHERE kind = ? AND key = ?`, k, key); err != nil {
			return err
		}
	}
	return nil
}

// claimWindow is how many due jobs a claim looks at, at most, and claimAhead how many
// for each that it may take, so that it costs the same however long the queue is. What a lane hides behind that many, the next claim
// finds: the lane runs then.
const (
	claimWindow = 500
	claimAhead  = 16
)

// ClaimJobs leases up to limit due jobs of a kind, most urgent first, at most
// one for each lane, counting those that run already. It may return fewer than
// are due, but none only where none is.
func (s *Store) ClaimJobs(ctx context.Context, kind app.JobKind, limit int, lease time.Duration) (jobs []app.Job, err error) {
	err = s.write(ctx, func(t *tx) error {
		rows, err := t.query(`
			UPDATE jobs SET lease_until = ?1, claims = claims + 1 WHERE id IN (
				SELECT id FROM (
					SELECT id, priority, run_at, row_number() OVER (
						PARTITION BY CASE lane WHEN '' THEN 'job:' || id ELSE lane END ORDER BY priority, run_at, id) AS place
					FROM (
						SELECT id, priority, run_at, lane FROM jobs
						WHERE kind = ?2 AND lease_until IS NULL AND run_at <= ?3 AND (lane = '' OR lane NOT IN (
							SELECT lane FROM jobs WHERE kind = ?2 AND lease_until IS NOT NULL))
						ORDER BY priority, run_at, id LIMIT ?5)
				) WHERE place = 1 ORDER BY priority, run_at, id LIMIT ?4
			) RETURNING `+jobColumns,
			stamp(t.now.Add(lease)), kind, stamp(t.now), limit, min(claimWindow, claimAhead*limit))
		jobs, err = collect(rows, err, scanJob)
		return err
	})
	return jobs, err
}

// ClaimNext leases the most urgent due job of each of these lanes in which none
// runs. It is for lanes that became free: it costs the same however many jobs wait
// in others, where ClaimJobs has to look past them.
func (s *Store) ClaimNext(ctx context.Context, kind app.JobKind, lanes []string, lease time.Duration) (jobs []app.Job, err error) {
	write := s.write
	if kind == app.JobFetch {
		write = s.writeSoon // many go on at once, and none is waited for
	}
	err = write(ctx, func(t *tx) error {
		rows, err := t.query(`
			UPDATE jobs SET lease_until = ?1, claims = claims + 1 WHERE id IN (
				SELECT (SELECT id FROM jobs WHERE kind = ?2 AND lease_until IS NULL AND run_at <= ?3 AND lane = l.value
					ORDER BY priority, run_at, id LIMIT 1)
				FROM json_each(?4) l WHERE NOT EXISTS (
					SELECT 1 FROM jobs WHERE kind = ?2 AND lane = l.value AND lease_until IS NOT NULL)
			) RETURNING `+jobColumns,
			stamp(t.now.Add(lease)), kind, stamp(t.now), toJSON(lanes))
		jobs, err = collect(rows, err, scanJob)
		return err
	})
	return jobs, err
}

// RenewJob holds a job for longer. It returns ErrLease where it is held no more.
func (s *Store) RenewJob(ctx context.Context, j app.Job, lease time.Duration) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`UPDATE jobs SET lease_until = ? WHERE id = ? AND claims = ? AND lease_until IS NOT NULL`,
			stamp(t.now.Add(lease)), j.ID, j.Claims)
		if err == nil && n == 0 {
			err = ErrLease
		}
		return err
	})
}

// FinishJob removes a job that ended without a result of its own to save. Where its
// result has removed it already, it costs no write.
func (s *Store) FinishJob(ctx context.Context, j app.Job) error {
	var held bool
	err := s.readHot(ctx, `SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND claims = ?)`, j.ID, j.Claims).Scan(&held)
	if err != nil || !held {
		return err
	}
	err = s.write(ctx, func(t *tx) error { return t.finish(j) })
	if errors.Is(err, ErrLease) {
		return nil
	}
	return err
}

// RetryJob gives a job back after a failed attempt, to run again at the given
// time. why is for people who look into the queue and holds no secret.
func (s *Store) RetryJob(ctx context.Context, j app.Job, at time.Time, why string) error {
	return s.write(ctx, func(t *tx) error {
		t.queued = append(t.queued, j.Kind)
		return t.exec(`UPDATE jobs SET lease_until = NULL, attempts = attempts + 1, run_at = ?, last_error = ?, payload = ?
			WHERE id = ? AND claims = ?`, stamp(at), clip(why, 500), nullJSON(j.Payload), j.ID, j.Claims)
	})
}

// ReleaseJob gives a job back that was cut off by a stop, or that must wait for
// something that is not its fault: that is no attempt.
func (s *Store) ReleaseJob(ctx context.Context, j app.Job, at time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.queued = append(t.queued, j.Kind)
		return t.exec(`UPDATE jobs SET lease_until = NULL, run_at = ?, payload = ? WHERE id = ? AND claims = ?`,
			stamp(at), nullJSON(j.Payload), j.ID, j.Claims)
	})
}

// ReleaseAllJobs gives back every job that a process which is no more held. It
// is for the start, when nothing runs yet.
func (s *Store) ReleaseAllJobs(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE jobs SET lease_until = NULL WHERE lease_until IS NOT NULL`)
	})
}

// ReleaseExpiredJobs gives back jobs whose lease ran out.
func (s *Store) ReleaseExpiredJobs(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`UPDATE jobs SET lease_until = NULL WHERE lease_until < ?`, stamp(t.now))
	})
}

// NextJobAt returns when the next of the jobs of a kind is due that were not yet
// at a given time, the zero time if there is none.
func (s *Store) NextJobAt(ctx context.Context, kind app.JobKind, after time.Time) (at time.Time, err error) {
	err = s.readHot(ctx, `SELECT min(run_at) FROM jobs WHERE kind = ? AND lease_until IS NULL AND run_at > ?`,
		kind, after.UnixMilli()).Scan(instant{&at})
	return at, err
}

// OldestJob returns when the first of the jobs of a kind was queued that are not
// done; the zero time where there is none.
func (s *Store) OldestJob(ctx context.Context, k app.JobKind) (at time.Time, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT min(created_at) FROM jobs WHERE kind = ?`, k).Scan(instant{&at})
	return at, err
}

// JobCounts returns how many jobs of each kind wait or run.
func (s *Store) JobCounts(ctx context.Context) (map[app.JobKind]int, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT kind, count(*) FROM jobs GROUP BY kind`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[app.JobKind]int{}
	for rows.Next() {
		var k app.JobKind
		var n int
		if err := rows.Scan(&k, &n); err != nil {
			return nil, err
		}
		counts[k] = n
	}
	return counts, rows.Err()
}

// clip cuts s at n bytes, not inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// QueueJob adds a job on its own. Stages queue the next one in the transaction
// of their result instead.
func (s *Store) QueueJob(ctx context.Context, j app.Job) error {
	return s.write(ctx, func(t *tx) error { return t.queue(j) })
}
