package ai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/store"
)

// defaultSTT is the model that is asked for where none is set: servers with a
// single model ignore the name, and OpenAI's own has this one.
const defaultSTT = "whisper-1"

// Lengths of what is sent in one request.
const (
	longPiece     = 8 * time.Minute // under the ten minutes that some servers take
	cautiousPiece = 5 * time.Minute // for models that cut long answers short
	shortestPiece = time.Minute     // a server that takes no more than this takes no calls
)

// A Transcriber is the stage that makes words of sound.
type Transcriber struct {
	db     *store.Store
	audio  *audio.Store
	client *openai.Client
	server Server
	gate   *gate
}

// NewTranscriber returns the stage for calls whose business has no server of its
// own. Without a server calls pass through it with no transcript.
func NewTranscriber(db *store.Store, sounds *audio.Store, client *openai.Client, server Server, log *slog.Logger) *Transcriber {
	return &Transcriber{db: db, audio: sounds, client: client, server: server, gate: newGate(db, log)}
}

// Handler is the stage's job handler, for jobs of [app.JobTranscribe].
func (t *Transcriber) Handler() jobs.Handler {
	return handler(t.run, func(ctx context.Context, j app.Job, _ error) error {
		return t.db.FailRecording(ctx, j, app.TranscriptionFailed)
	}, t.server.slots())
}

// serverOf is the server for a business's calls.
func (t *Transcriber) serverOf(app.BusinessID) Server { return t.server }

func (t *Transcriber) run(ctx context.Context, j app.Job) error {
	server := t.serverOf(j.BusinessID)
	if server.URL == "" {
		return t.db.SaveTranscript(ctx, j, nil, "")
	}
	cfg := server.config(defaultSTT)
	if err := t.gate.enter(ctx, j, cfg); err != nil {
		return err
	}
	r, err := t.db.BeginStage(ctx, j, app.Transcribing)
	if err != nil {
		return err
	}
	transcript, err := t.transcribe(ctx, r, cfg)
	if err != nil {
		return t.gate.verdict(ctx, fmt.Errorf("ai: transcribe: %w", err), j, cfg)
	}
	return t.db.SaveTranscript(ctx, j, &transcript, cfg.Model)
}

// transcribe makes the transcript of a call, piece by piece. A server that takes
// less at once gets less.
func (t *Transcriber) transcribe(ctx context.Context, r app.Recording, cfg openai.Config) (app.Transcript, error) {
	stats, err := t.db.AudioStats(ctx, r.BusinessID, r.ID)
	if err != nil {
		return app.Transcript{}, err
	}
	if stats == nil {
		return app.Transcript{}, jobs.Permanent(errors.New("the recording has no audio"))
	}
	file, err := t.audio.Open(r.ID)
	if err != nil {
		return app.Transcript{}, err
	}
	defer file.Close()
	for length := pieceLength(cfg.Model); ; length /= 2 {
		c := &cutter{db: t.db, client: t.client, cfg: cfg, recording: r, file: file}
		heard, err := c.pieces(ctx, *stats, length)
		var e *openai.Error
		if errors.As(err, &e) && e.Code == openai.CodeTooLarge && length/2 >= shortestPiece {
			continue
		}
		if err != nil {
			return app.Transcript{}, err
		}
		return merge(heard, r.Direction), nil
	}
}

func pieceLength(model string) time.Duration {
	if strings.Contains(model, "gpt-4o") || strings.Contains(model, "gpt-transcribe") {
		return cautiousPiece
	}
	return longPiece
}
