package ai

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/audio"
	"crk/app/jobs"
	"crk/store"
)

// Lengths of what is sent in one request.
const (
	longPiece     = 8 * time.Minute // under the ten minutes that some servers take
	cautiousPiece = 5 * time.Minute // for models that cut long answers short
	shortestPiece = time.Minute     // a server that takes no more than this takes no calls
)

// A Transcriber is the stage that makes words of sound.
type Transcriber struct {
	db      *store.Store
	audio   *audio.Store
	servers *Servers
}

// NewTranscriber returns the stage. Calls of a business for which no server
// works pass through it with no transcript.
func NewTranscriber(db *store.Store, sounds *audio.Store, servers *Servers) *Transcriber {
	return &Transcriber{db: db, audio: sounds, servers: servers}
}

// Handler is the stage's job handler, for jobs of [app.JobTranscribe].
func (t *Transcriber) Handler() jobs.Handler {
	return handler(t.run, func(ctx context.Context, j app.Job, err error) error {
		return t.db.FailRecording(ctx, j, failure(err))
	})
}

func (t *Transcriber) run(ctx context.Context, j app.Job) error {
	if err := t.listen(ctx, j); err != nil {
		return err
	}
	server, err := t.servers.Of(ctx, j.BusinessID, app.TaskTranscription)
	if err != nil {
		return err
	}
	if server.URL == "" {
		return t.db.SaveTranscript(ctx, j, nil, "")
	}
	leave, err := t.servers.enter(ctx, j, server)
	if err != nil {
		return err
	}
	defer leave()
	r, err := t.db.BeginStage(ctx, j, app.Transcribing)
	if err != nil {
		return err
	}
	transcript, err := t.transcribe(ctx, r, server)
	if err != nil {
		return t.servers.gate.verdict(ctx, fmt.Errorf("ai: transcribe: %w", err), j, server)
	}
	return t.db.SaveTranscript(ctx, j, &transcript, server.ModelName(app.TaskTranscription))
}

// transcribe makes the transcript of a call, piece by piece. A server that takes
// less at once gets less.
func (t *Transcriber) transcribe(ctx context.Context, r app.Recording, server Server) (app.Transcript, error) {
	stats, err := t.db.AudioStats(ctx, r.BusinessID, r.ID)
	if err != nil {
		return app.Transcript{}, err
	}
	if stats == nil {
		return app.Transcript{}, jobs.Permanent(errors.New("the recording has no audio"))
	}
	side, err := t.db.AgentChannel(ctx, r.BusinessID, r.ID)
	if err != nil {
		return app.Transcript{}, err
	}
	file, err := t.audio.OpenSound(ctx, r.ID, *stats)
	if err != nil {
		return app.Transcript{}, err
	}
	defer file.Close()
	for length := pieceLength(server.ModelName(app.TaskTranscription)); ; length /= 2 {
		c := &cutter{db: t.db, server: server, cfg: server.config(app.TaskTranscription), recording: r, file: file}
		heard, err := c.pieces(ctx, *stats, length)
		var e *openai.Error
		if errors.As(err, &e) && e.Code == openai.CodeTooLarge && length/2 >= shortestPiece {
			continue
		}
		if err != nil {
			return app.Transcript{}, err
		}
		return merge(heard, who{direction: r.Direction, agent: side, apart: len(stats.Talk) == 2 && !stats.Same}), nil
	}
}

func pieceLength(model string) time.Duration {
	if strings.Contains(model, "gpt-4o") || strings.Contains(model, "gpt-transcribe") {
		return cautiousPiece
	}
	return longPiece
}
