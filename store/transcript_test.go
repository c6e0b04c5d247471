package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// stage makes a job of a kind for a call due, and claims it.
func stage(t *testing.T, f *storetest.Fixture, kind app.JobKind, call string) app.Job {
	t.Helper()
	err := f.QueueJob(t.Context(), app.Job{Kind: kind, BusinessID: f.Business.ID, Key: call, Priority: app.PriorityBacklog})
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := f.ClaimJobs(t.Context(), kind, 1, time.Minute)
	if err != nil || len(jobs) != 1 {
		t.Fatalf("claimed %d: %v", len(jobs), err)
	}
	return jobs[0]
}

var heard = app.Transcript{Language: "en", Text: "One pizza, please.", Segments: []app.Segment{{End: 2, Speaker: "customer", Text: "One pizza, please."}}}

func TestSaveTranscript(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	call := f.Call(t, f.Business.ID)
	j := stage(t, f, app.JobTranscribe, call)
	is.NoErr(f.SaveChunk(t.Context(), []byte("hash"), []byte(`{"a":1}`), app.AIUse{BusinessID: f.Business.ID, RecordingID: call}))
	is.NoErr(f.SaveTranscript(t.Context(), j, &heard, "ear"))

	got, err := f.Transcript(t.Context(), f.Business.ID, call)
	is.NoErr(err)
	is.Equal(*got, heard)                                           // in place of the one before
	is.Equal(ids(t, f, app.RecordingFilter{Text: "pizza"}), call)   // found by its words
	is.Equal(ids(t, f, app.RecordingFilter{Text: "ขอคืนเงิน"}), "") // and no more by those of before
	is.Equal(f.Text(t, `SELECT count(*) FROM transcript_chunks`), "0")
	is.Equal(f.Text(t, `SELECT priority FROM jobs WHERE kind = 'analyse'`), "10") // a backlog stays one
	is.Equal(f.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'transcribe'`), "0")

	is.True(errors.Is(f.SaveTranscript(t.Context(), j, &app.Transcript{Text: "twice"}, ""), store.ErrLease))
	again, err := f.Transcript(t.Context(), f.Business.ID, call)
	is.NoErr(err)
	is.Equal(again.Text, heard.Text) // a result that comes too late is not saved

	other, _ := f.OtherBusiness(t)
	none, err := f.Transcript(t.Context(), other.ID, call)
	is.NoErr(err)
	is.Equal(none, nil) // another business has no such thing
}

func TestChunks(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	call := f.Call(t, f.Business.ID)
	other, _ := f.OtherBusiness(t)
	none, err := f.Chunk(t.Context(), f.Business.ID, call, []byte("hash"))
	is.NoErr(err)
	is.Equal(none, nil)
	is.NoErr(f.SaveChunk(t.Context(), []byte("hash"), []byte(`{"a":1}`), app.AIUse{BusinessID: f.Business.ID, RecordingID: call}))
	is.NoErr(f.SaveChunk(t.Context(), []byte("hash"), []byte(`{"a":2}`), app.AIUse{BusinessID: f.Business.ID, RecordingID: call})) // twice is no error
	got, err := f.Chunk(t.Context(), f.Business.ID, call, []byte("hash"))
	is.NoErr(err)
	is.Equal(string(got), `{"a":2}`)
	theirs, err := f.Chunk(t.Context(), other.ID, call, []byte("hash"))
	is.NoErr(err)
	is.Equal(theirs, nil)
	is.True(errors.Is(f.SaveChunk(t.Context(), []byte("h"), []byte(`{}`), app.AIUse{BusinessID: other.ID, RecordingID: call}), store.ErrLease)) // nor may another write there
}

func TestSaveAnalysis(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	call := f.Call(t, f.Business.ID)
	f.Exec(t, `DELETE FROM jobs`)
	before, err := f.Recording(t.Context(), f.Business.ID, nil, call)
	is.NoErr(err)
	j := stage(t, f, app.JobAnalyse, call)
	a := app.Analysis{Summary: "Ordered a pizza.", Score: ptr(90.0), Sentiment: "positive", Tag: "other", Language: "en", Topics: []string{"pizza"},
		Direction: app.Out, Phone: "0899999999"}
	is.NoErr(f.SaveAnalysis(t.Context(), j, a, "7", "mind"))
	r, err := f.Recording(t.Context(), f.Business.ID, nil, call)
	is.NoErr(err)
	is.Equal(r.Status, app.Completed)
	is.Equal(r.Summary, "Ordered a pizza.")
	is.Equal(*r.Score, 90.0)
	is.Equal(r.Tag, "other")
	is.Equal(r.ActionItems, []string{})
	is.Equal(r.Language, "th")    // as it was heard
	is.Equal(r.Direction, app.In) // as the record has it
	is.Equal(r.CustomerPhone, before.CustomerPhone)
	is.True(r.AnalysisID != before.AnalysisID)
	is.Equal(f.Text(t, `SELECT count(*) FROM analyses`), "2") // what was found before is kept
	is.Equal(ids(t, f, app.RecordingFilter{Text: "ordered"}), call)
	is.Equal(f.Text(t, `SELECT kind || priority FROM jobs`), "automate10") // the rules are next, and nothing else

	got, err := f.Analysis(t.Context(), f.Business.ID, call)
	is.NoErr(err)
	a.ID = r.AnalysisID
	is.Equal(*got, a)
	is.True(errors.Is(f.SaveAnalysis(t.Context(), j, a, "7", "mind"), store.ErrLease))
	is.Equal(f.Text(t, `SELECT count(*) FROM analyses`), "2") // not twice
	other, _ := f.OtherBusiness(t)
	none, err := f.Analysis(t.Context(), other.ID, call)
	is.NoErr(err)
	is.Equal(none, nil)
}

func TestReviewAndReextractAreLimitedToWhatIsSeen(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	call := f.Call(t, f.Business.ID) // of agent 1001
	f.Exec(t, `UPDATE recordings SET size = 1`)
	mine, theirs := []string{"1001"}, []string{"1002"}
	_, err := f.SetReview(t.Context(), f.Business.ID, theirs, call, app.Review{Tag: "other"})
	is.True(app.IsKind(err, app.NotFound))
	is.True(app.IsKind(f.DeleteReview(t.Context(), f.Business.ID, theirs, call), app.NotFound))
	_, err = f.Reextract(t.Context(), f.Business.ID, theirs, call, app.JobAnalyse)
	is.True(app.IsKind(err, app.NotFound))
	_, err = f.SetReview(t.Context(), f.Business.ID, mine, call, app.Review{Tag: "other", By: f.Owner.ID})
	is.NoErr(err)
	r, err := f.Reextract(t.Context(), f.Business.ID, mine, call, app.JobAnalyse)
	is.NoErr(err)
	is.Equal(r.Status, app.Queued)
	is.Equal(r.Tag, "other") // the review's
}
