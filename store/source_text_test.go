package store_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func TestSourceText(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	f := storetest.New(t)
	p := provider(t, f, "PBX")
	found := store.FoundCall{DataID: "threecx:pbx:7", CallAt: f.Clock.Now(), Direction: app.In, Remote: []byte(`{}`)}
	_, err := f.AddFound(ctx, p, []store.FoundCall{found}, false)
	is.NoErr(err)
	all, _, err := f.Recordings(ctx, f.Business.ID, app.RecordingFilter{Limit: 1})
	is.NoErr(err)
	call := all[0].ID
	wanted := func() int {
		t.Helper()
		w, err := f.WithoutSourceText(ctx, f.Business.ID, []store.FoundCall{found})
		is.NoErr(err)
		return len(w)
	}
	save := func(text store.SourceText) {
		t.Helper()
		is.NoErr(f.SaveSourceText(ctx, f.Business.ID, call, text))
	}
	is.Equal(wanted(), 1)
	save(store.SourceText{})
	_, ok, err := f.SourceText(ctx, f.Business.ID, call)
	is.NoErr(err)
	is.True(!ok)
	is.Equal(wanted(), 1) // an empty one is looked at again
	f.Clock.Advance(23 * time.Hour)
	save(store.SourceText{Sentiment: 3})
	is.Equal(wanted(), 1)
	f.Clock.Advance(2 * time.Hour)
	is.Equal(wanted(), 0) // for a day
	save(store.SourceText{Transcript: "Dina: hello", Summary: "A greeting", Sentiment: 4})
	got, ok, err := f.SourceText(ctx, f.Business.ID, call)
	is.NoErr(err)
	is.True(ok)
	is.Equal(got, store.SourceText{Transcript: "Dina: hello", Summary: "A greeting", Sentiment: 4, SeenAt: f.Clock.Now()})
	_, ok, err = f.SourceText(ctx, "another", call)
	is.NoErr(err)
	is.True(!ok)
	r, err := f.Recording(ctx, f.Business.ID, nil, call)
	is.NoErr(err)
	is.True(r.Score == nil && r.Sentiment == "") // it is none of ours
}

func TestSourceTextGoesWithTheWords(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	f := storetest.New(t)
	call := f.Call(t, f.Business.ID)
	is.NoErr(f.SaveSourceText(ctx, f.Business.ID, call, store.SourceText{Sentiment: 4}))
	f.Exec(t, `UPDATE recordings SET status = 'completed'`)
	is.NoErr(f.SetPrivacy(ctx, f.Business.ID, app.Privacy{TextDays: 30}))
	f.Clock.Advance(31 * 24 * time.Hour)
	n, err := f.RetainWords(ctx, f.Business.ID, 10)
	is.NoErr(err)
	is.Equal(n, 1) // a score alone is a word too
	_, ok, err := f.SourceText(ctx, f.Business.ID, call)
	is.NoErr(err)
	is.True(!ok)
	is.NoErr(f.SaveSourceText(ctx, f.Business.ID, call, store.SourceText{Transcript: "again"}))
	_, ok, err = f.SourceText(ctx, f.Business.ID, call)
	is.NoErr(err)
	is.True(!ok) // and is not brought back
}
