package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestSaveRecording(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := given("crm-42")
	g.Duration, g.CustomerPhone, g.AgentNumber, g.AgentName = ptr(90), ptr("081-234-5678"), ptr("1001"), ptr("สมชาย")
	g.Tag, g.Score, g.Note, g.ContentType = ptr("other"), ptr(55.5), ptr("ลูกค้าประจำ"), ptr("audio/mpeg")
	r, isNew, token, err := f.SaveRecording(t.Context(), f.Business.ID, nil, g, false)
	is.NoErr(err)
	is.True(isNew)
	is.Equal(token, app.Secret("")) // no upload URL unless it is asked for
	is.Equal(r.DataID, "crm-42")
	is.Equal(r.Source, app.SourceUpload)
	is.Equal(r.Status, app.AwaitingAudio)
	is.True(r.CallAt.Equal(g.CallAt))
	is.Equal(r.Direction, app.In)
	is.Equal(*r.Duration, 90)
	is.Equal(r.CustomerPhone, "081-234-5678")
	is.Equal(r.CustomerNormalized, "+66812345678") // found however it is written
	is.Equal(r.AgentNumber+r.AgentName, "1001สมชาย")
	is.Equal(r.Tag, "other")
	is.Equal(*r.Score, 55.5)
	is.Equal(r.Note, "ลูกค้าประจำ")
	is.Equal(r.ContentType, "audio/mpeg")
	found, n, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{Text: "ลูกค้า", Limit: 10})
	is.NoErr(err)
	is.Equal(n, 1) // the note can be searched
	is.Equal(found[0].ID, r.ID)
}

func TestSaveRecordingWithTheLeast(t *testing.T) {
	is := is.New(t)
	r := save(t, storetest.New(t), given("least"))
	is.True(r.Duration == nil && r.Score == nil) // nothing is made up
	is.Equal(r.CustomerPhone+r.CustomerNormalized+r.AgentNumber+r.AgentName+r.Tag+r.Note, "")
	is.Equal(r.ContentType, "audio/wav") // what most send
}

func TestSaveRecordingAgain(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := given("crm-42")
	g.Duration, g.CustomerPhone, g.AgentNumber, g.Tag, g.Note = ptr(90), ptr("0812345678"), ptr("1001"), ptr("other"), ptr("first")
	first := save(t, f, g)
	_, err := f.SetAudio(t.Context(), f.Business.ID, first.ID, someAudio())
	is.NoErr(err)
	is.Equal(len(claim(t, f, app.JobTranscribe)), 1)

	again := given("crm-42")
	again.CallAt, again.Direction = again.CallAt.Add(time.Minute), app.Out
	again.CustomerPhone, again.Tag, again.ContentType = ptr("0899999999"), ptr(""), ptr("audio/ogg")
	r, isNew, token, err := f.SaveRecording(t.Context(), f.Business.ID, nil, again, true)
	is.NoErr(err)
	is.True(!isNew)
	is.Equal(r.ID, first.ID)        // the same recording
	is.Equal(token, app.Secret("")) // which has its audio and takes no other
	is.True(r.CallAt.Equal(again.CallAt))
	is.Equal(r.Direction, app.Out)
	is.Equal(r.CustomerNormalized, "+66899999999")   // what is given anew replaces
	is.Equal(r.Tag, "")                              // also by nothing, where that is said
	is.Equal(r.AgentNumber+r.Note, "1001first")      // what is not given stays
	is.Equal(r.Status, app.Queued)                   // nothing is done again
	is.Equal(r.ContentType, "audio/wav")             // what the audio is, is known by now
	is.Equal(*r.Duration, 62)                        // and how long
	is.Equal(len(claim(t, f, app.JobTranscribe)), 0) // nothing is queued
	_, n, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{Limit: 10})
	is.NoErr(err)
	is.Equal(n, 1)
}

func TestDataIDsAreEachBusinesssOwn(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	first := save(t, f, given("same"))
	other, _ := f.OtherBusiness(t)
	r, isNew, _, err := f.SaveRecording(t.Context(), other.ID, nil, given("same"), false)
	is.NoErr(err)
	is.True(isNew && r.ID != first.ID) // another business's id is another call
}

func TestSaveRecordingOfAnotherAgent(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	g := given("hers")
	g.AgentNumber = ptr("1001")
	save(t, f, g)
	g.Note = ptr("mine now")
	_, _, _, err := f.SaveRecording(t.Context(), f.Business.ID, []string{"1002"}, g, true)
	is.True(app.IsKind(err, app.Conflict)) // what is not seen is not changed
	_, isNew, _, err := f.SaveRecording(t.Context(), f.Business.ID, []string{"1001"}, g, false)
	is.NoErr(err)
	is.True(!isNew) // its own agent may
}

func TestUploadTarget(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r, _, token, err := f.SaveRecording(t.Context(), f.Business.ID, nil, given("call-1"), true)
	is.NoErr(err)
	_, _, second, err := f.SaveRecording(t.Context(), f.Business.ID, nil, given("call-1"), true)
	is.NoErr(err)
	is.True(len(token.Reveal()) >= 43 && token != second)          // each URL is its own secret
	is.True(!strings.Contains(storedHashes(t, f), token.Reveal())) // which is not kept

	target, err := f.UploadTarget(t.Context(), token.Reveal())
	is.NoErr(err)
	is.Equal(target.ID, r.ID) // the URL is for that recording
	for _, bad := range []string{"", "x", token.Reveal() + "x"} {
		_, err = f.UploadTarget(t.Context(), bad)
		is.True(app.IsKind(err, app.NotFound)) // and no other token is
	}

	_, err = f.SetAudio(t.Context(), f.Business.ID, r.ID, someAudio())
	is.NoErr(err)
	target, err = f.UploadTarget(t.Context(), token.Reveal())
	is.NoErr(err)
	is.True(target.HasAudio()) // a URL that was used says why it does not serve again

	f.Clock.Advance(store.UploadLife - time.Second)
	_, err = f.UploadTarget(t.Context(), token.Reveal())
	is.NoErr(err) // good for fifteen minutes
	f.Clock.Advance(time.Second)
	_, err = f.UploadTarget(t.Context(), token.Reveal())
	is.True(app.IsKind(err, app.NotFound)) // and no longer

	_, _, _, err = f.SaveRecording(t.Context(), f.Business.ID, nil, given("call-2"), true)
	is.NoErr(err)
	is.Equal(f.Text(t, `SELECT count(*) FROM uploads`), "1") // old ones are cleared away
}

// storedHashes is all that the database keeps of upload URLs.
func storedHashes(t testing.TB, f *storetest.Fixture) string {
	t.Helper()
	return f.Text(t, `SELECT group_concat(hash || recording_id) FROM uploads`)
}

func TestUploadsGoWithTheirRecording(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	r, _, token, err := f.SaveRecording(t.Context(), f.Business.ID, nil, given("call-1"), true)
	is.NoErr(err)
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, r.ID))
	_, err = f.UploadTarget(t.Context(), token.Reveal())
	is.True(app.IsKind(err, app.NotFound)) // a deleted call takes no audio
}
