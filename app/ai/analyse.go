package ai

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"crk/app"
	"crk/app/jobs"
	"crk/store"
)

// An Analyst is the stage that makes sense of words.
type Analyst struct {
	db      *store.Store
	servers *Servers
}

// NewAnalyst returns the stage. For calls of a business for which no server
// works, and for calls in which nothing was said, the built-in rules of [Judge]
// serve.
func NewAnalyst(db *store.Store, servers *Servers) *Analyst {
	return &Analyst{db: db, servers: servers}
}

// Handler is the stage's job handler, for jobs of [app.JobAnalyse].
func (a *Analyst) Handler() jobs.Handler {
	return handler(a.run, func(ctx context.Context, j app.Job, _ error) error {
		return a.db.FailRecording(ctx, j, app.AnalysisFailed)
	})
}

func (a *Analyst) run(ctx context.Context, j app.Job) error {
	transcript, err := a.db.Transcript(ctx, j.BusinessID, j.Key)
	if err != nil {
		return err
	}
	server, err := a.servers.Of(ctx, j.BusinessID, app.TaskAnalysis)
	if err != nil {
		return err
	}
	brief, err := a.db.Brief(ctx, j.BusinessID)
	if err != nil {
		return err
	}
	if server.URL == "" || transcript == nil || transcript.Text == "" {
		return a.judge(ctx, j, transcript, brief)
	}
	leave, err := a.servers.enter(ctx, j, server)
	if err != nil {
		return err
	}
	defer leave()
	r, err := a.db.BeginStage(ctx, j, app.Analyzing)
	if err != nil {
		return err
	}
	result, err := a.ask(ctx, server, r, *transcript, brief, app.CauseCall)
	switch {
	case errors.Is(err, ErrInvalidAnswer):
		return jobs.Permanent(err)
	case err != nil:
		return a.servers.gate.verdict(ctx, fmt.Errorf("ai: analyse: %w", err), j, server)
	}
	return a.db.SaveAnalysis(ctx, j, result, version(brief), server.ModelName(app.TaskAnalysis))
}

// ask has a server analyse a call and records what it used, whatever came of it.
func (a *Analyst) ask(ctx context.Context, server Server, r app.Recording, t app.Transcript, brief app.Brief, cause string) (app.Analysis, error) {
	business, err := a.db.Business(ctx, r.BusinessID)
	if err != nil {
		return app.Analysis{}, err
	}
	c := Call{Direction: r.Direction, Phone: r.CustomerPhone, Transcript: t, Business: business.Name, Brief: brief}
	if r.Duration != nil {
		c.Duration = float64(*r.Duration)
	}
	result, used, err := Ask(ctx, server.client, server.config(app.TaskAnalysis), c)
	u := server.use(r.BusinessID, r.ID, app.TaskAnalysis, cause, used)
	// What was used is used, also where the work was cut off meanwhile.
	if failed := a.db.AddAIUse(context.WithoutCancel(ctx), u); failed != nil && err == nil {
		err = failed
	}
	return result, err
}

// version names all that an analysis was asked for.
func version(b app.Brief) string { return PromptVersion + "/" + strconv.Itoa(b.Version) }

// judge completes a call by the built-in rules.
func (a *Analyst) judge(ctx context.Context, j app.Job, transcript *app.Transcript, brief app.Brief) error {
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
	result := Judge(soundOf(*stats), transcript, brief)
	return a.db.SaveAnalysis(ctx, j, result, version(brief), BuiltIn)
}

// ErrNothingToTry is returned by [Analyst.Try] for a call without words, or where
// no server works for the business.
var ErrNothingToTry = errors.New("ai: there is nothing to try this on")

// Try analyses a call by a brief that need not be saved, and saves nothing but
// what that used. It waits for its place at the server like any call, until ctx
// ends. The error is ErrNothingToTry, wraps [ErrInvalidAnswer] or
// [ErrOverBudget], is an [*openai.Error], or is ctx's.
func (a *Analyst) Try(ctx context.Context, r app.Recording, brief app.Brief) (app.Analysis, error) {
	transcript, err := a.db.Transcript(ctx, r.BusinessID, r.ID)
	if err != nil {
		return app.Analysis{}, err
	}
	server, err := a.servers.Of(ctx, r.BusinessID, app.TaskAnalysis)
	if err != nil {
		return app.Analysis{}, err
	}
	if transcript == nil || transcript.Text == "" || server.URL == "" {
		return app.Analysis{}, ErrNothingToTry
	}
	held, err := a.db.HeldUntil(ctx, r.BusinessID)
	if err != nil {
		return app.Analysis{}, err
	}
	if held.After(a.db.Now()) {
		return app.Analysis{}, ErrOverBudget
	}
	leave, err := a.servers.queues.enter(ctx, server, app.Job{Priority: app.PriorityLive})
	if err != nil {
		return app.Analysis{}, err
	}
	defer leave()
	return a.ask(ctx, server, r, *transcript, brief, app.CauseTrial)
}
