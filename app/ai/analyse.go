package ai

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/jobs"
	"crk/store"
)

// defaultLLM is the model that is asked for where none is set.
const defaultLLM = "gpt-4o-mini"

// An Analyst is the stage that makes sense of words.
type Analyst struct {
	db     *store.Store
	client *openai.Client
	server Server
	gate   *gate
}

// NewAnalyst returns the stage for calls whose business has no server of its own.
// Without a server, and for calls in which nothing was said, the built-in rules
// of [Judge] serve.
func NewAnalyst(db *store.Store, client *openai.Client, server Server, log *slog.Logger) *Analyst {
	return &Analyst{db: db, client: client, server: server, gate: newGate(db, log)}
}

// Handler is the stage's job handler, for jobs of [app.JobAnalyse].
func (a *Analyst) Handler() jobs.Handler {
	return handler(a.run, func(ctx context.Context, j app.Job, _ error) error {
		return a.db.FailRecording(ctx, j, app.AnalysisFailed)
	}, a.server.slots())
}

// serverOf is the server for a business's calls.
func (a *Analyst) serverOf(app.BusinessID) Server { return a.server }

func (a *Analyst) run(ctx context.Context, j app.Job) error {
	transcript, err := a.db.Transcript(ctx, j.BusinessID, j.Key)
	if err != nil {
		return err
	}
	server := a.serverOf(j.BusinessID)
	if server.URL == "" || transcript == nil || transcript.Text == "" {
		return a.judge(ctx, j, transcript)
	}
	cfg := server.config(defaultLLM)
	if err := a.gate.enter(ctx, j, cfg); err != nil {
		return err
	}
	r, err := a.db.BeginStage(ctx, j, app.Analyzing)
	if err != nil {
		return err
	}
	business, err := a.db.Business(ctx, j.BusinessID)
	if err != nil {
		return err
	}
	result, err := Ask(ctx, a.client, cfg, callOf(r, business, *transcript))
	switch {
	case errors.Is(err, ErrInvalidAnswer):
		return jobs.Permanent(err)
	case err != nil:
		return a.gate.verdict(ctx, fmt.Errorf("ai: analyse: %w", err), j, cfg)
	}
	return a.db.SaveAnalysis(ctx, j, result, PromptVersion, cfg.Model)
}

// judge completes a call by the built-in rules.
func (a *Analyst) judge(ctx context.Context, j app.Job, transcript *app.Transcript) error {
	if _, err := a.db.BeginStage(ctx, j, app.Analyzing); err != nil {
		return err
	}
	stats, err := a.db.AudioStats(ctx, j.BusinessID, j.Key)
	if err != nil {
		return err
	}
	if stats == nil {
		return jobs.Permanent(errors.New("ai: the recording has no audio"))
	}
	result := Judge(soundOf(*stats))
	if transcript != nil {
		result.Language = transcript.Language
	}
	return a.db.SaveAnalysis(ctx, j, result, "", BuiltIn)
}

func callOf(r app.Recording, b app.Business, t app.Transcript) Call {
	c := Call{Direction: r.Direction, Phone: r.CustomerPhone, Transcript: t, Scorecard: DefaultScorecard(), Language: b.Language}
	if r.Duration != nil {
		c.Duration = float64(*r.Duration)
	}
	return c
}
