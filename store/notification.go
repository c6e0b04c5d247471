package store

import (
	"context"
	"time"

	"crk/app"
)

// ChannelStatus is how a channel of a business fares.
type ChannelStatus struct {
	Destinations int // that messages can go to now; of the feed, the members
	Sent24h      int
	Failed24h    int
	LastError    string // the code of the latest failure in that time, or empty
}

// ChannelStatuses returns how each channel of a business fares.
func (s *Store) ChannelStatuses(ctx context.Context, business app.BusinessID) (map[string]ChannelStatus, error) {
	out := map[string]ChannelStatus{}
	since := stamp(s.now().Add(-24 * time.Hour))
	for _, channel := range app.Channels() {
		var c ChannelStatus
		err := s.reads.QueryRowContext(ctx, `SELECT
				count(*) FILTER (WHERE status = 'sent') + CASE ?2 WHEN 'in_app' THEN
					(SELECT count(*) FROM feed WHERE business_id = ?1 AND sent = 1 AND created_at >= ?3) ELSE 0 END,
				count(*) FILTER (WHERE status = 'failed'),
				coalesce((SELECT error FROM deliveries WHERE business_id = ?1 AND channel = ?2 AND created_at >= ?3 AND error <> ''
					ORDER BY created_at DESC, id DESC LIMIT 1), ''),
				CASE ?2
					WHEN 'telegram' THEN (SELECT count(*) FROM chats WHERE business_id = ?1 AND active = 1 AND state = 'ok')
					WHEN 'discord' THEN (SELECT count(*) FROM discord_webhooks WHERE business_id = ?1 AND active = 1 AND state = 'ok')
					ELSE (SELECT count(*) FROM members WHERE business_id = ?1 AND suspended_at IS NULL) END
			FROM deliveries WHERE business_id = ?1 AND channel = ?2 AND created_at >= ?3`,
			business, channel, since).Scan(&c.Sent24h, &c.Failed24h, &c.LastError, &c.Destinations)
		if err != nil {
			return nil, err
		}
		out[channel] = c
	}
	return out, nil
}

// MoveChat records what a delivery found out about a chat's address: a group
// with a new id (movedTo, else 0), or a topic that is no more, after which the
// group itself is written to.
func (s *Store) MoveChat(ctx context.Context, c app.Chat, movedTo int64, topicGone bool) error {
	return s.write(ctx, func(t *tx) error {
		if topicGone {
			// Where the business linked the group itself too, its row stays the
			// group's and this one keeps its topic.
			if err := t.exec(`UPDATE OR IGNORE chats SET thread_id = 0 WHERE id = ?`, c.ID); err != nil {
				return err
			}
		}
		if movedTo != 0 && movedTo != c.ChatID {
			return t.migrateChat(c.ChatID, movedTo)
		}
		return nil
	})
}
