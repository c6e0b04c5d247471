package ai

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/store"
)

const (
	farRequests  = 4 // at once, to a server elsewhere
	nearRequests = 1 // at once, to one that is ours to overload
)

// Models that are asked for where none is set: servers with a single model ignore
// the name, and OpenAI's own has these.
const (
	defaultSTT = "whisper-1"
	defaultLLM = "gpt-4o-mini"
)

// A Server is an OpenAI-compatible server; without a URL there is none.
type Server struct {
	URL   string // ends in /v1 as a rule
	Key   app.Secret
	Model string // empty: a name that many servers know
	app.AIOptions

	id     string         // of its settings: others have another
	place  string         // where its requests are counted
	client *openai.Client // that may go there
}

// config is the server as the client knows it.
func (s Server) config(task app.AITask) openai.Config {
	model := defaultSTT
	if task == app.TaskAnalysis {
		model = defaultLLM
	}
	c := openai.Config{
		BaseURL: s.URL, Key: openai.Key(s.Key.Reveal()), Model: cmp.Or(s.Model, model), Language: s.Language,
		KeyHeader: s.KeyHeader, Timeout: s.Timeout, CA: s.CA,
	}
	for _, e := range s.Extra {
		c.Extra = append(c.Extra, openai.Field{Name: e.Name, Value: e.Value})
	}
	return c
}

// ModelName is the model that the server is asked for.
func (s Server) ModelName(task app.AITask) string { return s.config(task).Model }

// Own reports whether it is the business's own server, not the appliance's.
func (s Server) Own() bool { return strings.HasPrefix(s.id, "own ") }

// slots is how many requests the server gets at once.
func (s Server) slots() int {
	if u, err := url.Parse(s.URL); err != nil || u.Host == "" || app.IsLocalHost(u.Hostname()) {
		return nearRequests
	}
	return farRequests
}

// ServersOptions are what [NewServers] is made of. All but the default servers
// are required.
type ServersOptions struct {
	DB       *store.Store
	Log      *slog.Logger
	Operator *openai.Client // goes where the appliance's settings say
	Business *openai.Client // goes where a business may have requests sent
	STT, LLM Server         // of businesses that have none of their own; may be none
}

// Servers know which server works for a business, which of them are to be left
// alone for now, and how much each is given at once. They may be used
// concurrently.
type Servers struct {
	db       *store.Store
	operator *openai.Client
	business *openai.Client
	defaults map[app.AITask]Server
	gate     *gate
	queues   *queues
}

// NewServers returns the servers of an appliance.
func NewServers(o ServersOptions) *Servers {
	s := &Servers{
		db: o.DB, operator: o.Operator, business: o.Business, gate: newGate(o.DB, o.Log), queues: newQueues(),
		defaults: map[app.AITask]Server{},
	}
	for task, d := range map[app.AITask]Server{app.TaskTranscription: o.STT, app.TaskAnalysis: o.LLM} {
		if d.URL != "" {
			d.id, d.place, d.client = "default "+string(task), d.URL, o.Operator
			s.defaults[task] = d
		}
	}
	return s
}

// Of returns the server that works for a business: its own, else the
// appliance's, else one without a URL.
func (s *Servers) Of(ctx context.Context, business app.BusinessID, task app.AITask) (Server, error) {
	own, err := s.db.AIServer(ctx, business, task)
	if err != nil {
		return Server{}, err
	}
	if own != nil {
		return s.own(*own), nil
	}
	return s.defaults[task], nil
}

// Default returns the appliance's server for a task, without a URL where there is
// none.
func (s *Servers) Default(task app.AITask) Server { return s.defaults[task] }

// own is a server that a business has set, or is about to.
func (s *Servers) own(a app.AIServer) Server {
	return Server{
		URL: a.URL, Key: a.Key, Model: a.Model, AIOptions: a.AIOptions, client: s.business,
		id:    fmt.Sprintf("own %s %s %d", a.BusinessID, a.Task, a.UpdatedAt.UnixMilli()),
		place: string(a.BusinessID) + " " + a.URL,
	}
}

// Mended has the calls of a business that wait for a server go on at once: its
// server was seen to work.
func (s *Servers) Mended(ctx context.Context, business app.BusinessID, task app.AITask) error {
	server, err := s.Of(ctx, business, task)
	if err != nil {
		return err
	}
	s.gate.open(server)
	return s.db.WakeAI(ctx, business, task)
}

// Paused says until when the server of a business is left alone that a person
// must mend; the zero time where it is not.
func (s *Servers) Paused(server Server) time.Time { return s.gate.paused(server) }

// enter waits for a place at the server. It returns the error with which a job
// waits that may not go there now. The caller calls leave when it is done.
func (s *Servers) enter(ctx context.Context, j app.Job, server Server) (leave func(), err error) {
	if err := s.gate.enter(ctx, j, server); err != nil {
		return nil, err
	}
	if leave, err = s.queues.enter(ctx, server, j); err != nil {
		return nil, err
	}
	if err := s.gate.enter(ctx, j, server); err != nil { // it was shut meanwhile
		leave()
		return nil, err
	}
	return leave, nil
}

// use is what a request to the server is recorded as.
func (s Server) use(business app.BusinessID, recording string, task app.AITask, cause string, u openai.Usage) app.AIUse {
	return app.AIUse{
		BusinessID: business, RecordingID: recording, Task: task, Cause: cause, Server: app.CostServer(s.URL), Model: s.ModelName(task),
		AudioMs: int64(u.Audio * 1000), Input: u.Input, Output: u.Output, Estimated: !u.Known,
	}
}
