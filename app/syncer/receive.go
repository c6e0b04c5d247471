package syncer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"crk/app"
	"crk/app/audio"
	"crk/app/phone"
)

// receive gets the audio into a file without a name yet. With partly one that breaks
// off is taken as far as it came.
func (e *Engine) receive(ctx context.Context, source phone.Source, id string, partly bool) (*audio.Pending, error) {
	remote, err := source.Audio(ctx, id)
	if err != nil {
		return nil, err
	}
	defer remote.Body.Close()
	body := io.Reader(remote.Body)
	if partly {
		body = untilBroken{body}
	}
	pending, err := e.audio.Write(ctx, body, e.maxAudio)
	if err != nil {
		return nil, fmt.Errorf("syncer: fetch: %w", err)
	}
	return pending, nil
}

// untilBroken reads a recording that breaks off as if it ended there.
type untilBroken struct{ io.Reader }

// Read implements [io.Reader].
func (r untilBroken) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if phone.KindOf(err) == phone.BadContent {
		err = io.EOF
	}
	return n, err
}

// giveUp ends the story of a download that nothing more is tried for.
func (e *Engine) giveUp(ctx context.Context, j app.Job, err error) error {
	if bad, ok := errors.AsType[*phone.Error](err); ok && bad.Kind == phone.BadContent {
		if err := e.db.NoteBadAudio(ctx, j, whatCame(bad)); err != nil {
			return err
		}
	}
	code := app.AudioFetchFailed
	failed, _ := errors.AsType[*phone.Error](err)
	switch {
	case failed != nil && failed.Archived:
		code = app.AudioArchived
	case phone.KindOf(err) == phone.NotYet, errors.Is(err, errAnother):
		code = app.AudioGone
	case phone.KindOf(err) == phone.Forbidden:
		code = app.AudioForbidden
	case errors.Is(err, audio.ErrTooLarge), errors.Is(err, audio.ErrTooLong):
		code = app.AudioTooLong
	case errors.Is(err, errContent):
		code = app.AudioUnreadable
	}
	return e.db.FailRecording(ctx, j, code)
}

// whatCame says for support what came in place of a recording. Of its content, which
// may be of a person, no more than the eight bytes by which a file's kind is told.
func whatCame(bad *phone.Error) string {
	what := bad.Detail
	if bad.Err != nil {
		what = strings.ReplaceAll(strings.TrimPrefix(what+": "+bad.Err.Error(), ": "), "\n", ": ")
	}
	if bad.Status != 0 {
		what = fmt.Sprintf("HTTP %d: %s", bad.Status, what)
	}
	return what
}
