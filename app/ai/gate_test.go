package ai_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai/aitest"
	"crk/app/jobs"
	"crk/store"
)

func TestWhatBecomesOfAFailure(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault aitest.Fault
		want  jobs.Failure // of the first job
		next  jobs.Failure // of another job at the same time
	}{
		{"gateway", aitest.HTML(), jobs.Failure{}, jobs.Failure{}},
		{"dropped", aitest.Drop(), jobs.Failure{}, jobs.Failure{}},
		{"error 500", aitest.Refused(500, "", "oops"), jobs.Failure{}, jobs.Failure{}},
		{"asked to wait", aitest.RateLimited(7 * time.Second), jobs.Failure{After: 7 * time.Second}, jobs.Failure{After: 7 * time.Second, Blameless: true}},
		{"asked to wait for ages", aitest.RateLimited(9 * time.Hour), jobs.Failure{After: time.Hour}, jobs.Failure{After: time.Hour, Blameless: true}},
		{"wrong key", aitest.Unauthorized(), jobs.Failure{After: time.Hour, Blameless: true}, jobs.Failure{After: time.Hour, Blameless: true}},
		{"no quota", aitest.NoQuota(), jobs.Failure{After: time.Hour, Blameless: true}, jobs.Failure{After: time.Hour, Blameless: true}},
		{"no such model", aitest.Refused(404, "model_not_found", "no"), jobs.Failure{After: time.Hour, Blameless: true}, jobs.Failure{After: time.Hour, Blameless: true}},
		{"rejected", aitest.Refused(400, "", "broken"), jobs.Failure{Permanent: true}, jobs.Failure{Permanent: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			srv := aitest.New(dialogue(t, "price"))
			l := newLab(t, srv, srv)
			for _, stage := range []struct {
				kind app.JobKind
				op   aitest.Op
			}{{app.JobTranscribe, aitest.Transcriptions}, {app.JobAnalyse, aitest.Chat}} {
				id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
				l.bring(t, app.In, wav(21, []talk{{1, 18}}))
				if stage.kind == app.JobAnalyse {
					is.NoErr(l.run(t, app.JobTranscribe))
				}
				srv.FailAlways(stage.op, tt.fault)
				due := l.claim(t, stage.kind)
				err := l.stages[stage.kind].Run(t.Context(), due[0])
				is.Equal(fate(err), tt.want)
				is.Equal(fate(l.stages[stage.kind].Run(t.Context(), due[1])), tt.next)
				is.True(!strings.Contains(err.Error()+l.log.String(), "sk-secret"))

				srv.FailAlways(stage.op, aitest.Fault{})
				l.Clock.Advance(time.Hour)
				for _, j := range due {
					is.NoErr(l.stages[stage.kind].Run(t.Context(), j)) // once that has passed it goes on
				}
				if stage.kind == app.JobAnalyse {
					is.Equal(l.recording(t, id).Status, app.Completed)
				}
			}
		})
	}
}

func TestAPauseIsSaidOnce(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	for range 3 {
		l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	}
	srv.FailAlways(aitest.Transcriptions, aitest.Unauthorized())
	for _, j := range l.claim(t, app.JobTranscribe) {
		is.True(l.stages[app.JobTranscribe].Run(t.Context(), j) != nil)
	}
	is.Equal(len(srv.Requests(aitest.Transcriptions)), 1)                        // the server is asked once
	is.Equal(l.Text(t, `SELECT count(*) FROM feed`), "1")                        // people are told once
	is.Equal(l.Text(t, `SELECT title FROM feed`), "Calls wait for an AI server") // in their language
	is.Equal(strings.Count(l.log.String(), "an AI server must be mended"), 1)    // and so is the log

	l.Clock.Advance(24 * time.Hour)
	l.Exec(t, `UPDATE businesses SET language = 'th'`)
	is.NoErr(l.ReleaseAllJobs(t.Context()))
	is.True(l.run(t, app.JobTranscribe) != nil)
	is.Equal(l.Text(t, `SELECT count(*) FROM feed`), "2") // the next day once more
	is.Equal(l.Text(t, `SELECT title FROM feed ORDER BY seq DESC LIMIT 1`), "สายกำลังรอเซิร์ฟเวอร์ AI")
}

func TestEndlessShortWaitsGrow(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, nil)
	l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	srv.FailAlways(aitest.Transcriptions, aitest.RateLimited(time.Second))
	j := l.claim(t, app.JobTranscribe)[0]
	j.Attempts = 8
	is.Equal(fate(l.stages[app.JobTranscribe].Run(t.Context(), j)).After, 30*time.Minute) // or a day's attempts are gone in a minute
}

func TestADayOfAttempts(t *testing.T) {
	is := is.New(t)
	h := newLab(t, nil, nil).stages[app.JobTranscribe]
	var sum time.Duration
	for n := 1; n < h.Attempts; n++ {
		sum += h.Backoff(n)
	}
	is.True(sum > 18*time.Hour && sum < 31*time.Hour) // a day, give or take what a backoff varies by
	first := h.Backoff(1)
	is.True(first >= 3*time.Second && first <= 7*time.Second) // and soon at first
}

func TestGivingUp(t *testing.T) {
	for kind, code := range map[app.JobKind]string{app.JobTranscribe: app.TranscriptionFailed, app.JobAnalyse: app.AnalysisFailed} {
		t.Run(string(kind), func(t *testing.T) {
			is := is.New(t)
			srv := aitest.New(dialogue(t, "price"))
			l := newLab(t, srv, srv)
			id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
			if kind == app.JobAnalyse {
				is.NoErr(l.run(t, app.JobTranscribe))
			}
			j := l.claim(t, kind)[0]
			is.NoErr(l.stages[kind].GiveUp(t.Context(), j, errors.New("server said: secret")))
			r := l.recording(t, id)
			is.Equal(r.Status, app.Failed)
			is.Equal(r.Error, code) // a code, not what the server said
			if kind == app.JobAnalyse {
				is.True(l.transcript(t, id).Text != "") // the transcript stays useful
			}
		})
	}
}

func TestAnswersThatStayInvalidEndAtOnce(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	is.NoErr(l.run(t, app.JobTranscribe))
	srv.FailAlways(aitest.Chat, aitest.Says(good(map[string]any{"score": 1000})))
	is.Equal(fate(l.run(t, app.JobAnalyse)), jobs.Failure{Permanent: true})
	is.Equal(len(srv.Requests(aitest.Chat)), 3)
}

func TestAStopIsNoFailure(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	srv.FailAlways(aitest.Transcriptions, aitest.Slow(time.Hour))
	l := newLab(t, srv, nil)
	l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	j := l.claim(t, app.JobTranscribe)[0]
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(srv.Requests(aitest.Transcriptions)) == 0 && t.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	err := l.stages[app.JobTranscribe].Run(ctx, j)
	is.True(errors.Is(err, context.Canceled))
	var f *jobs.Failure
	is.True(!errors.As(err, &f)) // the runner sees a job that was cut off
}

func TestACallThatIsGone(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	for _, kind := range []app.JobKind{app.JobTranscribe, app.JobAnalyse} {
		id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
		if kind == app.JobAnalyse {
			is.NoErr(l.run(t, app.JobTranscribe))
		}
		j := l.claim(t, kind)[0]
		is.NoErr(l.DeleteRecording(t.Context(), l.Business.ID, nil, id))
		is.True(errors.Is(l.stages[kind].Run(t.Context(), j), store.ErrLease)) // nobody wants the result
	}
	is.Equal(l.Text(t, `SELECT count(*) FROM transcripts`), "0")
	is.Equal(l.Text(t, `SELECT count(*) FROM transcript_chunks`), "0")
}
