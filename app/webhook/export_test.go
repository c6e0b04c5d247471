package webhook

import "time"

// Of the inside, for tests.
var (
	Pause      = pause
	RetryAfter = retryAfter
	Snippet    = snippet
)

// Hasten shortens what a courier waits for.
func (c *Courier) Hasten(timeout, grace time.Duration) { c.timeout, c.grace = timeout, grace }
