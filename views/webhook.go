package views

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

// WebhooksPage is Settings → Webhooks: where the business's own software is
// told of events.
type WebhooksPage struct {
	Items []WebhookCard
	Form  *WebhookForm   // nil: no drawer
	Fresh *WebhookSecret // just made, shown this once; nil: none
}

// A WebhookCard is one webhook and how it fares.
type WebhookCard struct {
	app.Webhook
	Recent []app.WebhookDelivery // newest first
}

// A WebhookForm is the drawer of a webhook.
type WebhookForm struct {
	Form
	ID string // of the one that is changed; empty: a new one
}

// A WebhookSecret is what a webhook's events are signed with from now on.
type WebhookSecret struct {
	app.Webhook
	Secret  string
	Rotated bool // there was one before
}

// WebhookPage is one webhook: how it fares, and what was sent to it.
type WebhookPage struct {
	app.Webhook
	Recent  []app.WebhookDelivery // the latest, newest first
	Pending int                   // deliveries that wait
	Held    int                   // and those kept while it was off
	Items   []app.WebhookDelivery
	Status  string // only those; empty: all
	Older   bool   // not the newest
	Next    string // cursor of what is older; empty: nothing
	Recover Form
}

func (f WebhookForm) action() string {
	if f.ID != "" {
		return "/settings/webhooks/" + f.ID
	}
	return "/settings/webhooks"
}

func webhookTitle(ctx context.Context, f WebhookForm) string {
	if f.ID == "" {
		return T(ctx, "webhooks.add")
	}
	return T(ctx, "webhooks.change")
}

// WebhookName is what a webhook is called: in words, else by its host.
func WebhookName(w app.Webhook) string {
	if w.Description != "" {
		return w.Description
	}
	if u, err := url.Parse(w.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return w.URL
}

// webhookState says whether a webhook works.
func webhookState(ctx context.Context, w app.Webhook) (tone, icon, text string) {
	switch {
	case w.Disabled != "":
		return "bad", "circle-x", T(ctx, "webhook.stopped")
	case !w.Active:
		return "off", "pause", T(ctx, "webhook.paused")
	case !w.FailingSince.IsZero():
		return "warn", "triangle-alert", T(ctx, "webhook.failing", "When", When(ctx, w.FailingSince))
	case w.LastSuccessAt.IsZero():
		return "off", "circle", T(ctx, "webhook.idle")
	}
	return "ok", "circle-check", T(ctx, "webhook.ok")
}

// eventName says in words what an event is.
func eventName(ctx context.Context, e app.EventType) string {
	if e == app.AllEvents {
		return T(ctx, "webhook.event.all")
	}
	return label(ctx, "webhook.event", strings.ReplaceAll(string(e), ".", "_"))
}

// A healthBar is one delivery in the drawing of how a webhook fares.
type healthBar struct {
	class     string
	x         string
	y, height int
}

// healthBars draws the deliveries, the oldest first. Height says the state too.
func healthBars(recent []app.WebhookDelivery) []healthBar {
	const most = 60
	bars := make([]healthBar, 0, len(recent))
	from := most - len(recent)
	for i := range recent {
		d := recent[len(recent)-1-i]
		b := healthBar{class: "wait", y: 16, height: 8, x: fmt.Sprintf("%.2f%%", float64(from+i)*100/most)}
		switch {
		case d.Status == app.WebhookFailed:
			b.class, b.y, b.height = "bad", 0, 24
		case d.Status == app.WebhookDelivered && len(d.Attempts) == 1:
			b.class, b.y, b.height = "ok", 8, 16
		case d.Status == app.WebhookDelivered, len(d.Attempts) > 0:
			b.class, b.y, b.height = "slow", 5, 19
		}
		bars = append(bars, b)
	}
	return bars
}

// A webhookRate sums up the deliveries of a card.
type webhookRate struct {
	ended, arrived, waiting, held int
	average                       time.Duration // of the attempts that arrived
}

func (c WebhookCard) rate() (r webhookRate) {
	var total time.Duration
	for _, d := range c.Recent {
		switch d.Status {
		case app.WebhookPending:
			r.waiting++
		case app.WebhookHeld:
			r.held++
		case app.WebhookFailed:
			r.ended++
		case app.WebhookDelivered:
			r.ended++
			r.arrived++
			if n := len(d.Attempts); n > 0 {
				total += d.Attempts[n-1].Duration
			}
		}
	}
	if r.arrived > 0 {
		r.average = total / time.Duration(r.arrived)
	}
	return r
}

// milliseconds is a short length of time, as "84 ms", "2.1 s".
func milliseconds(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return Figure(d.Seconds()) + " s"
}

// lastAttempt returns the latest attempt of a delivery, false where none was made.
func lastAttempt(d app.WebhookDelivery) (app.WebhookAttempt, bool) {
	if len(d.Attempts) == 0 {
		return app.WebhookAttempt{}, false
	}
	return d.Attempts[len(d.Attempts)-1], true
}

// webhookAnswer is what came of an attempt: the status of the answer, else why
// there was none.
func webhookAnswer(ctx context.Context, a app.WebhookAttempt) string {
	if a.Status != 0 {
		return strconv.Itoa(a.Status)
	}
	return label(ctx, "webhook.error", a.Error)
}

// shownTries is how many attempts of a delivery are drawn: the latest.
const shownTries = 10

// drawnTries are the attempts that are drawn.
func drawnTries(d app.WebhookDelivery) []app.WebhookAttempt {
	return d.Attempts[max(0, len(d.Attempts)-shownTries):]
}

// tryX is where the mark of the n-th drawn attempt stands.
func tryX(n int) string { return fmt.Sprintf("%d%%", 4+n*9) }

// pretty is a delivery's body on lines of its own.
func pretty(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, body, "", "  ") != nil {
		return string(body)
	}
	return b.String()
}

// path is an address below the webhook's.
func (p WebhookPage) path(below string) string { return "/settings/webhooks/" + p.ID + below }

// keptSince is the day from which on everything that is kept is sent again:
// nothing is kept for longer.
func (p WebhookPage) keptSince() string {
	return p.CreatedAt.UTC().AddDate(0, 0, -1).Format(time.DateOnly)
}

// trialEvents are the events that the webhook is told of.
func (p WebhookPage) trialEvents() (out []app.EventType) {
	for _, e := range app.EventTypes() {
		if p.Wants(e) {
			out = append(out, e)
		}
	}
	return out
}

func eventOptions(ctx context.Context, events []app.EventType) []Option {
	var out []Option
	for _, e := range events {
		out = append(out, Option{string(e), eventName(ctx, e)})
	}
	return out
}

// exampleBody is what is sent of an event.
func exampleBody(ctx context.Context, e app.EventType, b app.BusinessID) string {
	at := now(ctx).UTC().Truncate(time.Second)
	body, err := json.Marshal(app.Event{Type: e, Timestamp: at, Data: app.ExampleData(e, b, at, "https://crk.example.com")})
	if err != nil {
		return ""
	}
	return pretty(body)
}

// nextEvents is the address of the page of what is older.
func (p WebhookPage) nextEvents() string {
	q := url.Values{"cursor": {p.Next}}
	if p.Status != "" {
		q.Set("status", p.Status)
	}
	return address("/settings/webhooks/"+p.ID, q)
}
