package web

import (
	"context"
	"errors"
	"io"

	"crk/app"
	"crk/app/audio"
	"crk/store"
)

// takeSound keeps the sound file that body gives as the audio of a recording, if
// it is one, whole and readable, and if the recording awaits it. A file that is
// refused leaves everything as it was.
func takeSound(ctx context.Context, o Options, r app.Recording, body io.Reader) (app.Recording, error) {
	release, ok := o.Audio.Claim(r.ID)
	if !ok {
		return r, &app.Error{Kind: app.Conflict, Code: "conflict", Message: "Audio for this recording is on its way already."}
	}
	defer release()
	r, err := o.DB.Recording(ctx, r.BusinessID, nil, r.ID) // as it is now that nobody else writes it
	if err != nil {
		return r, err
	}
	if r.Status != app.AwaitingAudio {
		return r, store.HasAudioError()
	}
	sent := &sender{r: body}
	pending, err := o.Audio.Write(ctx, sent, o.MaxAudio)
	if err != nil {
		return r, sent.blame(err, o.MaxAudio)
	}
	defer pending.Discard()
	file, err := inspectSound(ctx, pending)
	if err != nil {
		return r, err
	}
	return keepSound(ctx, o, r, pending, file)
}

// keepSound makes the file durable, then says so in the database. A crash between
// the two leaves a file that no recording has, which the next start removes.
func keepSound(ctx context.Context, o Options, r app.Recording, pending *audio.Pending, file store.AudioFile) (app.Recording, error) {
	if err := pending.Commit(r.ID); err != nil {
		return r, err
	}
	kept, err := o.DB.SetAudio(ctx, r.BusinessID, r.ID, file)
	if err != nil && !r.HasAudio() {
		err = errors.Join(err, o.Audio.Delete(r.ID))
	}
	return kept, err
}

// inspectSound finds out what a file is by reading it to its end. A sound file
// that cannot be decoded on this machine is kept too: the next stage says so, and
// tries again when it is started again.
func inspectSound(ctx context.Context, p *audio.Pending) (store.AudioFile, error) {
	format, _ := audio.Sniff(p.Head)
	stats, err := p.Measure(ctx)
	if err != nil && !errors.Is(err, audio.ErrUnsupported) {
		return store.AudioFile{}, badSound(err)
	}
	return store.AudioFile{Size: p.Size, SHA256: p.SHA256, ContentType: format.ContentType, Stats: stats}, nil
}

// badSound is the answer to a file that cannot be kept.
func badSound(err error) error {
	switch {
	case errors.Is(err, audio.ErrNotAudio):
		return &app.Error{Kind: app.Unsupported, Code: "unsupported_media_type", Message: "This is not a sound file."}
	case errors.Is(err, audio.ErrTooLong):
		return &app.Error{Kind: app.TooLarge, Code: "payload_too_large", Message: "The call is longer than six hours."}
	case errors.Is(err, audio.ErrTruncated):
		return soundProblem("The file ends before its sound does. Send it whole.", err)
	case errors.Is(err, audio.ErrUnreadable):
		return soundProblem("The file is damaged or holds no sound.", err)
	}
	return err
}

func soundProblem(message string, cause error) error {
	return &app.Error{
		Kind: app.Invalid, Code: "validation_failed", Message: message, Err: cause,
		Fields: []app.Field{{Name: "audio", Message: message}},
	}
}

// A sender remembers whether an upload failed on its side.
type sender struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *sender) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// blame tells what was wrong with the upload from trouble of our own.
func (s *sender) blame(err error, limit int64) error {
	switch {
	case errors.Is(err, audio.ErrTooLarge):
		return tooLarge(limit)
	case app.IsKind(s.err, app.TooLarge):
		return s.err
	case s.err != nil:
		return &app.Error{Kind: app.Malformed, Code: "invalid_json", Message: "The upload broke off.", Err: s.err}
	}
	return err
}
