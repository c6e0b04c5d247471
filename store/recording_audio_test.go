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

// given is what a test says of a call.
func given(dataID string) store.GivenRecording {
	return store.GivenRecording{DataID: dataID, CallAt: storetest.Start.Add(-time.Hour), Direction: app.In}
}

// save makes a recording in the fixture's business.
func save(t testing.TB, f *storetest.Fixture, g store.GivenRecording) app.Recording {
	t.Helper()
	r, _, _, err := f.SaveRecording(t.Context(), f.Business.ID, nil, g, false)
	if err != nil {
		t.Fatal("save recording:", err)
	}
	return r
}

func someAudio() store.AudioFile {
	return store.AudioFile{
		Size: 1000, SHA256: "ab12", ContentType: "audio/wav",
		Stats: app.AudioStats{Codec: "pcm", SampleRate: 8000, Duration: 61.6, Sound: 30, Talk: [][]app.Span{{{Start: 1, End: 31}}}},
	}
}

func claim(t testing.TB, f *storetest.Fixture, kind app.JobKind) []app.Job {
	t.Helper()
	jobs, err := f.ClaimJobs(t.Context(), kind, 10, time.Minute)
	if err != nil {
		t.Fatal("claim:", err)
	}
	return jobs
}

func TestSetAudio(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := save(t, f, given("call-1"))

	got, err := f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	is.Equal(got.Status, app.Queued) // it waits to be transcribed
	is.Equal(*got.Duration, 62)      // the audio's duration, in whole seconds
	is.True(got.HasAudio())          // and shows its audio
	is.Equal(got.SHA256, "ab12")
	stats, err := f.AudioStats(t.Context(), f.Business.ID, r.ID)
	is.NoErr(err)
	is.Equal(*stats, someAudio().Stats) // what the audio says is kept

	jobs := claim(t, f, app.JobTranscribe)
	is.Equal(len(jobs), 1)                       // the next stage is queued
	is.Equal(jobs[0].Key, r.ID)                  // for this recording
	is.Equal(jobs[0].Priority, app.PriorityLive) // before a backlog, for it is of today
	history, err := f.History(t.Context(), f.Business.ID, r.ID)
	is.NoErr(err)
	is.Equal(history[len(history)-1].Stage, "audio") // the history tells
	changes := f.Changes()
	last := changes[len(changes)-1]
	is.Equal(last.Topic+" "+last.ID+" "+last.Status, "recording "+r.ID+" queued") // dashboards hear of it

	_, err = f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.True(app.IsKind(err, app.Conflict))           // it takes audio once
	is.Equal(len(claim(t, f, app.JobTranscribe)), 0) // and is not transcribed twice
}

func TestWantsAudio(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := save(t, f, given("call-1"))
	wanted := func(id string) bool {
		ok, err := f.WantsAudio(t.Context(), id)
		is.NoErr(err)
		return ok
	}
	is.True(!wanted(r.ID)) // a file without a note in the database is an orphan
	_, err := f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	is.True(wanted(r.ID)) // one with it is not
	is.True(!wanted("another"))
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, r.ID))
	is.True(!wanted(r.ID)) // until the call is deleted
}

func TestSetAudioOfOldCallsWaits(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := given("old")
	g.CallAt = storetest.Start.Add(-25 * time.Hour)
	_, err := f.SetAudio(t.Context(), f.Business.ID, save(t, f, g).ID, someAudio())
	is.NoErr(err)
	is.Equal(claim(t, f, app.JobTranscribe)[0].Priority, app.PriorityBacklog) // yesterday's calls let today's go first
}

func TestSetAudioOfOthers(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := save(t, f, given("call-1"))
	other, _ := f.OtherBusiness(t)
	_, err := f.SetAudio(t.Context(), other.ID, r.ID, someAudio())
	is.True(app.IsKind(err, app.NotFound)) // another business does not reach it
}

func TestSetFetchedAudio(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := save(t, f, given("call-1"))
	fetch := func(key string) app.Job {
		is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobFetch, BusinessID: f.Business.ID, Key: key}))
		return claim(t, f, app.JobFetch)[0]
	}

	stale := fetch(r.ID)
	j := fetch(r.ID)                                                                       // queued again: the first claim is lost
	is.True(errors.Is(f.SetFetchedAudio(t.Context(), stale, someAudio()), store.ErrLease)) // who lost the job saves nothing
	got, err := f.Recording(t.Context(), f.Business.ID, nil, r.ID)
	is.NoErr(err)
	is.Equal(got.Status, app.AwaitingAudio)

	is.NoErr(f.SetFetchedAudio(t.Context(), j, someAudio()))
	got, err = f.Recording(t.Context(), f.Business.ID, nil, r.ID)
	is.NoErr(err)
	is.Equal(got.Status, app.Queued)                 // who holds it does
	is.Equal(len(claim(t, f, app.JobFetch)), 0)      // the download is done
	is.Equal(len(claim(t, f, app.JobTranscribe)), 1) // and the next stage queued

	late := fetch(r.ID)
	other := someAudio()
	other.SHA256 = "cd34"
	is.NoErr(f.SetFetchedAudio(t.Context(), late, other))
	got, err = f.Recording(t.Context(), f.Business.ID, nil, r.ID)
	is.NoErr(err)
	is.Equal(got.SHA256, "ab12") // what came first stays

	gone := fetch("no such recording")
	is.True(errors.Is(f.SetFetchedAudio(t.Context(), gone, other), store.ErrLease)) // nothing to save for a deleted call
}

func TestAnUploadEndsTheDownload(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r := save(t, f, given("call-1"))
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobFetch, BusinessID: f.Business.ID, Key: r.ID}))
	_, err := f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	is.Equal(len(claim(t, f, app.JobFetch)), 0) // what a person uploaded is not fetched again
}
