package threecx

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"crk/app/phone"
)

const opAudio = "threecx: open recording"

// notFound is the end of 3CX's name for a recording whose file is not there.
const notFound = "FILE_NOT_FOUND"

// Audio implements [phone.Source]. A file that is not there is not there yet: it is
// still being written, or deleted, which 3CX does not tell apart, or in an archive,
// which its list tells.
func (c *Client) Audio(ctx context.Context, id string) (audio phone.Audio, err error) {
	if !callID.MatchString(id) {
		return phone.Audio{}, &phone.Error{Kind: phone.NotYet, Op: opAudio, Detail: "no recording can have this id"}
	}
	audio, err = c.audio.Open(ctx, func(call context.Context, token string, header http.Header) (*http.Response, error) {
		resp, err := c.getWith(call, opAudio, pathAudio+id+")", token, header)
		if err != nil {
			return nil, explainAudio(ctx, err)
		}
		return resp, nil
	})
	if e, ok := errors.AsType[*phone.Error](err); ok && e.Kind == phone.NotYet {
		e.Archived = c.archivedThere(ctx, id)
	}
	return audio, err
}

// explainAudio tells a recording that is not there from a 3CX that is not.
func explainAudio(ctx context.Context, err error) error {
	err = explain(ctx, opAudio, err)
	e, ok := errors.AsType[*phone.Error](err)
	if ok && (e.Status == http.StatusNotFound || e.Status == http.StatusGone || strings.Contains(e.Detail, notFound)) {
		e.Kind = phone.NotYet
	}
	return err
}

// explainAnswer tells the answer for a file that is not there where it comes with
// status 200.
func explainAnswer(body []byte) error {
	if text := message(body); strings.Contains(text, notFound) {
		return &phone.Error{Kind: phone.NotYet, Op: opAudio, Detail: text}
	}
	return nil
}
