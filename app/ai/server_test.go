package ai_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
	"crk/app/ai/openai"
)

// own sets a business's own server for a task.
func (l *lab) own(t testing.TB, b app.BusinessID, task app.AITask, h http.Handler) app.AIServer {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	a := app.AIServer{BusinessID: b, Task: task, URL: srv.URL + "/v1", Key: "sk-own", Model: "own-model"}
	if err := l.SetAIServer(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestABusinesssOwnServerWins(t *testing.T) {
	is := is.New(t)
	shared, theirs := aitest.New(dialogue(t, "price")), aitest.New(dialogue(t, "outage"))
	l := newLab(t, shared, shared)
	guarded := 0
	l.own(t, l.Business.ID, app.TaskTranscription, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Business") != "" {
			guarded++
		}
		theirs.ServeHTTP(w, r)
	}))
	id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	l.process(t, id)
	is.Equal(len(shared.Requests(aitest.Transcriptions)), 0) // the appliance's server is not asked
	sent := theirs.Requests(aitest.Transcriptions)
	is.Equal(len(sent), 1)          // the business's is
	is.Equal(guarded, 1)            // through the client that goes where a business may
	is.Equal(sent[0].Key, "sk-own") // with its own key
	is.Equal(sent[0].Model, "own-model")
	is.Equal(len(shared.Requests(aitest.Chat)), 1) // the other task is still the appliance's

	other, _ := l.OtherBusiness(t)
	s, err := l.servers.Of(t.Context(), other.ID, app.TaskTranscription)
	is.NoErr(err)
	is.True(!s.Own()) // another business has nothing of it
	is.NoErr(l.DeleteAIServer(t.Context(), l.Business.ID, app.TaskTranscription))
	s, err = l.servers.Of(t.Context(), l.Business.ID, app.TaskTranscription)
	is.NoErr(err)
	is.Equal(s.Key, app.Secret("sk-secret")) // without its own the appliance's serves again
}

func TestAPauseIsOneServersAndEndsWhenItIsMended(t *testing.T) {
	is := is.New(t)
	shared, theirs := aitest.New(dialogue(t, "price")), aitest.New(dialogue(t, "price"))
	l := newLab(t, shared, nil)
	a := l.own(t, l.Business.ID, app.TaskTranscription, theirs)
	id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	theirs.FailAlways(aitest.Transcriptions, aitest.Unauthorized())
	j := l.claim(t, app.JobTranscribe)[0]
	is.Equal(fate(l.stages[app.JobTranscribe].Run(t.Context(), j)).Blameless, true)
	is.NoErr(l.ReleaseJob(t.Context(), j, l.Clock.Now().Add(time.Hour)))
	is.Equal(l.Text(t, `SELECT count(*) FROM feed`), "1") // people are told
	s, err := l.servers.Of(t.Context(), l.Business.ID, app.TaskTranscription)
	is.NoErr(err)
	is.True(!l.servers.Paused(s).IsZero())
	is.True(l.servers.Paused(l.servers.Default(app.TaskTranscription)).IsZero()) // the appliance's goes on
	is.Equal(len(l.claim(t, app.JobTranscribe)), 0)                              // the call waits

	a.Key = "sk-new"
	is.NoErr(l.SetAIServer(t.Context(), a)) // within the same moment
	s, err = l.servers.Of(t.Context(), l.Business.ID, app.TaskTranscription)
	is.NoErr(err)
	is.True(l.servers.Paused(s).IsZero()) // new settings are another server
	j = l.claim(t, app.JobTranscribe)[0]  // and the call is due at once
	is.Equal(fate(l.stages[app.JobTranscribe].Run(t.Context(), j)).Blameless, true)
	is.NoErr(l.ReleaseJob(t.Context(), j, l.Clock.Now().Add(time.Hour)))
	is.Equal(l.Text(t, `SELECT count(*) FROM feed`), "2") // which is told too: the new key is no better

	theirs.FailAlways(aitest.Transcriptions, aitest.Fault{})
	is.NoErr(l.servers.Mended(t.Context(), l.Business.ID, app.TaskTranscription))
	is.NoErr(l.run(t, app.JobTranscribe)) // after a good test it goes on at once
	is.True(l.transcript(t, id).Text != "")
}

// TestOneCallAtATime: a server of one's own network gets one call at once, and
// new calls go before a backlog.
func TestOneCallAtATime(t *testing.T) {
	is := is.New(t)
	inside, go_, order := make(chan string), make(chan struct{}), []string{}
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inside <- "asked"
		<-go_
		srv.ServeHTTP(w, r)
	}), nil)
	var jobs []app.Job
	for i := range 3 {
		l.bring(t, app.In, wav(20+float64(i), []talk{{1, 18}}))
	}
	jobs = l.claim(t, app.JobTranscribe)
	is.Equal(len(jobs), 3)
	jobs[1].Priority, jobs[2].Priority = app.PriorityBacklog, app.PriorityLive
	ended := make(chan string, 3)
	start := func(name string, j app.Job) {
		go func() {
			if err := l.stages[app.JobTranscribe].Run(t.Context(), j); err != nil {
				name = err.Error()
			}
			ended <- name
		}()
	}
	start("first", jobs[0])
	<-inside
	start("backlog", jobs[1])
	waitFor(t, func() bool { return l.servers.Waiting() == 1 })
	start("new", jobs[2])
	waitFor(t, func() bool { return l.servers.Waiting() == 2 })
	for range 3 {
		go_ <- struct{}{}
		order = append(order, <-ended)
		if len(order) < 3 {
			<-inside
		}
	}
	is.Equal(order, []string{"first", "new", "backlog"})
	is.Equal(l.servers.Waiting(), 0)
}

func TestProbe(t *testing.T) {
	for _, tt := range []struct {
		name  string
		task  app.AITask
		fault aitest.Fault
		code  string
	}{
		{"transcription works", app.TaskTranscription, aitest.Fault{}, ""},
		{"analysis works", app.TaskAnalysis, aitest.Fault{}, ""},
		{"wrong key", app.TaskAnalysis, aitest.Unauthorized(), openai.CodeUnauthorized},
		{"no money", app.TaskTranscription, aitest.NoQuota(), openai.CodeQuota},
		{"no such model", app.TaskAnalysis, aitest.Refused(404, "model_not_found", "no"), openai.CodeNoModel},
		{"a server of something else", app.TaskTranscription, aitest.HTML(), openai.CodeUnavailable},
		{"prose", app.TaskAnalysis, aitest.Prose(), ai.CodeNoJSON},
		{"another form", app.TaskAnalysis, aitest.Says(`{"mood":"so so"}`), ai.CodeNoJSON},
		{"in a code block", app.TaskAnalysis, aitest.Fenced(), ""},
		{"cut off", app.TaskTranscription, aitest.Drop(), openai.CodeUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			srv := aitest.New(dialogue(t, "price"))
			l := newLab(t, nil, nil)
			a := l.own(t, l.Business.ID, tt.task, srv)
			for _, op := range []aitest.Op{aitest.Transcriptions, aitest.Chat} {
				srv.FailAlways(op, tt.fault)
			}
			r := l.servers.Probe(t.Context(), a)
			is.Equal(r.Code, tt.code)
			is.Equal(r.Err == nil, tt.code == "")
			is.True(r.Err == nil || !strings.Contains(r.Err.Error(), "sk-own")) // the key is in no error
			is.True(tt.code != openai.CodeNoModel || len(r.Models) > 0)         // what there is instead is told
			if tt.code == "" && tt.task == app.TaskTranscription {
				is.True(strings.Contains(r.Text, "laser") && r.Times)
				is.Equal(l.Text(t, `SELECT cause || audio_ms FROM ai_usage`), "test3500") // a test costs as well
			}
			if tt.code == "" && tt.task == app.TaskAnalysis {
				is.Equal(r.Form, openai.FormStrict)
				is.True(r.Usage)
			}
		})
	}
}

func TestProbeOfNothing(t *testing.T) {
	is := is.New(t)
	l := newLab(t, nil, nil)
	a := l.own(t, l.Business.ID, app.TaskTranscription, http.NotFoundHandler())
	is.Equal(l.servers.Probe(t.Context(), a).Code, ai.CodeNoPath) // it is the address, not the model
}
