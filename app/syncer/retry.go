package syncer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/app/phone"
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
)

// A memory is what a job remembers of its failures: how the last ones were alike,
// since when, and how many they were. How often a job was tried says nothing: a
// person may have it tried ten times in a minute.
type memory struct {
	Kind  phone.Kind `json:"kind"`
	Since time.Time  `json:"since"`
	Tries int        `json:"tries"`
}

func remembered(j app.Job) (m memory) {
	if json.Unmarshal(j.Payload, &m) != nil {
		return memory{}
	}
	return m
}

// after is the memory after one more failure.
func (m memory) after(kind phone.Kind, now time.Time) memory {
	if m.Kind != kind {
		m = memory{Kind: kind, Since: now}
	}
	m.Tries++
	return m
}

// lastTry reports whether a bad recording is not asked for again: then what has
// come is better than nothing.
func (m memory) lastTry() bool { return m.Kind == phone.BadContent && m.Tries >= len(badPauses) }

// judge decides what becomes of a download that failed.
func (e *Engine) judge(ctx context.Context, p app.Provider, past memory, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if errors.Is(err, audio.ErrTooLarge) || errors.Is(err, audio.ErrTooLong) {
		return jobs.Permanent(err)
	}
	failed, ok := errors.AsType[*phone.Error](err)
	if !ok {
		return err // the appliance's own trouble, as a full disk: it is tried until that is mended
	}
	now := e.db.Now()
	switch failed.Kind {
	case phone.Credentials:
		return e.refused(ctx, p, err)
	case phone.NotYet:
		return past.after(phone.NotYet, now).missing(err, now)
	case phone.BadContent:
		return past.after(phone.BadContent, now).bad(err)
	}
	e.guest.leave(p.ID, err, now)
	e.noteFailure(ctx, p.BusinessID, p.ID, err)
	e.guest.hurt(p.ID)
	m := past.after(phone.Transient, now)
	if now.Sub(m.Since) > giveUpAfter {
		return jobs.Permanent(err)
	}
	return m.failure(err, max(failed.RetryAfter, jobs.Exponential(30*time.Second, time.Hour)(m.Tries)))
}

// refused counts a refusal of the credentials. The download is not to blame.
func (e *Engine) refused(ctx context.Context, p app.Provider, err error) error {
	defer e.guest.hurt(p.ID)
	if _, dbErr := e.db.RefuseProvider(ctx, p.BusinessID, p.ID); dbErr != nil {
		return errors.Join(err, fmt.Errorf("syncer: note a refusal: %w", dbErr))
	}
	return jobs.Wait(err, refusedPause)
}

// missing says when to look next, or that it is over.
func (m memory) missing(err error, now time.Time) error {
	for _, look := range missingLooks {
		if next := m.Since.Add(look); next.After(now) {
			return m.failure(err, next.Sub(now))
		}
	}
	return jobs.Permanent(err)
}

func (m memory) bad(err error) error {
	if m.Tries > len(badPauses) {
		return jobs.Permanent(err)
	}
	return m.failure(err, badPauses[m.Tries-1])
}

// failure has the job tried again after a pause, remembering m.
func (m memory) failure(err error, after time.Duration) error {
	b, _ := json.Marshal(m) // plain values
	return &jobs.Failure{Err: err, After: after, Remember: b}
}
