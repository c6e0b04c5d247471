package store

import (
	"context"
	"database/sql"
	"errors"

	"crk/app"
)

const feedColumns = `f.seq, f.id, f.business_id, f.title, f.body, f.severity, f.data, f.rule_id, f.audience, f.sent, f.created_at`

func feedDest(f *app.FeedItem, data *[]byte) []any {
	return []any{&f.Seq, &f.ID, &f.BusinessID, &f.Title, &f.Body, &f.Severity, data, &f.RuleID, &f.Audience, &f.Sent, instant{&f.CreatedAt}}
}

func scanFeed(row scanner) (f app.FeedItem, err error) {
	var data []byte
	err = row.Scan(feedDest(&f, &data)...)
	f.Data = data
	return f, err
}

// scanFeedFor also scans when the user read the row.
func scanFeedFor(row scanner) (f app.FeedItem, err error) {
	var data []byte
	err = row.Scan(append(feedDest(&f, &data), instant{&f.ReadAt})...)
	f.Data = data
	return f, err
}

// What a user has read: everything up to a mark, and single rows after it.
const (
	feedReadAt = `coalesce(
		(SELECT read_at FROM feed_reads WHERE user_id = ?1 AND feed_seq = f.seq),
		(SELECT read_at FROM feed_marks WHERE business_id = f.business_id AND user_id = ?1 AND seq >= f.seq))`
	feedUnread = `f.seq > coalesce((SELECT seq FROM feed_marks WHERE business_id = ?2 AND user_id = ?1), 0)
		AND NOT EXISTS (SELECT 1 FROM feed_reads WHERE user_id = ?1 AND feed_seq = f.seq)`

	// feedMine is true of what is for everybody or for a role that the user has;
	// the bits are app.Audience's.
	feedMine = `(f.audience = 0 OR f.audience & (SELECT CASE role WHEN 'owner' THEN 1 WHEN 'admin' THEN 2 WHEN 'supervisor' THEN 4
		WHEN 'agent' THEN 8 WHEN 'viewer' THEN 16 END FROM members WHERE business_id = ?2 AND user_id = ?1) <> 0)`
)

// Feed returns a page of a business's feed as a user sees it, newest first:
// rows before the sequence number given, or the newest for 0. With unread, only
// what the user has not read.
func (s *Store) Feed(ctx context.Context, business app.BusinessID, user app.UserID, before int64, unread bool, limit int) ([]app.FeedItem, error) {
	only := ""
	if unread {
		only = " AND " + feedUnread
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+feedColumns+`, `+feedReadAt+`
		FROM feed f WHERE f.business_id = ?2 AND (?3 = 0 OR f.seq < ?3) AND `+feedMine+only+` ORDER BY f.seq DESC LIMIT ?4`,
		user, business, before, limit)
	return collect(rows, err, scanFeedFor)
}

// FeedItem returns one row of a business's feed as a user sees it.
func (s *Store) FeedItem(ctx context.Context, business app.BusinessID, user app.UserID, id string) (app.FeedItem, error) {
	f, err := scanFeedFor(s.reads.QueryRowContext(ctx, `SELECT `+feedColumns+`, `+feedReadAt+`
		FROM feed f WHERE f.business_id = ?2 AND f.id = ?3 AND `+feedMine, user, business, id))
	return f, found(err, "notification")
}

// FeedAfter returns rows of a business's feed after a sequence number, in
// commit order, whoever they are for.
func (s *Store) FeedAfter(ctx context.Context, business app.BusinessID, seq int64, limit int) ([]app.FeedItem, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+feedColumns+`
		FROM feed f WHERE f.business_id = ? AND f.seq > ? ORDER BY f.seq LIMIT ?`, business, seq, limit)
	return collect(rows, err, scanFeed)
}

// FeedSeq returns the sequence number of a row, and false where a business has
// no such row (any more).
func (s *Store) FeedSeq(ctx context.Context, business app.BusinessID, id string) (seq int64, ok bool, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT seq FROM feed WHERE business_id = ? AND id = ?`, business, id).Scan(&seq)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return seq, err == nil, err
}

// LastFeed returns the newest row of a business's feed; its ID is empty where
// there is none.
func (s *Store) LastFeed(ctx context.Context, business app.BusinessID) (app.FeedItem, error) {
	f, err := scanFeed(s.reads.QueryRowContext(ctx, `SELECT `+feedColumns+`
		FROM feed f WHERE f.business_id = ? ORDER BY f.seq DESC LIMIT 1`, business))
	if errors.Is(err, sql.ErrNoRows) {
		return app.FeedItem{}, nil
	}
	return f, err
}

// UnreadCount returns how many rows a user has not read, of those that the
// user's preferences let through.
func (s *Store) UnreadCount(ctx context.Context, business app.BusinessID, user app.UserID) (n int, err error) {
	p, err := s.Preferences(ctx, business, user)
	if err != nil || !p.InAppEnabled {
		return 0, err
	}
	w := &where{}
	w.add(feedUnread+" AND f.business_id = ?2 AND "+feedMine, user, business)
	for _, severity := range app.Severities() {
		if severity.Rank() < p.MinSeverity.Rank() {
			w.add("f.severity <> ?", severity)
		}
	}
	for _, rule := range p.MutedRuleIDs {
		w.add("f.rule_id <> ?", rule)
	}
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM feed f WHERE `+w.sql(), w.args...).Scan(&n)
	return n, err
}

// MarkRead marks one row as read by a user, and tells the user's other tabs.
func (s *Store) MarkRead(ctx context.Context, business app.BusinessID, user app.UserID, id string) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.affect(`INSERT INTO feed_reads (user_id, feed_seq, read_at)
			SELECT ?1, seq, ?3 FROM feed f WHERE business_id = ?2 AND id = ?4 AND `+feedMine+` ON CONFLICT DO NOTHING`,
			user, business, stamp(t.now), id)
		if err != nil {
			return err
		}
		if n == 0 { // read already, or not there
			var there bool
			if err := t.row(`SELECT EXISTS (SELECT 1 FROM feed f WHERE business_id = ?2 AND id = ?3 AND `+feedMine+`)`, user, business, id).Scan(&there); err != nil {
				return err
			}
			if !there {
				return app.Missing("notification")
			}
			return nil
		}
		t.changed(app.Change{BusinessID: business, UserID: user, Topic: "read", ID: id})
		return nil
	})
}

// MarkAllRead marks everything that is in the feed now as read by a user.
func (s *Store) MarkAllRead(ctx context.Context, business app.BusinessID, user app.UserID) error {
	return s.write(ctx, func(t *tx) error {
		err := t.exec(`INSERT INTO feed_marks (business_id, user_id, seq, read_at)
			SELECT ?1, ?2, coalesce(max(seq), 0), ?3 FROM feed WHERE business_id = ?1
			ON CONFLICT (business_id, user_id) DO UPDATE SET seq = excluded.seq, read_at = excluded.read_at`, business, user, stamp(t.now))
		if err != nil {
			return err
		}
		t.changed(app.Change{BusinessID: business, UserID: user, Topic: "read"})
		return t.exec(`DELETE FROM feed_reads WHERE user_id = ?1 AND feed_seq IN (
			SELECT r.feed_seq FROM feed_reads r JOIN feed f ON f.seq = r.feed_seq WHERE r.user_id = ?1 AND f.business_id = ?2)`, user, business)
	})
}
