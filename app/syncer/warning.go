package syncer

import (
	"context"
	"slices"
	"time"

	"crk/app/phone"
)

// warnEach is how often a phone system is asked whether it still records.
const warnEach = time.Hour

// askWarnings asks a phone system whether it still records, where it can tell.
func (r *reading) askWarnings(ctx context.Context) error {
	w, ok := r.source.(phone.Warner)
	if !ok || !r.lookAgain("warnings:"+r.provider.ID, warnEach) {
		return nil
	}
	warnings, err := w.Warnings(ctx)
	if phone.KindOf(err) == phone.Forbidden {
		err = nil // this role is not told
	}
	if err == nil {
		r.warn(r.provider.ID, warnings)
	}
	return err
}

// warn keeps what a phone system said of itself, for as long as the process lives:
// the first run of the next one asks again.
func (e *Engine) warn(provider string, warnings []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.warnings[provider] = warnings
}

// Warnings are those of [phone.Warnings] that an integration's phone system told of
// itself last.
func (e *Engine) Warnings(provider string) []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.warnings[provider])
}
