package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/app/phone"
	"crk/store"
)

// missingLooks are when a recording that the phone system does not have is looked
// for again, after the first time. Just after a call that is the rule; a day later
// it is gone.
var missingLooks = [...]time.Duration{time.Minute, 6 * time.Minute, 36 * time.Minute, 6*time.Hour + 36*time.Minute, 30*time.Hour + 36*time.Minute}

// badPauses are the pauses before the second and the third try of a recording that
// came as something else or cut off.
var badPauses = [...]time.Duration{time.Minute, 30 * time.Minute}

const (
	giveUpAfter  = 7 * 24 * time.Hour // of nothing but failures of the phone system
	refusedPause = 15 * time.Minute

	// A recording that may not be heard is asked for again less and less often.
	deniedFirst, deniedLast = 15 * time.Minute, 6 * time.Hour
)

// A memory is what a job remembers of its failures, by kind: one kind between two
// of another does not make those begin anew. How often a job was tried says
// nothing: a person may have it tried ten times in a minute.
type memory map[phone.Kind]failures

// Failures are those of one kind.
type failures struct {
	Since time.Time `json:"since"`
	Tries int       `json:"tries"`
}

func remembered(j app.Job) (m memory) {
	var old struct { // of one kind, as it was written before
		Kind phone.Kind `json:"kind"`
		failures
	}
	if json.Unmarshal(j.Payload, &old) == nil && old.Kind != "" {
		return memory{old.Kind: old.failures}
	}
	if json.Unmarshal(j.Payload, &m) != nil {
		return nil
	}
	return m
}

// after is the memory after one more failure.
func (m memory) after(kind phone.Kind, now time.Time) memory {
	next := memory{kind: {Since: now}}
	maps.Copy(next, m)
	f := next[kind]
	f.Tries++
	next[kind] = f
	return next
}

// lastTry reports whether a bad recording is not asked for again: then what has
// come is better than nothing.
func (m memory) lastTry() bool { return m[phone.BadContent].Tries >= len(badPauses) }

// judge decides what becomes of a download that failed.
func (e *Engine) judge(ctx context.Context, j app.Job, d store.Download, past memory, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if errors.Is(err, audio.ErrTooLarge) || errors.Is(err, audio.ErrTooLong) || errors.Is(err, errAnother) {
		return jobs.Permanent(err)
	}
	failed, ok := errors.AsType[*phone.Error](err)
	if !ok {
		return err // the appliance's own trouble, as a full disk: it is tried until that is mended
	}
	now, p := e.db.Now(), d.Provider
	switch failed.Kind {
	case phone.Credentials:
		return e.refused(ctx, p, failed)
	case phone.Forbidden:
		return e.denied(ctx, j, d, past.after(phone.Forbidden, now), failed)
	case phone.NotYet:
		return past.after(phone.NotYet, now).missing(err, now)
	case phone.BadContent:
		return past.after(phone.BadContent, now).bad(err)
	}
	defer e.guest.hurt(p.ID)
	m := past.after(phone.Transient, now)
	if isThere(failed) { // its lists may go on
		e.guest.leave(p.ID, err, now)
		if withheld, dbErr := e.withhold(ctx, j, d, app.AudioFailing); dbErr != nil || withheld {
			return m.failure(errors.Join(err, dbErr), m.pause(failed))
		}
	} else {
		e.noteFailure(ctx, p.BusinessID, p.ID, err)
	}
	if m.tooLong(phone.Transient, now) {
		return jobs.Permanent(err)
	}
	return m.failure(err, m.pause(failed))
}

// isThere reports whether a phone system that gave no recording is not away: it
// answered with an error of its own, or not in time.
func isThere(err *phone.Error) bool {
	return err.Status >= http.StatusInternalServerError || err.Status == http.StatusTooManyRequests || errors.Is(err.Err, context.DeadlineExceeded)
}

// pause is how long a download that met a failing system waits for its next try.
func (m memory) pause(failed *phone.Error) time.Duration {
	return max(failed.RetryAfter, jobs.Exponential(30*time.Second, time.Hour)(m[phone.Transient].Tries))
}

// withhold notes that a recording did not come, and reports whether none seems to,
// so that it alone is not to blame.
func (e *Engine) withhold(ctx context.Context, j app.Job, d store.Download, code string) (none bool, err error) {
	p, many := d.Provider, deniedCalls
	if code == app.AudioFailing {
		many = failingCalls
	}
	if d.Health.Denied == 0 && !e.guest.denied(p.ID, j.Key, many) {
		return false, nil
	}
	defer e.guest.hurt(p.ID)
	if err := e.db.DenyAudio(ctx, p.BusinessID, p.ID, code); err != nil {
		return true, fmt.Errorf("syncer: note that no recording comes: %w", err)
	}
	return true, nil
}

// refused counts a refusal of the credentials, once for each sign-in: those who
// waited for it share its error. The download is not to blame.
func (e *Engine) refused(ctx context.Context, p app.Provider, refusal *phone.Error) error {
	defer e.guest.hurt(p.ID)
	if e.guest.knows(p.ID, refusal) {
		return jobs.Wait(refusal, refusedPause)
	}
	if _, err := e.db.RefuseProvider(ctx, p.BusinessID, p.ID); err != nil {
		return errors.Join(refusal, fmt.Errorf("syncer: note a refusal: %w", err))
	}
	return jobs.Wait(refusal, refusedPause)
}

// denied decides about a recording that may not be heard, and whether none may.
func (e *Engine) denied(ctx context.Context, j app.Job, d store.Download, m memory, err error) error {
	none, dbErr := e.withhold(ctx, j, d, app.AudioDenied)
	if dbErr != nil {
		return errors.Join(err, dbErr)
	}
	if !none && m.tooLong(phone.Forbidden, e.db.Now()) {
		return jobs.Permanent(err) // this one alone
	}
	return m.failure(err, jobs.Exponential(deniedFirst, deniedLast)(m[phone.Forbidden].Tries))
}

// tooLong reports whether it is a week that a kind of failure began.
func (m memory) tooLong(kind phone.Kind, now time.Time) bool {
	return now.Sub(m[kind].Since) > giveUpAfter
}

// missing says when to look next, or that it is over.
func (m memory) missing(err error, now time.Time) error {
	for _, look := range missingLooks {
		if next := m[phone.NotYet].Since.Add(look); next.After(now) {
			return m.failure(err, next.Sub(now))
		}
	}
	return jobs.Permanent(err)
}

func (m memory) bad(err error) error {
	tries := m[phone.BadContent].Tries
	if tries > len(badPauses) {
		return jobs.Permanent(err)
	}
	return m.failure(err, badPauses[tries-1])
}

// failure has the job tried again after a pause, remembering m.
func (m memory) failure(err error, after time.Duration) error {
	b, _ := json.Marshal(m) // plain values
	return &jobs.Failure{Err: err, After: after, Remember: b}
}
