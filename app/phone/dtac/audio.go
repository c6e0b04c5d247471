package dtac

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"crk/app/phone"
)

const opAudio = "dtac: open recording"

// Audio implements [phone.Source]. It asks for the whole file first: what OrkTrack
// makes of Range is not known.
func (c *Client) Audio(ctx context.Context, id string) (phone.Audio, error) {
	if !callID.MatchString(id) {
		return phone.Audio{}, &phone.Error{Kind: phone.NotYet, Op: opAudio, Detail: "no recording can have this id"}
	}
	address := c.url(c.set.media, id, nil)
	return c.audio.Open(ctx, func(call context.Context, token string, header http.Header) (*http.Response, error) {
		resp, err := c.getWith(call, opAudio, address, token, header)
		if err != nil {
			return nil, c.explainAudio(ctx, err)
		}
		return resp, nil
	})
}

// explainAudio tells a recording that is not there from an OrkTrack that is not.
func (c *Client) explainAudio(ctx context.Context, err error) error {
	err = c.explain(ctx, opAudio, err)
	if e, ok := errors.AsType[*phone.Error](err); ok && (e.Status == http.StatusNotFound || e.Status == http.StatusGone) {
		e.Kind = phone.NotYet
	}
	return err
}

// explainAnswer tells an answer about the token, which comes with status 200 too.
func explainAnswer(body []byte) error {
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) == nil && tokenError(answer) {
		return phone.ErrTokenRefused
	}
	return nil
}
