package views

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"crk/app"
)

// NotificationsPage is the feed.
type NotificationsPage struct {
	Items    []app.FeedItem // newest first
	Unread   int
	Only     string // "", "unread" or "critical"
	Next     string // the cursor of what follows, or empty
	Older    bool   // this is not the first page
	Channels []ChannelCount
	Prefer   app.Preferences
}

// A ChannelCount is what became of a channel's messages in the last day.
type ChannelCount struct {
	Channel string
	Sent    int
	Failed  int
}

// DeliveriesPage is what was sent where.
type DeliveriesPage struct {
	Items  []app.Delivery
	Places map[string]string // names of destinations, by chat or webhook id
	Rules  map[string]string // names of rules, by id
	Failed bool              // only what failed
	Next   string
	Unread int
}

// A feedDay is the notifications of one day.
type feedDay struct {
	at    time.Time
	items []app.FeedItem
}

// days groups the items by the reader's days.
func (p NotificationsPage) days(ctx context.Context) []feedDay {
	var out []feedDay
	for _, item := range p.Items {
		if n := len(out); n > 0 && sameDay(ctx, out[n-1].at, item.CreatedAt) {
			out[n-1].items = append(out[n-1].items, item)
			continue
		}
		out = append(out, feedDay{item.CreatedAt, []app.FeedItem{item}})
	}
	return out
}

func (p NotificationsPage) here(cursor string) string {
	q := url.Values{}
	if p.Only != "" {
		q.Set("only", p.Only)
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	return address("/notifications", q)
}

// severityClass is how a severity looks.
func severityClass(s app.Severity) string {
	switch s {
	case app.Critical:
		return "crit"
	case app.Warning:
		return "warn"
	case app.Success:
		return "ok"
	}
	return "info"
}

func severityIcon(s app.Severity) string {
	switch s {
	case app.Critical, app.Warning:
		return "triangle-alert"
	case app.Success:
		return "circle-check"
	}
	return "bell"
}

// feedLink is where a notification leads: its data.link, if that is a web
// address, else the call that it is about, else nowhere.
func feedLink(item app.FeedItem) string {
	var data struct {
		Link        string `json:"link"`
		RecordingID string `json:"recordingId"`
	}
	if json.Unmarshal(item.Data, &data) != nil {
		return ""
	}
	if data.RecordingID != "" {
		return "/calls/" + url.PathEscape(data.RecordingID)
	}
	if strings.HasPrefix(data.Link, "https://") || strings.HasPrefix(data.Link, "http://") {
		return data.Link
	}
	return ""
}

// channelIcon is the drawing of a channel.
func channelIcon(channel string) string {
	switch channel {
	case app.ChannelTelegram:
		return "send"
	case app.ChannelDiscord:
		return "discord"
	}
	return "bell"
}

// preferForm is the reader's wishes as a form.
func preferForm(p app.Preferences) Form {
	return Form{Values: url.Values{"minSeverity": {string(p.MinSeverity)}}}
}

// mayRetry reports whether a delivery can be sent again by hand: what an
// automation failed to send, by who may change notifications.
func (p DeliveriesPage) mayRetry(f Frame, d app.Delivery) bool {
	return d.Status == app.DeliveryFailed && d.AutomationID != "" && f.Can.Allow(app.ManageNotifications)
}

// place is what a delivery's destination is called.
func (p DeliveriesPage) place(ctx context.Context, d app.Delivery) string {
	for _, id := range []string{d.ChatID, d.WebhookID} {
		if name := p.Places[id]; name != "" {
			return name
		}
	}
	return label(ctx, "channel", d.Channel)
}
