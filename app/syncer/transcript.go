package syncer

import (
	"context"
	"time"

	"crk/app/phone"
	"crk/store"
)

const (
	textsEach  = time.Hour // how often a system is asked for its own texts
	textsBack  = 24 * time.Hour
	textsAtOne = 100 // that are taken at one time
)

// transcripts takes what the system itself wrote down of the last day's calls,
// where it does that. It is an extra: it comes late or never, nothing waits for it,
// and our own transcription does not know of it.
func (r *reading) transcripts(ctx context.Context) error {
	t, ok := r.source.(phone.Transcriber)
	if !ok || !r.again && !r.lookAgain("texts:"+r.provider.ID, textsEach) {
		return nil
	}
	var calls []store.FoundCall
	ids := map[string]string{} // by data id
	for call, err := range t.Transcribed(ctx, r.now.Add(-textsBack), r.now) {
		if err != nil {
			return err
		}
		f := r.found(call)
		calls, ids[f.DataID] = append(calls, f), call.ID
	}
	if len(calls) == 0 {
		return nil
	}
	wanted, err := r.db.WithoutSourceText(ctx, r.provider.BusinessID, calls)
	if err != nil {
		return err
	}
	taken := 0
	for dataID, recording := range wanted {
		if taken++; taken > textsAtOne {
			return nil // the next time takes the others
		}
		text, err := t.Transcript(ctx, ids[dataID])
		if phone.KindOf(err) == phone.NotYet {
			continue
		}
		if err != nil {
			return err
		}
		err = r.db.SaveSourceText(ctx, r.provider.BusinessID, recording, store.SourceText{Transcript: text.Text, Summary: text.Summary})
		if err != nil {
			return err
		}
	}
	return nil
}
