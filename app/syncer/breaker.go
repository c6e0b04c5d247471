package syncer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/app/phone"
	"crk/store"
)

// probeAfter is how many strikes make a run knock before it reads: the circuit was
// open, and half of it still is.
const probeAfter = 5

var (
	errAway   = errors.New("syncer: the phone system is away")
	errPaused = errors.New("syncer: the phone integration is paused")
	errBusy   = errors.New("syncer: the phone system asked to be left alone for a while")
	errDay    = errors.New("syncer: old calls are fetched at night")
	errDeaf   = errors.New("syncer: the phone system lists calls and hands out no recordings")
)

// isAway reports whether a failure says that the system is not there or has too
// much to do, and not that this one request is wrong. A 500 is left out: OrkTrack
// gives it for single recordings and empty windows.
func isAway(err error) bool {
	e, ok := errors.AsType[*phone.Error](err)
	if !ok {
		return false
	}
	switch e.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return e.Kind == phone.Unreachable || e.Kind == phone.TLS
}

// knock asks a system that was away whether it is there again, with one sign-in
// and one list, before a run asks for everything.
func (r *reading) knock(ctx context.Context, h app.SyncHealth) error {
	if h.Strikes < probeAfter {
		return nil
	}
	_, err := r.source.Probe(ctx)
	return err
}

// mayFetch says whether a download may be tried now: not of an integration that was
// deleted, is paused or waits for its credentials, not while the circuit is open, the system
// wants rest or no recording may be heard, and old calls of a back-fill that is for the night not by day. The
// error has the job wait without blame.
func (e *Engine) mayFetch(ctx context.Context, j app.Job, d store.Download) error {
	now, p := e.db.Now(), d.Provider
	switch {
	case p.ID == "":
		return jobs.Permanent(errNoProvider)
	case !p.Active:
		return jobs.Wait(errPaused, time.Hour) // making it active makes the job due
	case p.State == app.ProviderStopped:
		return jobs.Wait(errStopped, time.Hour) // touching the integration makes the job due
	case d.Health.Open(now):
		return jobs.Wait(errAway, d.Health.OpenUntil.Sub(now))
	case d.Health.DeniedUntil.After(now):
		return jobs.Wait(errDeaf, d.Health.DeniedUntil.Sub(now))
	}
	if rest := e.guest.rest(p.ID, now); rest > 0 {
		return jobs.Wait(errBusy, rest)
	}
	if j.Priority < app.PriorityBacklog || !d.Nights {
		return nil
	}
	zone, err := e.zone(ctx, p.BusinessID)
	if err != nil {
		return err
	}
	if in := untilNight(now.In(zone)); in > 0 {
		return jobs.Wait(errDay, in)
	}
	return nil
}

// The night, in which a back-fill that is to disturb nobody goes on.
const (
	nightBegins = 20
	nightEnds   = 7
)

// untilNight is how long it is until the night; zero: it is.
func untilNight(local time.Time) time.Duration {
	if h := local.Hour(); h >= nightBegins || h < nightEnds {
		return 0
	}
	return time.Date(local.Year(), local.Month(), local.Day(), nightBegins, 0, 0, 0, local.Location()).Sub(local)
}

// zone is a business's time zone.
func (e *Engine) zone(ctx context.Context, id app.BusinessID) (*time.Location, error) {
	b, err := e.db.Business(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("syncer: %w", err)
	}
	return b.Location(), nil
}
