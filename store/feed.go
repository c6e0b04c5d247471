package store

import (
	"context"

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
	if once != "" {
		var said bool
		if err := t.row(`SELECT EXISTS (SELECT 1 FROM feed WHERE business_id = ? AND once = ?)`, f.BusinessID, once).Scan(&said); err != nil || said {
			return f, err
		}
	}
	var err error
	f.Seq, err = t.insert(`INSERT INTO feed (id, business_id, title, body, severity, data, rule_id, audience, once, sent, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID, f.BusinessID, f.Title, f.Body, f.Severity, nullJSON(f.Data), f.RuleID, f.Audience, orNull(once), f.Sent, stamp(t.now))
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
