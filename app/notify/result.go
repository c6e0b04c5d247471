package notify

import (
	"errors"
	"time"

	"crk/app"
	"crk/app/notify/discord"
	"crk/app/notify/telegram"
	"crk/store"
)

// The codes of why a message was not sent.
const (
	ChatInactive  = "chat_inactive" // people switched it off
	ChatBlocked   = "chat_blocked"  // the bot was blocked or removed
	ChatGone      = "chat_gone"     // there is no such chat any more
	WebhookGone   = "webhook_gone"  // it was deleted in Discord
	RateLimited   = "rate_limited"  // the peer, or our keeping to its pace, says later
	TimedOut      = "timeout"       // no answer in time: it may have arrived all the same
	Unreachable   = "unreachable"   // no answer
	Rejected      = "rejected"      // the peer will not take it
	PeerError     = "peer_error"    // the peer is in trouble
	NotConfigured = "telegram_not_configured"
)

// messages says each code in a sentence.
var messages = map[string]string{
	ChatInactive:  "The chat is switched off.",
	ChatBlocked:   "The bot was blocked by or removed from the chat.",
	ChatGone:      "Telegram does not know the chat any more.",
	WebhookGone:   "The webhook was deleted in Discord.",
	RateLimited:   "Too many messages went there lately; send again later.",
	TimedOut:      "There was no answer in time; the message may have arrived all the same.",
	Unreachable:   "The other side could not be reached.",
	Rejected:      "The other side refused the message.",
	PeerError:     "The other side is in trouble.",
	NotConfigured: "The appliance has no Telegram bot, or Telegram refuses its token.",
}

// A Result is what came of a message that was sent at once.
type Result struct {
	ID         string // of the delivery; of the feed's row too, in the feed
	OK         bool
	Code       string // why not; see the codes
	Message    string // the same for people
	Retryable  bool   // the same again may go through later
	RetryAfter time.Duration
}

// A result is what came of trying a destination. It is an error where Code is
// not empty.
type result struct {
	code  string
	after time.Duration // until another try makes sense, where that is known
	state app.ChatState // what the destination turned out to be; empty: nothing new
	tried bool          // the destination was asked
	err   error         // the cause, for the log
}

// Error implements error.
func (r result) Error() string {
	if r.err != nil {
		return "notify: " + r.code + ": " + r.err.Error()
	}
	return "notify: " + r.code
}

// Unwrap returns the cause.
func (r result) Unwrap() error { return r.err }

// retryable reports whether the same may go through later by itself.
func (r result) retryable() bool {
	switch r.code {
	case RateLimited, TimedOut, Unreachable, PeerError:
		return true
	}
	return false
}

// public is the result as its sender gets it.
func (r result) public(id string) Result {
	return Result{ID: id, OK: r.code == "", Code: r.code, Message: messages[r.code], Retryable: r.retryable(), RetryAfter: r.after}
}

// outcome is the result as it is kept.
func (r result) outcome() store.Outcome {
	return store.Outcome{Tried: r.tried, Code: r.code, State: r.state}
}

// telegramResult reads what came of a call of Telegram.
func telegramResult(err error) result {
	r := result{tried: true, err: err}
	var e *telegram.Error
	if !errors.As(err, &e) {
		if r.state = app.ChatOK; err != nil {
			r.code, r.state = Unreachable, ""
		}
		return r
	}
	switch e.Kind {
	case telegram.Timeout:
		r.code = TimedOut
	case telegram.Unreachable:
		r.code = Unreachable
	case telegram.PeerError:
		r.code = PeerError
	case telegram.RateLimited:
		r.code, r.after = RateLimited, e.RetryAfter
	case telegram.BadToken:
		r.code = NotConfigured
	case telegram.Blocked:
		r.code, r.state = ChatBlocked, app.ChatBlocked
	case telegram.ChatNotFound:
		r.code, r.state = ChatGone, app.ChatGone
	default:
		r.code = Rejected
	}
	return r
}

// discordResult reads what came of a call of Discord.
func discordResult(err error) result {
	r := result{tried: true, err: err}
	var e *discord.Error
	if !errors.As(err, &e) {
		if r.state = app.ChatOK; err != nil {
			r.code, r.state = Unreachable, ""
		}
		return r
	}
	switch e.Kind {
	case discord.Timeout:
		r.code = TimedOut
	case discord.Unreachable:
		r.code = Unreachable
	case discord.PeerError:
		r.code = PeerError
	case discord.RateLimited:
		r.code, r.after = RateLimited, e.RetryAfter
	case discord.Gone:
		r.code, r.state = WebhookGone, app.ChatGone
	default:
		r.code = Rejected
	}
	return r
}
