package dtac

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"crk/app/phone"
)

const opAudio = "dtac: open recording"

// Audio implements [phone.Source]. It asks for the whole file: what OrkTrack makes
// of Range is not known.
func (c *Client) Audio(ctx context.Context, id string) (audio phone.Audio, err error) {
	if !callID.MatchString(id) {
		return phone.Audio{}, &phone.Error{Kind: phone.NotYet, Op: opAudio, Detail: "no recording can have this id"}
	}
	address := c.url(c.set.media, id, nil)
	err = c.session.Do(ctx, opAudio, func(token string) error {
		audio, err = c.tryAudio(ctx, address, token)
		return err
	})
	return audio, err
}

func (c *Client) tryAudio(ctx context.Context, address, token string) (phone.Audio, error) {
	call, cancel := context.WithTimeout(ctx, audioTimeout)
	resp, err := c.get(call, opAudio, address, token)
	if err != nil {
		cancel()
		return phone.Audio{}, c.explainAudio(ctx, err)
	}
	body := phone.IdleBody(ctx, opAudio, resp.Body, idleTimeout, cancel)
	audio, err := phone.TakeAudio(opAudio, resp, body, explainAnswer)
	if err != nil {
		body.Close()
	}
	return audio, err
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
