package notify

import (
	"errors"
	"math/rand/v2"
	"time"

	"crk/app/notify/telegram"
)

const (
	// shortPoll is how soon an empty answer to a long poll is odd. The same
	// question again at once would only be answered as fast.
	shortPoll = time.Second

	firstPause    = time.Second
	firstConflict = 5 * time.Second // another poller, or a webhook
	longestPause  = time.Minute
	badTokenPause = 10 * time.Minute // then the token is tried once, by getMe
)

// pauses knows how long to wait between polls. The zero value is ready.
type pauses struct {
	failures int
}

// after returns how long to wait after a poll that ended with err; hasty says
// that it brought nothing and did not wait for it.
func (p *pauses) after(err error, hasty bool) time.Duration {
	if err == nil {
		p.failures = 0
		if hasty {
			return shortPoll
		}
		return 0
	}
	p.failures++
	first := firstPause
	switch telegram.KindOf(err) {
	case telegram.BadToken:
		return badTokenPause
	case telegram.RateLimited:
		var e *telegram.Error
		errors.As(err, &e)
		return e.RetryAfter
	case telegram.OtherPoller, telegram.WebhookSet:
		first = firstConflict
	}
	d := min(first<<min(p.failures-1, 10), longestPause)
	return d + rand.N(d/4) // two pollers that fight must not keep in step
}

// A tally bounds how often something is answered in a chat.
type tally struct {
	seen map[int64]count
}

type count struct {
	n     int
	since time.Time
}

const (
	tallyMost = 5
	tallySpan = 10 * time.Minute
	tallyKeep = 1000 // chats; beyond, those whose time is over are forgotten
)

func newTally() *tally { return &tally{seen: map[int64]count{}} }

// may counts one for a chat, and reports whether it is within the bounds.
func (t *tally) may(chat int64, now time.Time) bool {
	if len(t.seen) > tallyKeep {
		for id, c := range t.seen {
			if now.Sub(c.since) >= tallySpan {
				delete(t.seen, id)
			}
		}
	}
	c, ok := t.seen[chat]
	if !ok || now.Sub(c.since) >= tallySpan {
		c = count{since: now}
	}
	c.n++
	t.seen[chat] = c
	return c.n <= tallyMost
}
