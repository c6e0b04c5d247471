package syncer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"crk/app/phone"
	"crk/store"
)

const (
	longWay  = 366 * 24 * time.Hour // a back-fill of more first asks how much of it is empty
	slack    = 31 * 24 * time.Hour  // by which what a system says of how long it keeps calls is doubted
	resolved = 31 * 24 * time.Hour  // that is known well enough
)

// floor finds the moment before which a system lists nothing of a back-fill's way, so
// that "everything" costs a few requests more than what there is; zero: not known.
// Only what was listed to its end without a call counts, and that twice. What the
// system says of itself tells where to look first and is kept for people, and is no
// bound: its oldest call may be that of a number given anew, and who may read less is
// told less.
func (r *reading) floor(ctx context.Context, way window) (time.Time, error) {
	guess, err := r.history(ctx)
	if err != nil || way.length() <= longWay {
		return time.Time{}, err
	}
	left := way
	for left.length() > resolved {
		mid := left.since.Add(left.length() / 2).Truncate(time.Second)
		guessed := guess.After(left.since) && guess.Before(left.until)
		if guessed {
			mid, guess = guess, time.Time{}
		}
		empty, err := r.empty(ctx, window{left.since, mid})
		if err != nil {
			return time.Time{}, err
		}
		if !empty {
			left.until = mid
			continue
		}
		if left.since = mid; guessed {
			break
		}
	}
	if left.since.Equal(way.since) {
		return time.Time{}, nil
	}
	empty, err := r.empty(ctx, window{way.since, left.since})
	if err != nil || !empty {
		return time.Time{}, err
	}
	return left.since, nil
}

// empty reports whether a system lists nothing of a window, and asks for no more than
// its first call. One that it cannot answer for is not empty.
func (r *reading) empty(ctx context.Context, w window) (bool, error) {
	for _, err := range r.source.Calls(ctx, w.since, w.until) {
		if err != nil && shortest(err) == never {
			if _, odd := errors.AsType[*phone.RowError](err); !odd {
				return false, err
			}
		}
		return false, nil
	}
	return true, ctx.Err()
}

// history asks a system that can say how far back it goes, keeps that for people and
// returns from where on calls are to be expected; zero: not known. One that does not
// say, for whatever reason, holds no back-fill up.
func (r *reading) history(ctx context.Context) (time.Time, error) {
	historian, ok := r.source.(phone.Historian)
	if !ok {
		return time.Time{}, nil
	}
	past, err := historian.History(ctx)
	if e, ok := errors.AsType[*phone.Error](err); ok && (e.Kind == phone.Credentials || e.RetryAfter > 0) {
		return time.Time{}, err
	}
	if err != nil {
		r.log.Info("a phone system does not say how far back it goes", "provider", r.provider.ID, "err", err)
		return time.Time{}, ctx.Err()
	}
	report := store.HealthReport{Oldest: past.Oldest, Keeps: &past.Keeps}
	if err := r.db.ReportHealth(ctx, r.provider, report); err != nil {
		return time.Time{}, fmt.Errorf("syncer: %w", err)
	}
	switch {
	case !past.Oldest.IsZero():
		return past.Oldest.Truncate(time.Second), nil
	case past.Keeps > 0:
		return r.now.Add(-past.Keeps - slack).Truncate(time.Second), nil
	}
	return time.Time{}, nil
}
