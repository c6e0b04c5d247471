package store

import (
	"context"
	"database/sql"
	"errors"

	"crk/app"
)

// addFeed adds an in-app notification, which every connected member gets after
// the commit. once names what may be said only once in a business, such as
// "chat-gone:<id>": said again it adds nothing. It returns the row, whose Seq is
// 0 where nothing was added.
func (t *tx) addFeed(f app.FeedItem, once string) (app.FeedItem, error) {
	if f.ID == "" {
		f.ID = newID()
	}
	f.CreatedAt = t.now
	err := t.row(`INSERT INTO feed (id, business_id, title, body, severity, data, rule_id, audience, once, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (business_id, once) WHERE once IS NOT NULL DO NOTHING RETURNING seq`,
		f.ID, f.BusinessID, f.Title, f.Body, f.Severity, nullJSON(f.Data), f.RuleID, f.Audience, orNull(once), stamp(t.now)).Scan(&f.Seq)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	t.changed(app.Change{BusinessID: f.BusinessID, Topic: "feed", ID: f.ID, Feed: &f})
	return f, nil
}

// AddFeedOnce says something in a business's feed that may be said only once;
// see addFeed. Said again it does nothing.
func (s *Store) AddFeedOnce(ctx context.Context, f app.FeedItem, once string) error {
	return s.write(ctx, func(t *tx) error {
		_, err := t.addFeed(f, once)
		return err
	})
}
