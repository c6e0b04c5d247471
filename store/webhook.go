package store

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"crk/app"
)

const (
	// sealedWebhook is the purpose that a webhook's secrets are sealed for.
	sealedWebhook = "webhook"

	// WebhookOverlap is how long a replaced secret signs beside the new one.
	WebhookOverlap = 24 * time.Hour

	// maxSecrets bounds how many secrets sign at once, however often somebody
	// rotates.
	maxSecrets = 5
)

const webhookColumns = `id, business_id, url, description, events, active, disabled, failing_since,
	last_success_at, last_failure_at, ca, created_at, updated_at`

func scanWebhook(row scanner) (w app.Webhook, err error) {
	err = row.Scan(&w.ID, &w.BusinessID, &w.URL, &w.Description, asJSON{&w.Events}, &w.Active, &w.Disabled, instant{&w.FailingSince},
		instant{&w.LastSuccessAt}, instant{&w.LastFailureAt}, &w.CA, instant{&w.CreatedAt}, instant{&w.UpdatedAt})
	return w, err
}

// CreateWebhook saves a new webhook with the secret that its events are signed
// with, and returns it. A business that has [app.MaxWebhooks] is a Conflict.
func (s *Store) CreateWebhook(ctx context.Context, w app.Webhook, secret app.Secret) (app.Webhook, error) {
	w.ID = newID()
	key, err := s.newWebhookSecret(secret)
	if err != nil {
		return w, err
	}
	err = s.write(ctx, func(t *tx) error {
		var have int
		if err := t.row(`SELECT count(*) FROM webhooks WHERE business_id = ?`, w.BusinessID).Scan(&have); err != nil {
			return err
		}
		if have >= app.MaxWebhooks {
			return conflict(fmt.Sprintf("A business has %d webhooks at most. Delete one first.", app.MaxWebhooks))
		}
		w.CreatedAt, w.UpdatedAt = t.now, t.now
		t.webhookChanged(w)
		err := t.exec(`INSERT INTO webhooks (id, business_id, url, description, events, active, ca, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			w.ID, w.BusinessID, w.URL, w.Description, toJSON(w.Events), w.Active, w.CA, stamp(t.now), stamp(t.now))
		if err != nil {
			return err
		}
		if err := t.addWebhookSecret(w.ID, key); err != nil {
			return err
		}
		return t.auditWebhook(app.Webhook{}, w, "webhook.create")
	})
	return w, err
}

// Webhooks returns a page of a business's webhooks, newest first, and how many
// there are.
func (s *Store) Webhooks(ctx context.Context, business app.BusinessID, limit, offset int) (list []app.Webhook, total int, err error) {
	err = s.reads.QueryRowContext(ctx, `SELECT count(*) FROM webhooks WHERE business_id = ?`, business).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+webhookColumns+` FROM webhooks
		WHERE business_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`, business, limit, offset)
	list, err = collect(rows, err, scanWebhook)
	return list, total, err
}

// Webhook returns one webhook of a business.
func (s *Store) Webhook(ctx context.Context, business app.BusinessID, id string) (app.Webhook, error) {
	w, err := scanWebhook(s.reads.QueryRowContext(ctx, `SELECT `+webhookColumns+` FROM webhooks WHERE id = ? AND business_id = ?`, id, business))
	return w, found(err, "webhook")
}

// webhook reads a webhook inside a write.
func (t *tx) webhook(business app.BusinessID, id string) (app.Webhook, error) {
	w, err := scanWebhook(t.row(`SELECT `+webhookColumns+` FROM webhooks WHERE id = ? AND business_id = ?`, id, business))
	return w, found(err, "webhook")
}

// A WebhookPatch changes a webhook. Nil leaves as it is.
type WebhookPatch struct {
	URL, Description *string
	CA               *string // see [app.Webhook.CA]
	Events           []app.EventType
	Active           *bool
}

// PatchWebhook changes a webhook and returns it. Switching it off holds what is
// not delivered yet. Switching it on, or giving it another address, forgets its
// failures; what was held stays so until it is recovered.
func (s *Store) PatchWebhook(ctx context.Context, business app.BusinessID, id string, p WebhookPatch) (w app.Webhook, err error) {
	err = s.write(ctx, func(t *tx) error {
		if w, err = t.webhook(business, id); err != nil {
			return err
		}
		was := w
		p.apply(&w)
		w.UpdatedAt = t.now
		t.webhookChanged(w)
		err := t.exec(`UPDATE webhooks SET url = ?, description = ?, events = ?, active = ?, disabled = ?, failing_since = ?, ca = ?, updated_at = ?
			WHERE id = ?`, w.URL, w.Description, toJSON(w.Events), w.Active, w.Disabled, stamp(w.FailingSince), w.CA, stamp(t.now), id)
		if err != nil {
			return err
		}
		if err := t.auditWebhook(was, w, "webhook.update"); err != nil {
			return err
		}
		switch {
		case was.Active && !w.Active:
			return t.holdDeliveries(id)
		case w.URL != was.URL || w.CA != was.CA || w.Active && !was.Active:
			return t.forgetDelay(id)
		}
		return nil
	})
	return w, err
}

// apply makes the change to w.
func (p WebhookPatch) apply(w *app.Webhook) {
	if p.URL != nil && *p.URL != w.URL {
		w.URL, w.FailingSince = *p.URL, time.Time{}
	}
	if p.CA != nil {
		w.CA = *p.CA
	}
	if p.Description != nil {
		w.Description = *p.Description
	}
	if p.Events != nil {
		w.Events = p.Events
	}
	if p.Active == nil {
		return
	}
	if *p.Active && !w.Active {
		w.Disabled, w.FailingSince = "", time.Time{}
	}
	w.Active = *p.Active
}

// forgetDelay has a webhook tried at once although it asked to be left alone.
func (t *tx) forgetDelay(id string) error {
	t.queued = append(t.queued, app.JobWebhook)
	return t.exec(`UPDATE webhooks SET not_before = NULL WHERE id = ?`, id)
}

// DeleteWebhook removes a webhook with its deliveries.
func (s *Store) DeleteWebhook(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		w, err := t.webhook(business, id)
		if err != nil {
			return err
		}
		t.webhookChanged(w)
		if err := t.exec(`DELETE FROM webhooks WHERE id = ?`, id); err != nil {
			return err
		}
		return t.audit(business, "webhook.delete", w.ID, w.Description)
	})
}

// RotateWebhookSecret gives a webhook a new secret. The one before signs beside
// it for [WebhookOverlap].
func (s *Store) RotateWebhookSecret(ctx context.Context, business app.BusinessID, id string, secret app.Secret) error {
	key, err := s.newWebhookSecret(secret)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error {
		w, err := t.webhook(business, id)
		if err != nil {
			return err
		}
		err = t.exec(`UPDATE webhook_secrets SET expires_at = ? WHERE webhook_id = ? AND expires_at IS NULL`,
			stamp(t.now.Add(WebhookOverlap)), id)
		if err != nil {
			return err
		}
		err = t.exec(`DELETE FROM webhook_secrets WHERE id IN (SELECT id FROM webhook_secrets WHERE webhook_id = ?
			ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?)`, id, maxSecrets-1)
		if err != nil {
			return err
		}
		if err := t.addWebhookSecret(id, key); err != nil {
			return err
		}
		var touched changes
		touched.hide("secret", true)
		return t.audit(business, "webhook.rotate", id, w.Description, touched...)
	})
}

// auditWebhook writes what is different of a webhook. An address may hold a
// secret behind its host, so only the host is for the log.
func (t *tx) auditWebhook(was, is app.Webhook, action app.Action) error {
	var touched changes
	if host := hostOf(was.URL); host != hostOf(is.URL) {
		touched.set("url", host, hostOf(is.URL))
	} else {
		touched.hide("url", was.URL != is.URL)
	}
	touched.set("description", was.Description, is.Description)
	touched.hide("ca", was.CA != is.CA)
	touched.set("events", was.Events, is.Events)
	touched.set("isActive", was.Active, is.Active)
	return t.audit(is.BusinessID, action, is.ID, is.Description, touched...)
}

// hostOf is the host of an address, empty where it has none.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

// A sealedSecret is a secret ready to be stored.
type sealedSecret struct {
	id     string
	sealed []byte
}

func (s *Store) newWebhookSecret(secret app.Secret) (sealedSecret, error) {
	id := newID()
	sealed, err := s.box.Seal(sealedWebhook, id, []byte(secret.Reveal()))
	if err != nil {
		return sealedSecret{}, fmt.Errorf("store: seal the secret of a webhook: %w", err)
	}
	return sealedSecret{id, sealed}, nil
}

func (t *tx) addWebhookSecret(webhook string, s sealedSecret) error {
	return t.exec(`INSERT INTO webhook_secrets (id, webhook_id, secret, created_at) VALUES (?, ?, ?, ?)`, s.id, webhook, s.sealed, stamp(t.now))
}

// A WebhookTarget is where a webhook's events go, and how they are signed.
type WebhookTarget struct {
	URL     string
	Active  bool
	CA      string       // authorities to trust beside the machine's, as PEM; empty: none
	Secrets []app.Secret // newest first
}

// WebhookTarget returns where a webhook's events go now.
func (s *Store) WebhookTarget(ctx context.Context, business app.BusinessID, id string) (to WebhookTarget, err error) {
	rows, err := s.readHotRows(ctx, `SELECT k.id, k.secret, w.url, w.ca, w.active FROM webhooks w JOIN webhook_secrets k ON k.webhook_id = w.id
		WHERE w.id = ? AND w.business_id = ? AND (k.expires_at IS NULL OR k.expires_at > ?) ORDER BY k.created_at DESC, k.id DESC`,
		id, business, stamp(s.now()))
	sealed, err := collect(rows, err, func(row scanner) (k sealedSecret, err error) {
		err = row.Scan(&k.id, &k.sealed, &to.URL, &to.CA, &to.Active)
		return k, err
	})
	if err != nil {
		return to, err
	}
	if len(sealed) == 0 { // each webhook has a secret
		return to, app.Missing("webhook")
	}
	for _, k := range sealed {
		secret, err := s.openWebhookSecret(k)
		if err != nil {
			return to, err
		}
		to.Secrets = append(to.Secrets, secret)
	}
	return to, nil
}

// openWebhookSecret opens a secret once: to open it for every event would cost
// more than to sign and send that. A row's secret never changes.
func (s *Store) openWebhookSecret(k sealedSecret) (app.Secret, error) {
	if known, ok := s.webhookKeys.Load(k.id); ok {
		return known.(app.Secret), nil
	}
	plain, err := s.box.Open(sealedWebhook, k.id, k.sealed)
	if err != nil {
		return "", fmt.Errorf("store: open the secret of a webhook with the key file: %w", err)
	}
	s.webhookKeys.Store(k.id, app.Secret(plain))
	return app.Secret(plain), nil
}

// webhookChanged publishes that a webhook is different now.
func (t *tx) webhookChanged(w app.Webhook) {
	t.changed(app.Change{BusinessID: w.BusinessID, Topic: "webhook", ID: w.ID})
}
