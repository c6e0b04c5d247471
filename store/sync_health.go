package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"time"

	"crk/app"
)

// tripped is how often in a row a phone system may be away before its circuit
// opens, and is left alone but for a look now and then.
const tripped = 5

// openFor are the pauses of an open circuit, each after one more look in vain; the
// last stays.
var openFor = [...]time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}

const healthColumns = `strikes, open_until, last_ok_at, skew_ms, oldest_at, keeps_ms, checked_at, deep_at, denied, denied_until`

func scanHealth(row scanner) (h app.SyncHealth, err error) {
	var skew, keeps int64
	err = row.Scan(&h.Strikes, instant{&h.OpenUntil}, instant{&h.LastOK}, &skew, instant{&h.Oldest}, &keeps,
		instant{&h.CheckedAt}, instant{&h.DeepAt}, &h.Denied, instant{&h.DeniedUntil})
	h.Skew, h.Keeps = time.Duration(skew)*time.Millisecond, time.Duration(keeps)*time.Millisecond
	if errors.Is(err, sql.ErrNoRows) {
		err = nil // nothing is known of it yet
	}
	return h, err
}

const healthQuery = `SELECT ` + healthColumns + ` FROM sync_health WHERE provider_id = (SELECT id FROM providers WHERE id = ? AND business_id = ?)`

// SyncHealth returns how an integration's phone system fares; of one that was
// never asked nothing.
func (s *Store) SyncHealth(ctx context.Context, business app.BusinessID, provider string) (app.SyncHealth, error) {
	return scanHealth(s.readHot(ctx, healthQuery, provider, business))
}

// Strike notes that a phone system was away, with the code of a sync. Five times
// in a row open its circuit: that is told, once, and the next look is when it
// closes again by itself.
func (s *Store) Strike(ctx context.Context, business app.BusinessID, provider, code string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		return t.strike(p, code)
	})
}

func (t *tx) strike(p app.Provider, code string) error {
	h, err := scanHealth(t.row(healthQuery, p.ID, p.BusinessID))
	if err != nil {
		return err
	}
	if h.Open(t.now) {
		return nil // of what was under way when it opened
	}
	h.Strikes++
	var until time.Time
	if over := h.Strikes - tripped; over >= 0 {
		until = t.now.Add(openFor[min(over, len(openFor)-1)])
	}
	err = t.exec(`INSERT INTO sync_health (provider_id, strikes, open_until) VALUES (?, ?, ?)
		ON CONFLICT (provider_id) DO UPDATE SET strikes = excluded.strikes, open_until = excluded.open_until`,
		p.ID, h.Strikes, stamp(until))
	if err != nil || until.IsZero() {
		return err
	}
	t.providerChanged(p)
	err = t.exec(`UPDATE providers SET state = CASE state WHEN 'ok' THEN 'failing' ELSE state END,
		next_sync_at = max(next_sync_at, ?) WHERE id = ? AND next_sync_at IS NOT NULL`, stamp(until), p.ID)
	if err != nil || h.Strikes != tripped {
		return err
	}
	if err := t.emitSync(p, code); err != nil {
		return err
	}
	return t.sayOfPhone(p, app.Warning, circuitOpened(p))
}

// Heal notes that a phone system answered: its circuit closes, and what waited for
// that is due.
func (s *Store) Heal(ctx context.Context, business app.BusinessID, provider string) error {
	return s.write(ctx, func(t *tx) error {
		p, err := t.provider(business, provider)
		if err != nil {
			return err
		}
		return t.heal(p)
	})
}

func (t *tx) heal(p app.Provider) error {
	h, err := scanHealth(t.row(healthQuery, p.ID, p.BusinessID))
	if err != nil || h.Strikes == 0 {
		return err
	}
	err = t.exec(`UPDATE sync_health SET strikes = 0, open_until = NULL WHERE provider_id = ?`, p.ID)
	if err != nil || h.Strikes < tripped {
		return err
	}
	t.providerChanged(p)
	err = t.exec(`UPDATE providers SET next_sync_at = min(next_sync_at, ?) WHERE id = ? AND next_sync_at IS NOT NULL`, stamp(t.now), p.ID) // that sync says whether all is well
	if err != nil {
		return err
	}
	if err := t.exec(`UPDATE backfills SET next_at = ? WHERE provider_id = ?`, stamp(t.now), p.ID); err != nil {
		return err
	}
	if err := t.dueFetches(p); err != nil {
		return err
	}
	return t.sayOfPhone(p, app.Success, circuitClosed(p))
}

// Postpone plans the next sync of an integration for no earlier than until: its phone
// system asked to be left alone.
func (s *Store) Postpone(ctx context.Context, business app.BusinessID, provider string, until time.Time) error {
	return s.write(ctx, func(t *tx) error {
		t.providerChanged(app.Provider{ID: provider, BusinessID: business})
		return t.exec(`UPDATE providers SET next_sync_at = ?1 WHERE id = ?2 AND business_id = ?3 AND next_sync_at < ?1`, stamp(until), provider, business)
	})
}

// A HealthReport is what was learned of a phone system. Zero values leave what is
// known.
type HealthReport struct {
	Skew      *time.Duration
	Oldest    time.Time // the oldest call that it lists, as it says
	Seen      time.Time // the oldest call that it was seen to list: the oldest of all is no later
	Keeps     *time.Duration
	CheckedAt time.Time
	DeepAt    time.Time
}

// ReportHealth notes what was learned of a phone system.
func (s *Store) ReportHealth(ctx context.Context, p app.Provider, r HealthReport) error {
	return s.write(ctx, func(t *tx) error {
		t.providerChanged(p)
		return t.exec(`INSERT INTO sync_health (provider_id, skew_ms, oldest_at, keeps_ms, checked_at, deep_at)
				SELECT id, coalesce(?2, 0), coalesce(?3, ?7), coalesce(?4, 0), ?5, ?6 FROM providers WHERE id = ?1
			ON CONFLICT (provider_id) DO UPDATE SET skew_ms = coalesce(?2, skew_ms),
				oldest_at = coalesce(?3, min(oldest_at, ?7), ?7, oldest_at),
				keeps_ms = coalesce(?4, keeps_ms), checked_at = coalesce(?5, checked_at), deep_at = coalesce(?6, deep_at)`,
			p.ID, millis(r.Skew), stamp(r.Oldest), millis(r.Keeps), stamp(r.CheckedAt), stamp(r.DeepAt), stamp(r.Seen))
	})
}

func millis(d *time.Duration) any {
	if d == nil {
		return nil
	}
	return d.Milliseconds()
}

// succeeded notes when a sync did.
func (t *tx) succeeded(p app.Provider) error {
	return t.exec(`INSERT INTO sync_health (provider_id, last_ok_at) VALUES (?1, ?2)
		ON CONFLICT (provider_id) DO UPDATE SET last_ok_at = ?2`, p.ID, stamp(t.now))
}

// dueFetches makes waiting downloads of an integration due.
func (t *tx) dueFetches(p app.Provider) error {
	t.queued = append(t.queued, app.JobFetch)
	return t.exec(`UPDATE jobs SET run_at = ?1 WHERE kind = ?2 AND lease_until IS NULL AND run_at > ?1 AND key IN (
		SELECT id FROM recordings WHERE business_id = ?3 AND provider_id = ?4 AND status = ?5)`,
		stamp(t.now), app.JobFetch, p.BusinessID, p.ID, app.AwaitingAudio)
}

// sayOfPhone puts words about a phone system into the feed.
func (t *tx) sayOfPhone(p app.Provider, severity app.Severity, said map[string]words) error {
	return t.say(app.FeedItem{
		BusinessID: p.BusinessID, Severity: severity, Data: []byte(toJSON(map[string]string{"providerId": p.ID})),
	}, said, "")
}

func circuitOpened(p app.Provider) map[string]words {
	return map[string]words{
		"en": {"Phone system is away: " + p.Name, "It failed " + strconv.Itoa(tripped) + " times in a row and is asked less often until it answers. No call is lost: what is missing is fetched then."},
		"th": {"ระบบโทรศัพท์ไม่ตอบ: " + p.Name, "ติดต่อไม่สำเร็จ " + strconv.Itoa(tripped) + " ครั้งติดกัน ระบบจะลองห่างขึ้นจนกว่าจะตอบ สายที่ขาดจะถูกดึงมาเมื่อกลับมาใช้ได้"},
	}
}

func circuitClosed(p app.Provider) map[string]words {
	return map[string]words{
		"en": {"Phone system answers again: " + p.Name, "What was missing is being fetched."},
		"th": {"ระบบโทรศัพท์กลับมาตอบแล้ว: " + p.Name, "กำลังดึงสายที่ขาด"},
	}
}

func stoppedPhone(p app.Provider) map[string]words {
	return map[string]words{
		"en": {"Phone system refuses the password: " + p.Name, "It is not asked any more, so that the account is not locked. Give the right password under Settings → Providers."},
		"th": {"ระบบโทรศัพท์ปฏิเสธรหัสผ่าน: " + p.Name, "หยุดดึงสายไว้ก่อนเพื่อไม่ให้บัญชีถูกล็อก ใส่รหัสผ่านที่ถูกต้องที่ ตั้งค่า → Providers"},
	}
}
