package store

import (
	"context"
	"sync"
	"time"

	"crk/app"
)

// rights keeps what nearly every request asks: whose key it carries, and what
// that person may do in the business. It follows the table rights_changes, in
// which triggers note every change of either, whoever makes it: this process
// drops what it keeps before a write of its own is answered, and what another
// process changed is seen within rightsAge.
//
// What is kept is shared: its slices must not be altered.
type rights struct {
	mu      sync.Mutex
	seq     int64     // the newest change that is followed
	checked time.Time // when that was last looked up
	keys    map[string]app.Key
	members map[membership]app.Member
	touched map[string]time.Time // when the use of a key was last noted, by its id
}

type membership struct {
	business app.BusinessID
	user     app.UserID
}

const (
	rightsAge   = time.Millisecond
	rightsEvery = 250 * time.Millisecond // how often sockets follow another process
	rightsMost  = 10_000                 // of each sort
)

const rightsQuery = `SELECT coalesce(max(seq), 0) FROM rights_changes`

// freshRights returns the newest change that is followed, having looked whether there
// is a newer one.
func (s *Store) freshRights(ctx context.Context) (int64, error) {
	r, began := &s.rights, time.Now()
	r.mu.Lock()
	seq, fresh := r.seq, began.Sub(r.checked) < rightsAge
	r.mu.Unlock()
	if fresh {
		return seq, nil
	}
	if err := s.readHot(ctx, rightsQuery).Scan(&seq); err != nil {
		return 0, err
	}
	r.follow(seq)
	r.mu.Lock()
	defer r.mu.Unlock()
	if began.After(r.checked) {
		r.checked = began
	}
	return r.seq, nil
}

// follow drops what was kept before a change.
func (r *rights) follow(seq int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if seq <= r.seq && r.keys != nil {
		return
	}
	r.seq = max(seq, r.seq)
	r.keys, r.members, r.touched = map[string]app.Key{}, map[membership]app.Member{}, map[string]time.Time{}
}

// touch reports whether the use of a key, last noted at the given time, is to be
// noted again; if so it counts as noted.
func (r *rights) touch(id string, last, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(last) < time.Minute || now.Sub(r.touched[id]) < time.Minute {
		return false
	}
	if r.touched != nil {
		r.touched[id] = now
	}
	return true
}

// kept returns what is kept under k in one of the maps of rights, and reads it
// where it is not.
func kept[K comparable, V any](ctx context.Context, s *Store, in func(*rights) map[K]V, k K, read func() (V, error)) (V, error) {
	seq, err := s.freshRights(ctx)
	if err != nil {
		var none V
		return none, err
	}
	r := &s.rights
	r.mu.Lock()
	v, ok := in(r)[k]
	r.mu.Unlock()
	if ok {
		return v, nil
	}
	if v, err = read(); err != nil {
		return v, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := in(r); r.seq == seq { // else it may be older than what changed
		if len(m) >= rightsMost {
			clear(m)
		}
		m[k] = v
	}
	return v, nil
}

// WatchRights tells, until ctx ends, of changes of people's rights that other
// processes made, as [Options].Publish is told of this one's own.
func (s *Store) WatchRights(ctx context.Context) error {
	tick := time.NewTicker(rightsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var seq int64
		if err := s.readHot(ctx, rightsQuery).Scan(&seq); err != nil {
			continue // every request that fails says so
		}
		if seq > s.writer.told.Load() {
			_ = s.write(ctx, func(*tx) error { return nil }) // every commit tells what is new
		}
	}
}

// rightsKept is how many changes are kept after they were told of: more than
// another process makes before the server has seen them.
const rightsKept = 1000

// newRights returns whose rights changed since they were last told of, and the
// newest change there is. It also deletes what everybody has long seen.
func (t *tx) newRights(told int64) (changes []app.Change, seq int64, err error) {
	if err := t.row(rightsQuery).Scan(&seq); err != nil || seq <= told {
		return nil, told, err
	}
	rows, err := t.query(`SELECT business_id, user_id, credential FROM rights_changes
		WHERE seq > ? AND (user_id <> '' OR credential <> '') ORDER BY seq`, told)
	changes, err = collect(rows, err, func(row scanner) (app.Change, error) {
		c := app.Change{Topic: app.TopicRights}
		err := row.Scan(&c.BusinessID, &c.UserID, &c.ID)
		return c, err
	})
	if err != nil {
		return nil, told, err
	}
	return changes, seq, t.exec(`DELETE FROM rights_changes WHERE seq <= ?`, told-rightsKept)
}
