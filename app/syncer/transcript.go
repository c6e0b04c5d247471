package syncer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"crk/app/phone"
	"crk/store"
)

const (
	textsEach  = time.Hour      // how often a system is asked for its own texts
	textsBack  = 48 * time.Hour // of calls since then: they come late, and empty at first
	textsMost  = 2000           // that are taken of a window at one time
	textsBatch = 100
)

// transcripts takes what the system itself wrote down of the last calls, and of
// those of longer ago that the run brought. It is an extra: it comes late or never,
// nothing waits for it, and our own transcription does not know of it.
func (r *reading) transcripts(ctx context.Context) error {
	for _, w := range r.brought {
		if err := r.texts(ctx, w); err != nil {
			return err
		}
	}
	if !r.again && !r.lookAgain("texts:"+r.provider.ID, textsEach) {
		return nil
	}
	return r.texts(ctx, window{r.now.Add(-textsBack), r.now})
}

// oldTexts takes the texts of a window of longer ago that was read. What fails of it
// is logged: they are not worth reading the window again.
func (r *reading) oldTexts(ctx context.Context, w window) {
	if err := r.texts(ctx, w); err != nil && ctx.Err() == nil {
		r.log.Warn("read a phone system's own texts", "provider", r.provider.ID, "since", w.since, "err", err)
	}
}

// texts takes those of a window that are not here, where the system writes any.
func (r *reading) texts(ctx context.Context, w window) error {
	t, ok := r.source.(phone.Transcriber)
	if !ok {
		return nil
	}
	taken, batch := 0, make([]phone.Transcribed, 0, textsBatch)
	take := func() error {
		n, err := r.takeTexts(ctx, t, batch)
		taken, batch = taken+n, batch[:0]
		return err
	}
	for call, err := range t.Transcribed(ctx, w.since, w.until) {
		if _, odd := errors.AsType[*phone.RowError](err); odd {
			continue // the list of calls has it as well
		}
		if err != nil {
			return err
		}
		if batch = append(batch, call); len(batch) < textsBatch {
			continue
		}
		if err := take(); err != nil || taken >= textsMost {
			return err
		}
	}
	return take()
}

// takeTexts takes the texts of some calls and returns how many were not here.
func (r *reading) takeTexts(ctx context.Context, t phone.Transcriber, calls []phone.Transcribed) (taken int, err error) {
	if len(calls) == 0 {
		return 0, nil
	}
	found, byID := make([]store.FoundCall, len(calls)), map[string]phone.Transcribed{}
	for i, call := range calls {
		found[i] = r.found(call.Call)
		byID[found[i].DataID] = call
	}
	wanted, err := r.db.WithoutSourceText(ctx, r.provider.BusinessID, found)
	if err != nil {
		return 0, fmt.Errorf("syncer: %w", err)
	}
	texts, ask := map[string]phone.Transcript{}, []string(nil)
	for dataID := range wanted {
		if call := byID[dataID]; call.Text != nil {
			texts[call.ID] = *call.Text
		} else {
			ask = append(ask, call.ID)
		}
	}
	if len(ask) > 0 {
		asked, err := t.Transcripts(ctx, ask)
		if err != nil {
			return 0, err
		}
		maps.Copy(texts, asked)
	}
	for dataID, recording := range wanted {
		text, ok := texts[byID[dataID].ID]
		if !ok {
			continue // it is gone meanwhile
		}
		err := r.db.SaveSourceText(ctx, r.provider.BusinessID, recording,
			store.SourceText{Transcript: text.Text, Summary: text.Summary, Sentiment: text.Sentiment})
		if err != nil {
			return 0, fmt.Errorf("syncer: %w", err)
		}
	}
	return len(wanted), nil
}
