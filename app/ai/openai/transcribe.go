package openai

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// A Sound is audio to transcribe.
type Sound struct {
	Name        string                    // with an extension: servers tell the format by it
	ContentType string                    // such as "audio/wav"
	Size        int64                     // in bytes, exactly
	Duration    time.Duration             // of the sound; the timeout follows from it
	Prompt      string                    // what was said just before, or empty
	Open        func() (io.Reader, error) // called once for each request; a server may need several
}

// A Transcript is what a server heard. Segments are in order of their start,
// and nil where the server gives no times.
type Transcript struct {
	Language string // ISO 639-1, or empty where the server does not say
	Text     string
	Duration time.Duration // as the server measured it, or 0
	Segments []Segment
	Usage    Usage
}

// A Segment is a stretch of a transcript, with times from the sound's start.
type Segment struct {
	Start, End  time.Duration
	Text        string
	Speaker     string  // as the server names it; empty where it tells none apart
	NoSpeech    float64 // probability that nothing was said
	LogProb     float64 // average, 0 where unknown
	Compression float64 // ratio; high where a text repeats itself
}

// The ladder of transcription, from what we like best.
const (
	withTimes = iota // verbose_json with the times of segments
	textAlone        // json
)

// Transcribe sends a sound and returns what was said. It asks for the times of
// segments too, or, where the server refuses that, for the text alone; a model
// that tells speakers apart is asked for those. The times of words are not asked
// for: many servers refuse or guess them, and the rest take longer.
//
// The sound is streamed: memory does not grow with its length. The timeout is
// three times the sound's duration, two minutes at least.
func (c *Client) Transcribe(ctx context.Context, cfg Config, s Sound) (Transcript, error) {
	var out Transcript
	err := c.memory.descend("transcribe "+cfg.BaseURL+" "+cfg.Model, textAlone, func(rung int) error {
		r, err := transcribeRequest(cfg, s, rung)
		if err != nil {
			return err
		}
		body, err := c.do(ctx, cfg, r)
		if err != nil {
			return err
		}
		out, err = decodeTranscript(body)
		out.Usage = decodeUsage(body)
		return err
	})
	return out, err
}

// transcribeRequest makes a body of three parts, one after the other: the form's
// head, the sound and the form's end. So its length is known, which a pipe into
// the form would not tell, and which some servers insist on.
func transcribeRequest(cfg Config, s Sound, rung int) (request, error) {
	var buf bytes.Buffer
	form := multipart.NewWriter(&buf)
	fields := transcribeFields(cfg, s, rung)
	for _, f := range cfg.Extra {
		fields[f.Name] = f.Value
	}
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			return request{}, err
		}
	}
	_, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", s.Name)}, "Content-Type": {s.ContentType},
	})
	head := buf.Len()
	if err = errors.Join(err, form.Close()); err != nil {
		return request{}, err
	}
	open := func() (io.Reader, error) {
		sound, err := s.Open()
		if err != nil {
			return nil, err
		}
		return io.MultiReader(bytes.NewReader(buf.Bytes()[:head]), io.LimitReader(sound, s.Size), bytes.NewReader(buf.Bytes()[head:])), nil
	}
	return request{
		op: "transcribe", method: http.MethodPost, path: "audio/transcriptions", contentType: form.FormDataContentType(),
		open: open, length: int64(buf.Len()) + s.Size, timeout: cmp.Or(cfg.Timeout, max(120*time.Second, 3*s.Duration)),
	}, nil
}

func transcribeFields(cfg Config, s Sound, rung int) map[string]string {
	fields := map[string]string{"model": cfg.Model, "response_format": "json"}
	if cfg.Language != "" {
		fields["language"] = cfg.Language
	}
	diarize := strings.Contains(cfg.Model, "diarize")
	if s.Prompt != "" && !diarize { // such models refuse one
		fields["prompt"] = s.Prompt
	}
	switch {
	case rung == withTimes && diarize:
		fields["response_format"] = "diarized_json"
		fields["chunking_strategy"] = "auto" // without it no more than 30 s
	case rung == withTimes:
		fields["response_format"] = "verbose_json"
		fields["timestamp_granularities[]"] = "segment" // some servers read the name only with its brackets
	}
	return fields
}
