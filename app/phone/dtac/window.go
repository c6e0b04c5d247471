package dtac

import "time"

// A window is a span of time, [since, until).
type window struct{ since, until time.Time }

func (w window) has(t time.Time) bool { return !t.Before(w.since) && t.Before(w.until) }

// wider returns windows that hold w and more, in the order to be tried: backwards
// four times as far each, to seven days, then from its start forwards likewise until
// now. What lies far from w is not asked for before what is near was found empty.
func (w window) wider(now time.Time) []window {
	const farthest = 7 * 24 * time.Hour
	var out []window
	for length := w.until.Sub(w.since); length < farthest; {
		length = min(max(4*length, time.Hour), farthest)
		out = append(out, window{w.until.Add(-length), w.until})
	}
	for length := farthest; now.After(w.until); length *= 4 {
		until := w.until.Add(length)
		if !until.Before(now) {
			return append(out, window{w.since, now})
		}
		out = append(out, window{w.since, until})
	}
	return out
}
