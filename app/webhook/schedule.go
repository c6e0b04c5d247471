package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pauses are those after each failed attempt, before ±20 %: ten attempts in a
// little more than three days.
var pauses = [...]time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// longestWait bounds what a receiver may ask for with Retry-After.
const longestWait = 24 * time.Hour

// pause is how long to wait after so many failed attempts, at least as long as
// the receiver asked for; false where no attempt is left. It varies, so that
// what failed together does not come back together.
func pause(failures int, asked time.Duration) (time.Duration, bool) {
	if failures > len(pauses) {
		return 0, false
	}
	d := pauses[failures-1]
	return max(d*4/5+rand.N(d*2/5+1), min(asked, longestWait)), true
}

// retryAfter reads the header of that name: seconds or a date. Anything else
// reads as 0.
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if n, err := strconv.ParseUint(header, 10, 64); err == nil {
		return time.Duration(min(n, uint64(longestWait/time.Second))) * time.Second
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestWait)
}
