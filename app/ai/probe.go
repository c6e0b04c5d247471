package ai

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"crk/app"
	"crk/app/ai/openai"
	"crk/app/audio"
)

// sample is three seconds of speech, GSM 6.10 in WAV, made as the voices of the
// demonstration are: "Good morning. Thank you for calling. How may I help you?"
//
//go:embed sample.wav
var sample []byte

const (
	sampleSeconds = 3.5
	probeTime     = 9500 * time.Millisecond // that a person waits, with what is around it
	modelsTime    = 2 * time.Second         // of it, to ask for the models where one is not there
	maxModels     = 12                      // that a person is shown
)

// Codes of a [Report] beside those of package openai.
const (
	CodeNoJSON = "no_json" // the model answers, but not in the form that is needed
	CodeNoPath = "no_path" // there is a server, and nothing of ours at that address
)

// A Report is what a test of a server found.
type Report struct {
	Code    string // why it does not work, as an openai.Code or one of ours; empty: it works
	Err     error  // beside a Code: for logs, and for what it wraps
	Latency time.Duration
	Usage   bool     // the server tells what was used
	Models  []string // of the server, where it has no such model

	Text     string // transcription: what was heard
	Language string // transcription: in which language
	Times    bool   // transcription: segments come with their times

	Form string // analysis: how the form of an answer is asked for, as openai.Form…
}

// Probe tries a server that need not be saved with a little work of the task, for
// at most ten seconds, and records what that used for the business.
func (s *Servers) Probe(ctx context.Context, a app.AIServer) Report {
	return s.probe(ctx, a.BusinessID, a.Task, s.own(a))
}

// ProbeDefault is Probe for the appliance's own server, which must be there.
func (s *Servers) ProbeDefault(ctx context.Context, business app.BusinessID, task app.AITask) Report {
	return s.probe(ctx, business, task, s.defaults[task])
}

func (s *Servers) probe(ctx context.Context, business app.BusinessID, task app.AITask, server Server) Report {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	server.Timeout = probeTime
	try := probeTranscription
	if task == app.TaskAnalysis {
		try = probeAnalysis
	}
	start := time.Now()
	r, used, err := try(ctx, server)
	r.Latency = time.Since(start)
	r.Usage = used.Known
	if task == app.TaskTranscription && err == nil {
		used.Audio, used.Known = cmp.Or(used.Audio, sampleSeconds), true
	}
	if err != nil {
		r.Err, r.Code = err, cmp.Or(Code(err), openai.CodeUnavailable)
		if r.Code == openai.CodeNoModel {
			r.lookAround(ctx, server, task, err)
		}
	}
	u := server.use(business, "", task, app.CauseTest, used)
	if err := s.db.AddAIUse(context.WithoutCancel(ctx), u); err != nil && r.Err == nil {
		r.Err, r.Code = err, openai.CodeUnavailable
	}
	return r
}

func probeTranscription(ctx context.Context, server Server) (Report, openai.Usage, error) {
	open := func() (*audio.WAV, error) {
		d, err := audio.NewDecoder(bytes.NewReader(sample))
		if err != nil {
			return nil, fmt.Errorf("ai: open the sample: %w", err)
		}
		return audio.Cut(d, audio.Piece{Spans: []app.Span{{End: sampleSeconds}}}), nil
	}
	sound, err := open()
	if err != nil {
		return Report{}, openai.Usage{}, err
	}
	heard, err := server.client.Transcribe(ctx, server.config(app.TaskTranscription), openai.Sound{
		Name: "test.wav", ContentType: "audio/wav", Size: sound.Size(), Duration: 3500 * time.Millisecond,
		Open: func() (io.Reader, error) { return open() },
	})
	n := len(heard.Segments)
	return Report{
		Text: line(heard.Text, maxSentence), Language: heard.Language, Times: n > 0 && heard.Segments[n-1].End > 0,
	}, heard.Usage, err
}

// probeSchema is the least that shows whether a model keeps to a form.
const probeSchema = `{"type":"object","additionalProperties":false,"required":["mood","minutes"],"properties":{
"mood":{"type":"string","enum":["glad","angry"]},"minutes":{"type":"integer"}}}`

func probeAnalysis(ctx context.Context, server Server) (Report, openai.Usage, error) {
	reply, err := server.client.Chat(ctx, server.config(app.TaskAnalysis), []openai.Message{
		{Role: "system", Content: "You judge what customers say and answer with one JSON object."},
		{Role: "user", Content: `"I have been waiting for 20 minutes and nobody helps me!" Is the customer glad or angry, and how many minutes did they wait?`},
	}, openai.Schema{Name: "test", JSON: json.RawMessage(probeSchema)})
	r := Report{Form: reply.Form}
	if err != nil {
		return r, reply.Usage, err
	}
	var answer struct {
		Mood    string
		Minutes json.RawMessage
	}
	_ = json.Unmarshal(reply.JSON, &answer) // what cannot be read stays empty
	_, counted := number(answer.Minutes)
	if !counted || !slices.Contains([]string{"glad", "angry"}, answer.Mood) {
		return r, reply.Usage, fmt.Errorf("%w: %.100q", errNoJSON, reply.Text)
	}
	return r, reply.Usage, nil
}

// errNoJSON is a server that answers in no form.
var errNoJSON = errors.New("ai: the answer does not keep to its form")

// Code says why a server did not do its work, as a [Report] does; it is empty for
// what is no server's fault.
func Code(err error) string {
	var e *openai.Error
	switch {
	case errors.Is(err, errNoJSON):
		return CodeNoJSON
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.DeadlineExceeded):
		return openai.CodeTimeout
	}
	return ""
}

// lookAround finds out whether it is the model that is not there, or everything.
func (r *Report) lookAround(ctx context.Context, server Server, task app.AITask, cause error) {
	ctx, cancel := context.WithTimeout(ctx, modelsTime)
	defer cancel()
	names, err := server.client.Models(ctx, server.config(task))
	var refused, e *openai.Error
	switch {
	case err == nil:
		slices.Sort(names)
		r.Models = names[:min(len(names), maxModels)]
	case errors.As(err, &e) && e.Code == openai.CodeNoModel && errors.As(cause, &refused) && refused.Status == http.StatusNotFound:
		r.Code = CodeNoPath
	}
}
