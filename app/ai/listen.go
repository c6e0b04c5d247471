package ai

import (
	"context"
	"errors"
	"fmt"

	"crk/app"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/store"
)

// listen finds out what is in audio that could not be decoded when it came: since
// then somebody may have installed ffmpeg. Audio that still cannot be decoded ends
// the stage; its file is kept for a later try.
func (t *Transcriber) listen(ctx context.Context, j app.Job) error {
	stats, err := t.db.AudioStats(ctx, j.BusinessID, j.Key)
	if err != nil || stats != nil {
		return err
	}
	r, err := t.db.Recording(ctx, j.BusinessID, nil, j.Key)
	if app.IsKind(err, app.NotFound) {
		return store.ErrLease
	}
	if err != nil {
		return err
	}
	if !r.HasAudio() {
		return jobs.Permanent(errors.New("the recording has no audio"))
	}
	found, err := t.audio.Measure(ctx, r.ID)
	if err != nil {
		err = fmt.Errorf("ai: listen: %w", err)
		if unreadable(err) {
			err = jobs.Permanent(err)
		}
		return err
	}
	return t.db.SaveAudioStats(ctx, j, found)
}

// unreadable reports whether an error is of the file, not of the appliance.
func unreadable(err error) bool {
	for _, bad := range []error{audio.ErrUnsupported, audio.ErrUnreadable, audio.ErrTruncated, audio.ErrNotAudio, audio.ErrTooLong} {
		if errors.Is(err, bad) {
			return true
		}
	}
	return false
}

// failure is the code that a recording shows whose transcription was given up.
func failure(err error) string {
	switch {
	case errors.Is(err, audio.ErrTooLong):
		return app.AudioTooLong
	case unreadable(err):
		return app.AudioUnreadable
	}
	return app.TranscriptionFailed
}
