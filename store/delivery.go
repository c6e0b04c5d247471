package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"crk/app"
)

const deliveryColumns = `id, business_id, channel, destination, automation_id, recording_id, analysis_id, title, body, link,
	severity, data, audience, status, attempts, error, next_attempt_at, created_at, sent_at`

func scanDelivery(row scanner) (d app.Delivery, err error) {
	var data []byte
	err = row.Scan(&d.ID, &d.BusinessID, &d.Channel, &d.Destination, &d.AutomationID, &d.RecordingID, &d.AnalysisID,
		&d.Title, &d.Body, &d.Link, &d.Severity, &data, &d.Audience, &d.Status, &d.Attempts, &d.Error,
		instant{&d.NextAttemptAt}, instant{&d.CreatedAt}, instant{&d.SentAt})
	d.Data = data
	_, id, _ := strings.Cut(d.Destination, ":")
	switch d.Channel {
	case app.ChannelTelegram:
		d.ChatID = id
	case app.ChannelDiscord:
		d.WebhookID = id
	}
	return d, err
}

// An Outcome is what came of trying to deliver.
type Outcome struct {
	Tried bool          // the destination was asked; else it was known not to be of use
	Code  string        // why it was not sent; empty: it was
	State app.ChatState // what the destination turned out to be; empty: nothing new
	Again time.Time     // when it will be tried again; zero: it is over
}

// EndDelivery saves the end of a delivery that a job was for and finishes the
// job. It returns ErrLease where the job is not held any more.
func (s *Store) EndDelivery(ctx context.Context, j app.Job, d app.Delivery, o Outcome) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		return t.settle(d, o)
	})
}

// NoteAttempt saves that a delivery failed and will be tried again. It returns
// ErrLease where the job is not held any more: then the attempt is another's.
func (s *Store) NoteAttempt(ctx context.Context, j app.Job, d app.Delivery, o Outcome) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err
		}
		return t.settle(d, o)
	})
}

// AddDelivery saves a message that was sent by hand, with what came of it, and
// returns its id.
func (s *Store) AddDelivery(ctx context.Context, d app.Delivery, o Outcome) (string, error) {
	d.ID, d.Status = newID(), app.DeliveryQueued
	return d.ID, s.write(ctx, func(t *tx) error {
		if err := t.insertDelivery(d); err != nil {
			return err
		}
		return t.settle(d, o)
	})
}

// AddInApp says something in the feed, at once and by hand: the row is its own
// delivery, and has the id that is returned. Ids are made in commit order.
func (s *Store) AddInApp(ctx context.Context, d app.Delivery) (id string, err error) {
	f := d.FeedItem()
	f.Sent = true
	err = s.writeOften(ctx, func(t *tx) error {
		id = newID()
		f.ID = id
		if _, err := t.addFeed(f, ""); err != nil {
			return err
		}
		t.changed(app.Change{BusinessID: f.BusinessID, Topic: "delivery", ID: id, Status: app.DeliverySent})
		t.count(f.BusinessID, app.ChannelMeter(app.ChannelInApp), id)
		return nil
	})
	return id, err
}

// DeliverInApp puts a delivery into the feed and finishes its job.
func (s *Store) DeliverInApp(ctx context.Context, j app.Job, d app.Delivery) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.finish(j); err != nil {
			return err
		}
		if _, err := t.addFeed(d.FeedItem(), ""); err != nil {
			return err
		}
		return t.settle(d, Outcome{Tried: true})
	})
}

// RetryDelivery sends what an automation failed to send once more: as a new job,
// with all its attempts before it. The automation counts it as failed no longer,
// until it is known what came of it. It is NotFound where the business has no
// such delivery, and a Conflict where it has not failed or is not of an
// automation: what was sent by hand is its sender's to send again.
func (s *Store) RetryDelivery(ctx context.Context, business app.BusinessID, id string) error {
	return s.write(ctx, func(t *tx) error {
		d, err := scanDelivery(t.row(`SELECT `+deliveryColumns+` FROM deliveries WHERE id = ? AND business_id = ?`, id, business))
		if err != nil {
			return found(err, "delivery")
		}
		if d.Status != app.DeliveryFailed || d.AutomationID == "" {
			return &app.Error{Kind: app.Conflict, Code: "conflict", Message: "Only what an automation failed to send can be sent again."}
		}
		d.Status = app.DeliveryQueued
		err = t.exec(`UPDATE deliveries SET status = ?, error = '', next_attempt_at = ? WHERE id = ?`, d.Status, stamp(t.now), d.ID)
		if err != nil {
			return err
		}
		err = t.exec(`UPDATE automations SET failed = max(failed - 1, 0) WHERE id = ? AND business_id = ?`, d.AutomationID, business)
		if err != nil {
			return err
		}
		t.changed(app.Change{BusinessID: business, Topic: "delivery", ID: d.ID, Status: d.Status})
		return t.queue(app.Job{Kind: app.JobDeliver, BusinessID: business, Key: d.ID, Lane: d.Destination, Priority: app.PriorityLive})
	})
}

func (t *tx) insertDelivery(d app.Delivery) error {
	return t.exec(`INSERT INTO deliveries (id, business_id, channel, destination, title, body, link, severity, data, status, attempts, created_at, sent_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.BusinessID, d.Channel, d.Destination, d.Title, d.Body, d.Link, d.Severity, nullJSON(d.Data),
		d.Status, d.Attempts, stamp(t.now), stamp(d.SentAt))
}

// settle saves what came of an attempt: in the delivery, its automation's
// counts, its destination and its call's history.
func (t *tx) settle(d app.Delivery, o Outcome) error {
	var sentAt time.Time
	switch {
	case o.Code == "":
		d.Status, sentAt = app.DeliverySent, t.now
	case o.Again.IsZero():
		d.Status = app.DeliveryFailed
	default:
		d.Status = app.DeliveryQueued
	}
	tried := 0
	if o.Tried {
		tried = 1
	}
	err := t.exec(`UPDATE deliveries SET status = ?, attempts = attempts + ?, error = ?, next_attempt_at = ?, sent_at = ? WHERE id = ?`,
		d.Status, tried, o.Code, stamp(o.Again), stamp(sentAt), d.ID)
	if err != nil {
		return err
	}
	t.changed(app.Change{BusinessID: d.BusinessID, Topic: "delivery", ID: d.ID, Status: d.Status})
	if err := t.countDelivery(d); err != nil {
		return err
	}
	if d.Status == app.DeliverySent {
		t.count(d.BusinessID, app.ChannelMeter(d.Channel), d.ID)
	}
	if d.RecordingID != "" && d.Status == app.DeliverySent {
		if err := t.noteDelivered(d); err != nil {
			return err
		}
	}
	return t.settleDestination(d, o)
}

// noteDelivered adds to the history of a call, if it is still there, that
// somebody was told.
func (t *tx) noteDelivered(d app.Delivery) error {
	var there bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM recordings WHERE id = ? AND business_id = ?)`, d.RecordingID, d.BusinessID).Scan(&there)
	if err != nil || !there {
		return err
	}
	return t.note(d.RecordingID, "notified", d.Channel)
}

// settleDestination saves what an attempt told of the chat or webhook, if it is
// still there.
func (t *tx) settleDestination(d app.Delivery, o Outcome) error {
	var err error
	switch {
	case o.Tried && d.ChatID != "":
		err = t.settleChat(d, o)
	case o.Tried && d.WebhookID != "":
		err = t.settleDiscord(d, o)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

const settleQuery = ` SET last_error = ?1, last_delivery_at = CASE ?1 WHEN '' THEN ?2 ELSE last_delivery_at END
	WHERE id = ?3 AND business_id = ?4 RETURNING `

func (t *tx) settleChat(d app.Delivery, o Outcome) error {
	c, err := scanChat(t.row(`UPDATE chats`+settleQuery+chatColumns, o.Code, stamp(t.now), d.ChatID, d.BusinessID))
	if err != nil {
		return err
	}
	t.chatChanged(c)
	if o.State == "" || o.State == c.State {
		return nil
	}
	return t.setChatState(c, o.State)
}

func (t *tx) settleDiscord(d app.Delivery, o Outcome) error {
	w, err := scanDiscord(t.row(`UPDATE discord_webhooks`+settleQuery+discordColumns, o.Code, stamp(t.now), d.WebhookID, d.BusinessID))
	if err != nil {
		return err
	}
	t.discordChanged(w)
	if o.State == "" || o.State == w.State {
		return nil
	}
	return t.setDiscordState(w, o.State)
}
