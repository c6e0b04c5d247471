package app

import (
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Webhook is an address of a business's own software that is told of events.
// Not to be confused with a [DiscordWebhook], which takes messages for people.
type Webhook struct {
	ID            string
	BusinessID    BusinessID
	URL           string
	Description   string
	Events        []EventType // what it wants to be told; AllEvents stands for everything
	Active        bool
	Disabled      WebhookReason // why the appliance itself switched it off; empty: it did not
	FailingSince  time.Time     // of the first failure since the last success; zero: it does not fail
	LastSuccessAt time.Time
	LastFailureAt time.Time
	CA            string // certificate authorities, as PEM, that its address is trusted by beside the machine's; empty: none
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// Wants reports whether the webhook is to be told of events of a type.
func (w Webhook) Wants(e EventType) bool {
	return slices.Contains(w.Events, AllEvents) || slices.Contains(w.Events, e)
}

// A WebhookReason is why the appliance switched a webhook off by itself.
type WebhookReason string

// The reasons.
const (
	WebhookGone    WebhookReason = "gone"    // it answered 410
	WebhookFailing WebhookReason = "failing" // nothing but failures for WebhookPatience
)

// WebhookPatience is how long a webhook may fail, with no success between,
// before it is switched off.
const WebhookPatience = 5 * 24 * time.Hour

// MaxWebhooks is how many webhooks a business may have: each event is stored
// once for each of them in the transaction of what it tells.
const MaxWebhooks = 50

// JobWebhook is the word with which the store tells that deliveries to webhooks
// were queued. They are rows of their own: the queue of jobs has none of this
// kind.
const JobWebhook JobKind = "webhook"

// The states of a delivery of an event to a webhook.
const (
	WebhookPending   = "pending"   // it will be tried, or is being tried
	WebhookDelivered = "delivered" // the receiver answered 2xx
	WebhookFailed    = "failed"    // every attempt failed
	WebhookHeld      = "held"      // the webhook was off: kept until somebody recovers it
)

// WebhookStatuses lists the states of a delivery.
func WebhookStatuses() []string {
	return []string{WebhookPending, WebhookDelivered, WebhookFailed, WebhookHeld}
}

// A WebhookDelivery is one event on its way to one webhook.
type WebhookDelivery struct {
	ID            string
	BusinessID    BusinessID
	WebhookID     string
	EventID       string // the webhook-id header of every attempt
	Event         EventType
	Body          []byte // as it is sent
	Status        string
	Test          bool // a person tried the webhook: it is not repeated
	Attempts      []WebhookAttempt
	NextAttemptAt time.Time // zero where there will be none
	CreatedAt     time.Time
}

// A WebhookAttempt is what came of sending an event once.
type WebhookAttempt struct {
	Number   int // from 1
	At       time.Time
	Duration time.Duration
	Status   int    // of the HTTP answer; 0: there was none
	Error    string // a code, empty for success
	Response string // the beginning of the answer; empty where it may not be shown
}

// The codes of why an attempt failed.
const (
	WebhookErrTimeout     = "timeout"      // no answer in time: it may have arrived all the same
	WebhookErrUnreachable = "unreachable"  // no connection
	WebhookErrTLS         = "tls"          // no trusted encrypted connection
	WebhookErrNotAllowed  = "not_allowed"  // the address is in a network that is not open to webhooks
	WebhookErrRedirect    = "redirect"     // 3xx: redirects are not followed
	WebhookErrGone        = "gone"         // 410
	WebhookErrRateLimited = "rate_limited" // 429
	WebhookErrRejected    = "rejected"     // any other answer below 500
	WebhookErrPeer        = "peer_error"   // 5xx
)

// NewWebhookSecret makes the secret that a webhook's events are signed with, in
// the form of Standard Webhooks: 32 random bytes.
func NewWebhookSecret() Secret {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: package crypto/rand
	return Secret("whsec_" + base64.StdEncoding.EncodeToString(b[:]))
}

const (
	maxWebhookURL         = 2048
	maxWebhookDescription = 200
)

// CheckWebhookURL notes what is wrong with the form of a webhook's URL. Whether
// requests may go there is the matter of package egress.
func CheckWebhookURL(p *Problems, field, raw string) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		p.Add(field, "This is required.")
	case len(raw) > maxWebhookURL:
		p.Add(field, "Use at most %d bytes.", maxWebhookURL)
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		p.Add(field, "Give a URL that begins with https:// or http://.")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		p.Add(field, "Leave out the part from # on: it is never sent.")
	}
}

// CheckWebhookDescription notes what is wrong with a description.
func CheckWebhookDescription(p *Problems, field, text string) {
	if utf8.RuneCountInString(text) > maxWebhookDescription {
		p.Add(field, "Use at most %d characters.", maxWebhookDescription)
	}
}

// CheckEvents notes what is wrong with the list of events that a webhook wants.
func CheckEvents(p *Problems, field string, events []EventType) {
	if len(events) == 0 {
		p.Add(field, `Name at least one event, or "*" for all.`)
	}
	for _, e := range events {
		if e != AllEvents && !e.Valid() {
			p.Add(field, "%q is not an event.", clipped(string(e)))
			return
		}
	}
}

// clipped keeps what is quoted of an input short.
func clipped(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
