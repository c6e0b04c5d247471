package ai_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai/aitest"
	"crk/app/jobs"
)

// TestABudgetThatIsUsedUpHoldsCalls: both stages wait, without a request and
// without blame, until there is room.
func TestABudgetThatIsUsedUpHoldsCalls(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	l.process(t, l.bring(t, app.In, wav(60, []talk{{1, 58}})))
	requests := func() int { return len(srv.Requests(aitest.Transcriptions)) + len(srv.Requests(aitest.Chat)) }
	asked := requests()
	first := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	is.NoErr(l.run(t, app.JobTranscribe))
	second := l.bring(t, app.In, wav(20, []talk{{1, 18}}))

	is.NoErr(l.SetBudget(t.Context(), l.Business.ID, app.Budget{Limit: 1, OnLimit: app.OnLimitPause}))
	for _, kind := range []app.JobKind{app.JobTranscribe, app.JobAnalyse} {
		err := l.run(t, kind)
		var f *jobs.Failure
		is.True(errors.As(err, &f))
		is.True(f.Blameless)           // it is not the call's fault
		is.Equal(f.After, 6*time.Hour) // and is looked at again
	}
	is.Equal(requests(), asked+1) // nothing was asked but the first transcript

	l.Clock.Advance(15 * 24 * time.Hour) // the next month
	is.NoErr(l.run(t, app.JobTranscribe))
	is.NoErr(l.run(t, app.JobAnalyse))
	is.Equal(l.recording(t, first).Status, app.Completed)
	is.Equal(l.recording(t, second).Status, app.Completed)
}
