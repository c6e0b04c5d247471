package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"

	"crk/app"
)

// sealedDiscord is the purpose that a webhook's token is sealed for.
const sealedDiscord = "discord"

const discordColumns = `id, business_id, name, webhook_id, thread_id, active, state, created_at, last_delivery_at, last_error`

func scanDiscord(row scanner) (w app.DiscordWebhook, err error) {
	err = row.Scan(&w.ID, &w.BusinessID, &w.Name, &w.WebhookID, &w.ThreadID, &w.Active, &w.State,
		instant{&w.CreatedAt}, instant{&w.LastDeliveryAt}, &w.LastError)
	return w, err
}

// AddDiscordWebhook saves a webhook and returns it. Its token is sealed. The
// same one a second time in a business is a Conflict, which is found by a keyed
// hash: the tokens themselves are never compared.
func (s *Store) AddDiscordWebhook(ctx context.Context, w app.DiscordWebhook) (app.DiscordWebhook, error) {
	key, err := s.HashKey(ctx)
	if err != nil {
		return w, err
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte(w.WebhookID + "/" + w.Token.Reveal() + "/" + w.ThreadID))
	w.ID, w.Active, w.State = newID(), true, app.ChatOK
	sealed, err := s.box.Seal(sealedDiscord, w.ID, []byte(w.Token.Reveal()))
	if err != nil {
		return w, fmt.Errorf("store: seal the token of a Discord webhook: %w", err)
	}
	err = s.write(ctx, func(t *tx) error {
		w.CreatedAt = t.now
		t.discordChanged(w)
		err := t.exec(`INSERT INTO discord_webhooks (id, business_id, name, webhook_id, token, fingerprint, thread_id, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			w.ID, w.BusinessID, w.Name, w.WebhookID, sealed, h.Sum(nil), w.ThreadID, stamp(t.now))
		if taken(err) {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "This webhook was added already."}
		}
		if err != nil {
			return err
		}
		return t.audit(w.BusinessID, "discord.create", w.ID, w.Name)
	})
	return w, err
}

// DiscordWebhooks returns a business's webhooks without their tokens, newest
// first.
func (s *Store) DiscordWebhooks(ctx context.Context, business app.BusinessID) ([]app.DiscordWebhook, error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT `+discordColumns+` FROM discord_webhooks
		WHERE business_id = ? ORDER BY created_at DESC, id DESC`, business)
	return collect(rows, err, scanDiscord)
}

// DiscordWebhook returns one webhook of a business with its token.
func (s *Store) DiscordWebhook(ctx context.Context, business app.BusinessID, id string) (app.DiscordWebhook, error) {
	w, err := scanDiscord(s.reads.QueryRowContext(ctx, `SELECT `+discordColumns+` FROM discord_webhooks WHERE id = ? AND business_id = ?`, id, business))
	if err != nil {
		return w, found(err, "discord webhook")
	}
	var sealed []byte
	if err := s.reads.QueryRowContext(ctx, `SELECT token FROM discord_webhooks WHERE id = ?`, id).Scan(&sealed); err != nil {
		return w, found(err, "discord webhook")
	}
	token, err := s.box.Open(sealedDiscord, id, sealed)
	if err != nil {
		return w, fmt.Errorf("store: open the token of Discord webhook %s: %w", id, err)
	}
	w.Token = app.Secret(token)
	return w, nil
}

// DeleteDiscordWebhook removes a webhook, also from the rules; what is on its
// way to it fails.
func (s *Store) DeleteDiscordWebhook(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		w, err := scanDiscord(t.row(`DELETE FROM discord_webhooks WHERE id = ? AND business_id = ? RETURNING `+discordColumns, id, business))
		if err != nil {
			return found(err, "discord webhook")
		}
		t.discordChanged(w)
		if err := t.removeDestination(business, app.ChannelDiscord, id); err != nil {
			return err
		}
		return t.audit(business, "discord.delete", w.ID, w.Name)
	})
}

func (t *tx) discordChanged(w app.DiscordWebhook) {
	t.changed(app.Change{BusinessID: w.BusinessID, Topic: "discord", ID: w.ID, Status: string(w.State)})
}

// setDiscordState records what Discord says of a webhook. That it is gone is
// said in the feed, once: when it changes.
func (t *tx) setDiscordState(w app.DiscordWebhook, state app.ChatState) error {
	n, err := t.affect(`UPDATE discord_webhooks SET state = ?1 WHERE id = ?2 AND state <> ?1`, state, w.ID)
	if err != nil || n == 0 {
		return err
	}
	w.State = state
	t.discordChanged(w)
	if state == app.ChatOK {
		return nil
	}
	return t.sayLost(w.BusinessID, app.FeedItem{Data: []byte(toJSON(map[string]string{"webhookId": w.ID}))}, lostWebhook(w))
}
