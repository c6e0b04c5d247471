package automation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"crk/app"
	"crk/app/jobs"
	"crk/store"
)

// An Engine runs the automations of every business. It may be used concurrently.
type Engine struct {
	db      *store.Store
	log     *slog.Logger
	baseURL string
}

// New returns an engine. baseURL is where people reach the appliance, empty if
// that is not known: then messages have no link.
func New(db *store.Store, log *slog.Logger, baseURL string) *Engine {
	return &Engine{db: db, log: log, baseURL: baseURL}
}

// Handler returns the stage for the runner. It depends on nothing but the
// database, so it is tried for as long as that may be in trouble.
func (e *Engine) Handler() jobs.Handler {
	return jobs.Handler{
		Run: e.Run,
		GiveUp: func(ctx context.Context, j app.Job, _ error) error {
			return e.db.FinishJob(ctx, j)
		},
		Slots:   2,
		MaxAge:  24 * time.Hour,
		Backoff: jobs.Exponential(time.Second, 5*time.Minute),
	}
}

// maxTries bounds how often one run begins anew because people were changing
// rules meanwhile.
const maxTries = 5

// Run compares the call that the job names with every automation of its business
// that is switched on, and stores what is to be sent. It sends nothing. Run
// twice, it stores nothing new. A call that is gone or has no analysis is not
// compared; one that is being worked on again is, by the analysis it has.
func (e *Engine) Run(ctx context.Context, j app.Job) error {
	for try := 1; ; try++ {
		err := e.run(ctx, j)
		if !errors.Is(err, store.ErrStale) || try == maxTries {
			return err
		}
	}
}

func (e *Engine) run(ctx context.Context, j app.Job) error {
	recording, call, err := e.call(ctx, j.BusinessID, j.Key)
	switch {
	case app.IsKind(err, app.NotFound):
		return nil
	case err != nil:
		return fmt.Errorf("automation: read call %s: %w", j.Key, err)
	case recording.AnalysisID == "":
		return nil
	}
	automations, err := e.db.EnabledAutomations(ctx, j.BusinessID)
	if err != nil {
		return fmt.Errorf("automation: read automations: %w", err)
	}
	var runs []store.AutomationRun
	for _, a := range automations {
		p, err := NewProgram(a.Graph)
		if err != nil { // one of a later version, say, keeps no other from running
			e.log.Error("automation cannot run", "automation", a.ID, "err", err)
			continue
		}
		if run, ok := newRun(a, p, recording.ID, call); ok {
			runs = append(runs, run)
		}
	}
	return e.db.SaveAutomationRuns(ctx, j, recording.AnalysisID, runs)
}

// newRun returns what an automation makes of a call, and false if nothing. Where
// the flow comes by a throttle, it is made out inside the transaction that saves
// it: there nobody else can use the throttle meanwhile.
func newRun(a app.Automation, p *Program, recording string, call *Call) (store.AutomationRun, bool) {
	if p.Asks(call) {
		return store.AutomationRun{Automation: a, Decide: func(used store.Used) store.Decision {
			return decide(p.Run(call, func(node string, t app.Throttle, subject string) int {
				return used(node, subject, t.Period())
			}), recording)
		}}, true
	}
	o := p.Run(call, nil)
	if len(o.Sent) == 0 {
		return store.AutomationRun{}, false
	}
	d := decide(o, recording)
	return store.AutomationRun{Automation: a, Decide: func(store.Used) store.Decision { return d }}, true
}

// decide turns an outcome into deliveries, one for each destination: a second
// message for the same one, or for the same members, is not sent.
func decide(o Outcome, recording string) store.Decision {
	d := store.Decision{Trace: asJSON(o.Trace()), Held: o.Held}
	for _, pass := range o.Passed {
		d.Passed = append(d.Passed, store.Passage{NodeID: pass.NodeID, Subject: pass.Subject})
	}
	seen := map[string]bool{}
	var told app.Audience // of the members
	for _, s := range o.Sent {
		for _, delivery := range s.deliveries() {
			if s.Channel == app.ChannelInApp && !delivery.tell(&told) || seen[delivery.Destination] {
				continue
			}
			seen[delivery.Destination] = true
			delivery.Link = o.call.facts.Link
			delivery.Data = asJSON(map[string]string{"recordingId": recording})
			d.Deliveries = append(d.Deliveries, delivery.Delivery)
		}
	}
	return d
}

// A delivery is one that is being made out.
type delivery struct{ app.Delivery }

// tell takes those out of the audience of a delivery to the feed who have been
// told, adds the rest to them, and reports whether anybody is left.
func (d *delivery) tell(told *app.Audience) bool {
	everybody := app.AudienceOf(app.Roles())
	rest := d.Audience
	if rest == 0 {
		rest = everybody
	}
	rest &^= *told
	*told |= rest
	if d.Audience = rest; rest == everybody {
		d.Audience = 0
	}
	if d.Audience != 0 { // the feed once for each audience
		d.Destination += ":" + strings.Join(words(d.Audience.Roles()), "+")
	}
	return rest != 0
}

func words(roles []app.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

// deliveries returns one delivery for each destination of a send node.
func (s Sending) deliveries() []delivery {
	d := delivery{app.Delivery{Channel: s.Channel, Title: s.Title, Body: s.Body, Severity: s.Severity, Destination: s.Channel}}
	if s.Channel == app.ChannelInApp {
		d.Audience = app.AudienceOf(s.Roles)
		return []delivery{d}
	}
	out := make([]delivery, len(s.To))
	for i, id := range s.To {
		out[i] = d
		out[i].Destination = s.Channel + ":" + id
		if s.Channel == app.ChannelTelegram {
			out[i].ChatID = id
		} else {
			out[i].WebhookID = id
		}
	}
	return out
}

// asJSON returns one of this package's own values as JSON.
func asJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("automation: %T as JSON: %v", v, err)) // they all can be
	}
	return b
}

// Try returns what an automation, switched on or not, would make of a call of
// its business now. Nothing is sent and nothing is stored. It is a NotFound error
// if there is no such call.
func (e *Engine) Try(ctx context.Context, a app.Automation, recording string) (Trace, error) {
	_, call, err := e.call(ctx, a.BusinessID, recording)
	if err != nil {
		return Trace{}, err
	}
	p, err := NewProgram(a.Graph)
	if err != nil {
		return Trace{}, err
	}
	var failed error
	o := p.Run(call, func(node string, t app.Throttle, subject string) int {
		n, err := e.db.ThrottleUses(ctx, a.BusinessID, a.ID, node, subject, t.Period())
		failed = errors.Join(failed, err)
		return n
	})
	return o.Trace(), failed
}

// call reads a call and makes it ready.
func (e *Engine) call(ctx context.Context, business app.BusinessID, id string) (app.Recording, *Call, error) {
	c, err := e.db.AnalysedCall(ctx, business, id)
	if err != nil {
		return c.Recording, nil, err
	}
	b, err := e.db.Business(ctx, business)
	if err != nil {
		return c.Recording, nil, err
	}
	return c.Recording, NewCall(e.facts(c, b)), nil
}

// facts gathers what is known of a call.
func (e *Engine) facts(c store.AnalysedCall, b app.Business) Facts {
	f := Facts{
		Score: c.Score, Tag: c.Tag, Sentiment: c.Sentiment, Direction: string(c.Direction), Source: c.Source, Language: c.Language,
		CustomerPhone: c.CustomerPhone, CustomerNormalized: c.CustomerNormalized, Agent: c.AgentName, AgentNumber: c.AgentNumber,
		Summary: c.Summary, Transcript: c.Transcript, Topics: c.Topics, CallAt: c.CallAt, Zone: b.Location(),
		ScoreReason: c.ScoreReason, ActionItems: c.ActionItems, Business: b.Name,
	}
	if c.Duration != nil {
		seconds := float64(*c.Duration)
		f.Duration = &seconds
	}
	if c.Sound != nil {
		silence := c.Sound.SilenceRatio
		talk := 1 - silence
		f.SilenceRatio, f.TalkRatio = &silence, &talk
	}
	if e.baseURL != "" {
		f.Link = e.baseURL + "/calls/" + c.ID
	}
	return f
}
