package notify

import (
	"time"
)

// Pauses gives the tests the pauses between polls.
type Pauses struct{ p pauses }

// After is pauses.after.
func (p *Pauses) After(err error, hasty bool) time.Duration { return p.p.after(err, hasty) }

// RetryPause is retryPause.
func RetryPause(attempt int) time.Duration { return retryPause(attempt) }

// SetGrace sets how long a message may take to arrive after a stop.
func SetGrace(g *Gateway, d time.Duration) { g.grace = d }
