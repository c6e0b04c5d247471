package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"crk/app"
	"crk/app/phone"
	"crk/store"
)

const (
	batch  = 250     // calls given to the store at once
	maxRaw = 4 << 10 // bytes of a row that are kept
)

// A reading takes what a phone system lists into the store: for a run, for a
// back-fill, or for the comparison of a day.
type reading struct {
	*Engine
	provider app.Provider
	source   phone.Source
	run      *app.SyncRun    // what is counted; of a back-fill one that is kept nowhere
	now      time.Time       // when the reading began, by the clock that is ahead: all bounds are of one moment
	again    bool            // a person wants given up downloads tried anew
	oldest   time.Time       // call that was listed
	brought  []window        // of longer ago, that had calls which are new
	counted  map[string]bool // calls of the window that is read: one that is listed twice counts once

	saved func(ctx context.Context, cursor time.Time) error                   // called after each window that was read to its end; may be nil
	seen  func(ctx context.Context, found []store.FoundCall, here bool) error // called with calls before and after they are taken in; may be nil
}

// reading makes one of an integration.
func (e *Engine) reading(ctx context.Context, p app.Provider, h app.SyncHealth) (*reading, error) {
	source, err := e.source(p)
	if err != nil {
		return nil, err
	}
	return &reading{
		Engine: e, provider: p, source: source, run: &app.SyncRun{ProviderID: p.ID, BusinessID: p.BusinessID},
		now: e.db.Now().Add(bearable(skewOf(source, h))), counted: map[string]bool{},
	}, nil
}

// skewOf is how far a system's clock is ahead of ours, as it showed last.
func skewOf(source phone.Source, h app.SyncHealth) time.Duration {
	if c, ok := source.(phone.Clocked); ok && c.Skew() != 0 {
		return c.Skew()
	}
	return h.Skew
}

// bearable bounds how far bounds are moved on account of a clock: one that is
// further off is no clock to go by.
func bearable(skew time.Duration) time.Duration { return min(max(skew, 0), overlap) }

// window reads a window, in pieces where the phone system cannot answer for the
// whole.
func (r *reading) window(ctx context.Context, s step) error {
	err := r.list(ctx, s.window)
	if err == nil {
		if r.saved == nil {
			return nil
		}
		return r.saved(ctx, s.cursor)
	}
	if s.length() <= shortest(err) {
		return err
	}
	r.log.Info("window split", "provider", r.provider.ID, "since", s.since, "until", s.until, "err", err)
	parts := s.split(4)
	for i, w := range parts {
		piece := step{window: w}
		if !s.cursor.IsZero() {
			piece.cursor = w.until
		}
		if i == len(parts)-1 {
			piece.cursor = s.cursor
		}
		if err := r.window(ctx, piece); err != nil {
			return err
		}
	}
	return nil
}

// never is longer than any window.
const never = time.Duration(math.MaxInt64)

// shortest is the length of window below which a failure is final. A failure that
// no shorter window can mend is final at once, however long the window: to ask four
// times more would get nowhere, and may lock an account.
func shortest(err error) time.Duration {
	e, ok := errors.AsType[*phone.Error](err)
	switch {
	case ok && e.Kind == phone.TooMany:
		return shortestFull
	case ok && (e.Status == http.StatusInternalServerError || e.Status == http.StatusGatewayTimeout || errors.Is(e.Err, context.DeadlineExceeded)):
		return shortestFailed
	}
	return never
}

// list gives everything that is listed in w to the store.
func (r *reading) list(ctx context.Context, w window) error {
	found := make([]store.FoundCall, 0, batch)
	for call, err := range r.source.Calls(ctx, w.since, w.until) {
		if _, ok := errors.AsType[*phone.RowError](err); ok {
			r.odd(err)
			continue
		}
		if err != nil {
			return errors.Join(err, r.add(ctx, found)) // what came is kept
		}
		if !settled(call, r.now, r.settle) {
			continue // the look back of a later run has it
		}
		if r.oldest.IsZero() || call.StartedAt.Before(r.oldest) {
			r.oldest = call.StartedAt
		}
		f := r.found(call)
		if r.counted[f.DataID] {
			continue // taken in before the window was split
		}
		r.counted[f.DataID] = true
		r.run.Found++
		if found = append(found, f); len(found) == batch {
			if err := r.add(ctx, found); err != nil {
				return err
			}
			found = found[:0]
		}
	}
	return r.add(ctx, found)
}

// odd counts a row that cannot be read, once.
func (r *reading) odd(err error) {
	if key := "row: " + err.Error(); !r.counted[key] {
		r.counted[key] = true
		r.run.Found++
		r.run.Failed++
		r.log.Warn("row of a phone system cannot be read", "provider", r.provider.ID, "err", err)
	}
}

func (r *reading) add(ctx context.Context, found []store.FoundCall) error {
	if r.seen != nil {
		if err := r.seen(ctx, found, false); err != nil {
			return err
		}
	}
	n, err := r.db.AddFound(ctx, r.provider, found, r.again)
	r.run.Imported += n
	if err != nil {
		return fmt.Errorf("syncer: save calls: %w", err)
	}
	if r.seen != nil {
		return r.seen(ctx, found, true)
	}
	return nil
}

// remote is how a recording's audio is found again; the row is kept for support.
type remote struct {
	ID  string          `json:"id"`
	Row json.RawMessage `json:"row,omitempty"`
}

func (r *reading) found(c phone.Call) store.FoundCall {
	name := remote{ID: c.ID}
	if len(c.Raw) <= maxRaw && json.Valid(c.Raw) {
		name.Row = c.Raw
	}
	b, err := json.Marshal(name)
	if err != nil {
		b = []byte("{}") // cannot be: the row was found valid
	}
	f := store.FoundCall{
		DataID:        r.provider.Kind + ":" + r.provider.Host + ":" + c.ID,
		Remote:        b,
		CallAt:        c.StartedAt,
		Duration:      int(c.Duration.Round(time.Second) / time.Second),
		Direction:     app.Direction(c.Direction),
		CustomerPhone: c.CustomerPhone,
		AgentNumber:   c.AgentNumber,
		AgentName:     c.AgentName,
		Skip:          c.Skip,
	}
	if r.kinds[r.provider.Kind].Reuses {
		f.Reused = f.DataID + "@" + c.StartedAt.UTC().Format("20060102T150405Z")
	}
	return f
}
