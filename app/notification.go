package app

import (
	"encoding/json"
	"slices"
	"time"
)

// A Severity is how much a message matters.
type Severity string

// The severities. Info and success rank the same.
const (
	Info     Severity = "info"
	Success  Severity = "success"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Severities lists every severity.
func Severities() []Severity { return []Severity{Info, Success, Warning, Critical} }

// Valid reports whether s is a known severity.
func (s Severity) Valid() bool { return slices.Contains(Severities(), s) }

// Rank orders severities: info = success < warning < critical.
func (s Severity) Rank() int {
	switch s {
	case Warning:
		return 1
	case Critical:
		return 2
	}
	return 0
}

// The channels of notifications.
const (
	ChannelTelegram = "telegram"
	ChannelDiscord  = "discord"
	ChannelInApp    = "in_app"
)

// Channels lists every channel.
func Channels() []string { return []string{ChannelTelegram, ChannelDiscord, ChannelInApp} }

// A ChatState is what Telegram says of a chat.
type ChatState string

// The states of a chat.
const (
	ChatOK      ChatState = "ok"
	ChatBlocked ChatState = "blocked" // the bot was blocked or removed; may come back
	ChatGone    ChatState = "gone"    // the chat is no more
)

// A Chat is a Telegram chat, or one topic of it, linked to a business.
type Chat struct {
	ID             string
	BusinessID     BusinessID
	ChatID         int64 // Telegram's; groups are negative
	ThreadID       int64 // a topic's; 0: none
	Title          string
	Type           string // private, group, supergroup, channel
	Active         bool   // the people's switch
	State          ChatState
	LinkedAt       time.Time
	LastDeliveryAt time.Time
	LastError      string // a code
}

// A DiscordWebhook is a Discord channel that messages may be posted to.
type DiscordWebhook struct {
	ID             string
	BusinessID     BusinessID
	Name           string
	WebhookID      string // Discord's own id
	Token          Secret
	ThreadID       string
	Active         bool
	State          ChatState
	CreatedAt      time.Time
	LastDeliveryAt time.Time
	LastError      string
}

// A FeedItem is one in-app notification of a business.
type FeedItem struct {
	Seq        int64 // commit order
	ID         string
	BusinessID BusinessID
	Title      string
	Body       string
	Severity   Severity
	Data       json.RawMessage // an object, or nil
	RuleID     string          // the automation that made it, or empty
	Audience   Audience        // of the members: whose feed it is in
	Sent       bool            // by hand: it is a delivery too, which has no row of its own
	CreatedAt  time.Time
	ReadAt     time.Time // by the user who asks; zero: unread
}

// The states of a delivery.
const (
	DeliveryQueued = "queued"
	DeliverySent   = "sent"
	DeliveryFailed = "failed"
)

// A Delivery is one message to one destination.
type Delivery struct {
	ID            string
	BusinessID    BusinessID
	Channel       string
	ChatID        string // a Chat's ID, for telegram
	WebhookID     string // a DiscordWebhook's ID, for discord
	Destination   string // "telegram:<id>", "discord:<id>" or "in_app": its lane
	AutomationID  string // empty for a message sent by hand
	RecordingID   string
	AnalysisID    string
	Title         string
	Body          string
	Link          string
	Severity      Severity
	Data          json.RawMessage
	Audience      Audience // in_app alone: for whom
	Status        string
	Attempts      int
	Error         string // a code: chat_blocked, rate_limited, timeout, …
	NextAttemptAt time.Time
	CreatedAt     time.Time
	SentAt        time.Time
}

// FeedItem returns the in-app notification that the delivery is. It has the
// delivery's id; the link, if there is one, is its data's "link".
func (d Delivery) FeedItem() FeedItem {
	f := FeedItem{
		ID: d.ID, BusinessID: d.BusinessID, Title: d.Title, Body: d.Body, Severity: d.Severity, Data: d.Data, RuleID: d.AutomationID,
		Audience: d.Audience,
	}
	if d.Link == "" {
		return f
	}
	data := map[string]json.RawMessage{}
	if len(d.Data) > 0 && json.Unmarshal(d.Data, &data) != nil {
		data = map[string]json.RawMessage{} // no object; it was checked when it came in
	}
	link, err := json.Marshal(d.Link)
	if err != nil {
		return f
	}
	data["link"] = link
	if b, err := json.Marshal(data); err == nil {
		f.Data = b
	}
	return f
}

// Delivery returns the delivery that an in-app notification is which was sent by
// hand: it was over as soon as it began.
func (f FeedItem) Delivery() Delivery {
	return Delivery{
		ID: f.ID, BusinessID: f.BusinessID, Channel: ChannelInApp, Destination: ChannelInApp, Title: f.Title, Body: f.Body,
		Severity: f.Severity, Data: f.Data, Status: DeliverySent, Attempts: 1, CreatedAt: f.CreatedAt, SentAt: f.CreatedAt,
	}
}

// Preferences say what of the feed reaches one user of one business, and how.
type Preferences struct {
	InAppEnabled bool     `json:"inAppEnabled"`
	Sound        bool     `json:"sound"`
	Desktop      bool     `json:"desktop"`
	MinSeverity  Severity `json:"minSeverity"`
	MutedRuleIDs []string `json:"mutedRuleIds"`
}

// DefaultPreferences are those of a user who has set none.
func DefaultPreferences() Preferences {
	return Preferences{InAppEnabled: true, Sound: true, MinSeverity: Info, MutedRuleIDs: []string{}}
}

// Pass reports whether an item goes to the user's stream, sound and badge.
func (p Preferences) Pass(f FeedItem) bool {
	return p.InAppEnabled && f.Severity.Rank() >= p.MinSeverity.Rank() &&
		(f.RuleID == "" || !slices.Contains(p.MutedRuleIDs, f.RuleID))
}

// TopicRights is the topic of a change of what somebody may do: ID is that of a
// key or session that serves no more, or, where it is empty, UserID and perhaps
// BusinessID say whose role, key or account is different now.
const TopicRights = "rights"

// A Change says that something a dashboard shows is different now.
type Change struct {
	BusinessID BusinessID
	Topic      string // "recording", "provider", "feed", "delivery", …
	ID         string
	Status     string    // a recording's status, or empty
	Feed       *FeedItem // with topic "feed": the new row
	UserID     UserID    // set where only this user's view changed, as read marks
	AgentKey   string    // with topic "recording": whose call it is
}
