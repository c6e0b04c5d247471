package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// Sync lists what is new in a phone system, as a run of the given cause, and
// returns the run as it ended. The error says why it could not begin: it is a
// Conflict while another run of the integration goes on. What went wrong in the
// run itself is in the run.
func (e *Engine) Sync(ctx context.Context, business app.BusinessID, provider, cause string) (app.SyncRun, error) {
	run, err := e.db.BeginRun(ctx, business, provider, cause)
	if err != nil {
		return run, err
	}
	return e.carry(ctx, run), nil
}

// carry carries a run out and ends it, also when ctx ends before.
func (e *Engine) carry(ctx context.Context, run app.SyncRun) app.SyncRun {
	began := time.Now()
	err := e.waitTurn(ctx)
	if err == nil {
		err = e.read(ctx, &run)
		<-e.slots
	}
	run.Status, run.Error = outcome(ctx, err)
	run.Skipped = run.Found - run.Imported - run.Failed

	save, done := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer done()
	if err := e.db.FinishRun(save, run); err != nil {
		e.log.Error("finish sync", "provider", run.ProviderID, "run", run.ID, "err", err)
	}
	log := e.log.With("provider", run.ProviderID, "run", run.ID, "status", run.Status, "found", run.Found,
		"imported", run.Imported, "failed", run.Failed, "took", time.Since(began).Round(time.Millisecond))
	if run.Status == store.RunFailed {
		log.Warn("sync failed", "err", err)
		return run
	}
	log.Info("sync ended")
	return run
}

// waitTurn waits for one of the slots, which the caller gives back.
func (e *Engine) waitTurn(ctx context.Context) error {
	select {
	case e.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outcome is how a run ended. The code is one of those of a connection test, or
// "internal".
func outcome(ctx context.Context, err error) (status, code string) {
	switch {
	case err == nil:
		return store.RunSucceeded, ""
	case ctx.Err() != nil:
		return store.RunInterrupted, ""
	}
	return store.RunFailed, Code(err)
}

// Code is the word of the public API for a failure of a phone system.
func Code(err error) string {
	switch k := phone.KindOf(err); k {
	case "":
		return "internal"
	case phone.Credentials, phone.Forbidden, phone.Unreachable, phone.TLS:
		return string(k)
	}
	return string(phone.Unexpected)
}

// A reading is a run under way.
type reading struct {
	*Engine
	provider app.Provider
	source   phone.Source
	run      *app.SyncRun
	now      time.Time       // when it began: all bounds are of one moment
	again    bool            // a person wants given up downloads tried anew
	counted  map[string]bool // calls of the window that is read; one that is read twice counts once
}

// read reads all windows of a run.
func (e *Engine) read(ctx context.Context, run *app.SyncRun) error {
	p, err := e.db.Provider(ctx, run.BusinessID, run.ProviderID)
	if err != nil {
		return fmt.Errorf("syncer: %w", err)
	}
	source, err := e.source(p)
	if err != nil {
		return err
	}
	r := &reading{
		Engine: e, provider: p, source: source, run: run,
		now: e.db.Now(), again: run.Trigger == store.CauseManual,
	}
	for _, s := range plan(p, r.again, r.now, e.settle) {
		r.counted = map[string]bool{}
		if err := r.window(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// window reads a window, in pieces where the phone system cannot answer for the
// whole, and moves the cursor.
func (r *reading) window(ctx context.Context, s step) error {
	err := r.list(ctx, s.window)
	if err == nil {
		if err := r.db.SaveWindow(ctx, *r.run, r.provider, s.cursor); err != nil {
			return fmt.Errorf("syncer: save window: %w", err)
		}
		return nil
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

// shortest is the length of window below which a failure is final. A failure that
// no shorter window can mend is final at once.
func shortest(err error) time.Duration {
	e, ok := errors.AsType[*phone.Error](err)
	switch {
	case ok && e.Kind == phone.TooMany:
		return shortestFull
	case ok && (e.Status == http.StatusInternalServerError || e.Status == http.StatusGatewayTimeout || errors.Is(e.Err, context.DeadlineExceeded)):
		return shortestFailed
	}
	return longest
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
		f := r.found(call)
		if !r.counted[f.DataID] {
			r.counted[f.DataID] = true
			r.run.Found++
		}
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
	n, err := r.db.AddFound(ctx, r.provider, found, r.again)
	r.run.Imported += n
	if err != nil {
		return fmt.Errorf("syncer: save calls: %w", err)
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
