package dtac

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
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
	err = c.signedIn(ctx, opAudio, func(token string) error {
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
	audio, err := checkAudio(resp, body)
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

// checkAudio looks at the first bytes: login pages and errors come with status 200
// and under audio's content type as well.
func checkAudio(resp *http.Response, body io.ReadCloser) (phone.Audio, error) {
	if resp.StatusCode == http.StatusPartialContent {
		return phone.Audio{}, badAudio("a part came where the whole was asked for")
	}
	buffered := bufio.NewReaderSize(body, 32<<10)
	head, err := buffered.Peek(phone.SniffLen)
	if err != nil && !errors.Is(err, io.EOF) {
		return phone.Audio{}, err
	}
	if kind, ok := phone.Sniff(head); ok {
		return phone.Audio{
			Body:        readCloser{buffered, body},
			ContentType: kind,
			Size:        resp.ContentLength,
		}, nil
	}
	switch first := bytes.TrimLeft(head, " \t\r\n"); {
	case len(head) == 0:
		return phone.Audio{}, badAudio("the file is empty")
	case isHTML(head):
		return phone.Audio{}, badAudio("a web page came instead of audio")
	case bytes.HasPrefix(first, []byte("{")):
		return phone.Audio{}, readAudioError(buffered)
	}
	return phone.Audio{}, badAudio("the bytes are no sound file")
}

// readAudioError reads an answer in JSON, which may be about the token.
func readAudioError(r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, 64<<10))
	if err != nil {
		return err
	}
	var answer map[string]json.RawMessage
	if json.Unmarshal(body, &answer) == nil && tokenError(answer) {
		return errTokenRefused
	}
	return badAudio("an answer in JSON came instead of audio")
}

func badAudio(detail string) error {
	return &phone.Error{Kind: phone.BadContent, Op: opAudio, Detail: detail}
}

type readCloser struct {
	io.Reader
	io.Closer
}
