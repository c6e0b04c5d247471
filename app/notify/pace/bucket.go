package pace

import (
	"strconv"
	"time"
)

// A Limit allows at most Count starts in any span of Per.
type Limit struct {
	Count       int
	Per         time.Duration
	Provisional bool // holds only until the peer has told its own
}

// Peers count arrivals, not departures: a slow packet followed by a quick one
// must not make 21 in their minute of 20.
const margin = time.Second

// TelegramKey is the shared key of everything a bot sends.
const TelegramKey = "telegram"

// Telegram returns the lane of a chat: Telegram's FAQ speaks of one message a
// second for a chat, with short bursts, 20 a minute for a group and 30 a second
// for a bot; the last is undercut, since the bot also answers people. Topics
// share their group's lane.
func Telegram(chatID int64) Lane {
	limits := []Limit{{Count: 3, Per: 3 * time.Second}}
	if chatID < 0 { // groups, supergroups and channels
		limits = append(limits, Limit{Count: 20, Per: time.Minute + margin})
	}
	return Lane{
		Key:          "telegram:" + strconv.FormatInt(chatID, 10),
		Limits:       limits,
		Shared:       TelegramKey,
		SharedLimits: []Limit{{Count: 25, Per: time.Second}},
	}
}

// DiscordKey is the shared key of every webhook: Discord's global limit counts
// by address.
const DiscordKey = "discord"

// Discord returns the lane of a webhook. Its first limit is a guess from which
// Discord's headers lead away; the second is known from experience and not told
// in them.
func Discord(webhookID string) Lane {
	return Lane{
		Key: "discord:" + webhookID,
		Limits: []Limit{
			{Count: 5, Per: 2*time.Second + margin/5, Provisional: true},
			{Count: 30, Per: time.Minute + margin},
		},
		Shared:       DiscordKey,
		SharedLimits: []Limit{{Count: 40, Per: time.Second}},
	}
}

// A bucket remembers the latest starts under one key. Its methods are pure
// functions of the moments they are given.
type bucket struct {
	limits    []Limit
	starts    []time.Time // ascending; may lie in the future: turns handed out
	heldUntil time.Time

	learned bool          // the peer has told its limit
	size    int           // of its window
	length  time.Duration // of its window, as far as seen
	left    int           // in the window that begins at opened
	opened  time.Time
	resets  time.Time
}

// next returns the earliest moment, not before now, at which a start is allowed.
func (b *bucket) next(now time.Time) time.Time {
	at := later(now, b.heldUntil)
	if n := len(b.starts); n > 0 {
		at = later(at, b.starts[n-1])
	}
	for _, l := range b.limits {
		if l.Provisional && b.learned {
			continue
		}
		if n := len(b.starts); n >= l.Count {
			at = later(at, b.starts[n-l.Count].Add(l.Per))
		}
	}
	if b.learned && b.left <= 0 {
		at = later(at, b.resets)
	}
	return at
}

// take notes a start at a moment that next returned.
func (b *bucket) take(at time.Time) {
	keep := 0
	for _, l := range b.limits {
		keep = max(keep, l.Count)
	}
	if keep > 0 {
		if drop := len(b.starts) - keep + 1; drop > 0 {
			b.starts = append(b.starts[:0], b.starts[drop:]...)
		}
		b.starts = append(b.starts, at)
	}
	if !b.learned {
		return
	}
	if !at.Before(b.resets) {
		b.opened, b.resets, b.left = at, at.Add(b.length), b.size
	}
	b.left--
}

// learn takes over what the peer says of the present window.
func (b *bucket) learn(now time.Time, q Quota) {
	b.length = max(b.length, q.ResetAfter)
	b.size = q.Limit
	if b.learned && b.opened.After(now) {
		return // turns of a later window are handed out already
	}
	left := q.Remaining
	if b.learned && now.Before(b.resets) {
		left = min(left, b.left) // starts under way are not in the peer's figure yet
	}
	b.learned, b.left = true, left
	b.resets = now.Add(q.ResetAfter)
	if b.opened.IsZero() {
		b.opened = now
	}
}

// idle reports whether forgetting the bucket changes nothing.
func (b *bucket) idle(now time.Time) bool {
	if b.heldUntil.After(now) || b.resets.After(now) {
		return false
	}
	if len(b.starts) == 0 {
		return true
	}
	longest := time.Duration(0)
	for _, l := range b.limits {
		longest = max(longest, l.Per)
	}
	return now.Sub(b.starts[len(b.starts)-1]) > longest
}
