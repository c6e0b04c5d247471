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

// A stage whose job was taken back between the claim and its beginning must not
// show on the recording: what took its place goes by the status.
func TestStageBeginsOnlyWithItsJob(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	id := f.Call(t, f.Business.ID)
	before, err := f.Recording(t.Context(), f.Business.ID, nil, id)
	is.NoErr(err)
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobTranscribe, BusinessID: f.Business.ID, Key: id}))
	held, err := f.ClaimJobs(t.Context(), app.JobTranscribe, 1, time.Minute)
	is.NoErr(err)
	is.Equal(len(held), 1)
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobTranscribe, BusinessID: f.Business.ID, Key: id})) // anew

	_, err = f.BeginStage(t.Context(), held[0], app.Transcribing)
	is.True(errors.Is(err, store.ErrLease))
	r, err := f.Recording(t.Context(), f.Business.ID, nil, id)
	is.NoErr(err)
	is.Equal(r.Status, before.Status)

	again, err := f.ClaimJobs(t.Context(), app.JobTranscribe, 1, time.Minute)
	is.NoErr(err)
	r, err = f.BeginStage(t.Context(), again[0], app.Transcribing)
	is.NoErr(err)
	is.Equal(r.Status, app.Transcribing) // the present one does
}
