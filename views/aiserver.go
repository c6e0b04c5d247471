package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"crk/app"
)

// AIServersPage shows which server does what for calls; with a form it also
// shows the drawer in which one is set.
type AIServersPage struct {
	Items        []AIServerCard // one for each task
	Channel      app.AgentChannel
	Integrations int           // phone integrations, for the tab beside
	Form         *AIServerForm // nil: no drawer
}

// An AIServerCard is the server that does a task. Without a Host there is none.
type AIServerCard struct {
	Task    app.AITask
	Host    string
	Model   string
	Own     bool // of the business, else the appliance's
	Keyed   bool // it is given a key
	Default bool // there is one of the appliance's
	Paused  bool // it refuses its key, its model or its bill: calls wait
	Waiting int  // calls that wait or are worked on
	Test    *AIServerTest
}

// An AIServerForm is the drawer of a server.
type AIServerForm struct {
	Form
	Task   app.AITask
	Stored bool // one is set
	Keyed  bool // with a key
	Test   *AIServerTest
}

// An AIServerTest is what came of a test.
type AIServerTest struct {
	OK       bool
	Code     string // why not: unauthorized, unreachable, …
	Latency  time.Duration
	Usage    bool     // the server tells what was used
	Models   []string // that it has, where the named one is not there
	Text     string   // what was heard; of a failure what to do, where that is known better than by its code
	Language string   // that was heard
	Times    bool     // what was heard comes with its times
	Form     string   // how answers are held to their form
}

func (f AIServerForm) action() string { return "/settings/providers/ai/" + string(f.Task) }

// open reports whether the advanced settings are shown at once: where one of them
// is set or wrong.
func (f AIServerForm) open() bool {
	return slices.ContainsFunc([]string{"keyHeader", "language", "timeout", "extra", "ca"}, func(name string) bool {
		return f.Errors[name] != "" || f.Value(name) != ""
	})
}

// keyHint says that an empty field keeps the key.
func (f AIServerForm) keyHint(ctx context.Context) string {
	if f.Keyed {
		return T(ctx, "form.keep")
	}
	return T(ctx, "aiserver.key.hint")
}

// aiSteps are what a test that went well has shown, in words.
func aiSteps(ctx context.Context, task app.AITask, t AIServerTest) []string {
	if task == app.TaskAnalysis {
		steps := []string{T(ctx, "aitest.answered"), label(ctx, "aitest.form", t.Form)}
		return append(steps, usageStep(ctx, t))
	}
	steps := []string{T(ctx, "aitest.answered")}
	if t.Text == "" {
		steps = append(steps, T(ctx, "aitest.heardnothing"))
	} else {
		steps = append(steps, T(ctx, "aitest.heard", "Text", t.Text))
	}
	if t.Times {
		steps = append(steps, T(ctx, "aitest.times"))
	} else {
		steps = append(steps, T(ctx, "aitest.notimes"))
	}
	return steps
}

func usageStep(ctx context.Context, t AIServerTest) string {
	if t.Usage {
		return T(ctx, "aitest.usage")
	}
	return T(ctx, "aitest.nousage")
}

// aiFix says what to do about a failed test.
func aiFix(ctx context.Context, t AIServerTest) string {
	switch {
	case t.Text != "":
		return t.Text
	case len(t.Models) > 0:
		return T(ctx, "aitest.models", "Models", strings.Join(t.Models, ", "))
	}
	return label(ctx, "aitest.fix", t.Code)
}

// aiExample is an address as a server of the task might have it.
func aiExample(task app.AITask) string {
	if task == app.TaskTranscription {
		return "http://192.168.1.20:8000/v1"
	}
	return "https://api.openai.com/v1"
}

// modelExample is a model as a server of the task might have it.
func modelExample(task app.AITask) string {
	if task == app.TaskTranscription {
		return "whisper-1"
	}
	return "gpt-4o-mini"
}

// keyState says whether a server is given a key.
func keyState(ctx context.Context, keyed bool) string {
	if keyed {
		return T(ctx, "aiserver.key.set")
	}
	return T(ctx, "aiserver.key.none")
}
