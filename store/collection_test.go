package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

func newCollection(t *testing.T, f *storetest.Fixture, business app.BusinessID, name string) app.Collection {
	t.Helper()
	c, err := f.CreateCollection(t.Context(), app.Collection{BusinessID: business, Name: name, Color: app.DefaultColor})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCollections(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	first := newCollection(t, f, f.Business.ID, "First")
	f.Clock.Advance(time.Second)
	second := newCollection(t, f, f.Business.ID, "Second")
	list, total, err := f.Collections(ctx, f.Business.ID, nil, 10, 0)
	is.NoErr(err)                                   // they can be listed
	is.Equal(list, []app.Collection{second, first}) // newest first, as they were made
	is.Equal(total, 2)
	list, total, err = f.Collections(ctx, f.Business.ID, nil, 1, 1)
	is.NoErr(err)
	is.Equal(list, []app.Collection{first}) // by page
	is.Equal(total, 2)                      // of all

	f.Clock.Advance(time.Second)
	changed, err := f.PatchCollection(ctx, f.Business.ID, nil, first.ID, store.CollectionPatch{Color: ptr("#000000")})
	is.NoErr(err)
	is.Equal(changed.Name, "First") // what is not named stays
	is.Equal(changed.Color, "#000000")
	is.Equal(changed.UpdatedAt, f.Clock.Now())
	read, err := f.Collection(ctx, f.Business.ID, nil, first.ID)
	is.NoErr(err)
	is.Equal(read, changed)

	is.NoErr(f.DeleteCollection(ctx, f.Business.ID, first.ID))
	_, err = f.Collection(ctx, f.Business.ID, nil, first.ID)
	is.True(app.IsKind(err, app.NotFound)) // gone

	var said []string
	for _, c := range f.Changes() {
		if c.Topic == "collection" {
			said = append(said, c.Status)
		}
	}
	is.Equal(said, []string{"created", "created", "updated", "deleted"}) // each change is published
}

func TestItemsOfACollection(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	b := f.Business.ID
	addCalls(t, f, call{id: "a", agent: "201"}, call{id: "b", agent: "202"}, call{id: "c"})
	c := newCollection(t, f, b, "Some")
	other := newCollection(t, f, b, "Others")
	f.Clock.Advance(time.Second)

	added, there, err := f.AddToCollection(ctx, b, nil, c.ID, []string{"a", "b", "a"})
	is.NoErr(err)
	is.Equal(added, 2) // an id given twice counts once
	is.Equal(there, 0)
	added, there, err = f.AddToCollection(ctx, b, nil, c.ID, []string{"c", "a"})
	is.NoErr(err)
	is.Equal([]int{added, there}, []int{1, 1}) // what is in it is told apart
	_, _, err = f.AddToCollection(ctx, b, nil, other.ID, []string{"a"})
	is.NoErr(err) // one call may be in several

	for _, tt := range []struct {
		name  string
		only  []string
		count int
	}{{"all", nil, 3}, {"one agent", []string{"201"}, 1}, {"two agents", []string{"201", "202"}, 2}, {"nobody", []string{}, 0}, {"no agent's calls are nobody's", []string{""}, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			got, err := f.Collection(ctx, b, tt.only, c.ID)
			is.NoErr(err)
			is.Equal(got.Items, tt.count) // as many as are seen
			list, _, err := f.Collections(ctx, b, tt.only, 10, 0)
			is.NoErr(err)
			i := slices.IndexFunc(list, func(v app.Collection) bool { return v.ID == c.ID })
			is.Equal(list[i].Items, tt.count) // in the list too
		})
	}

	got, err := f.Collection(ctx, b, nil, c.ID)
	is.NoErr(err)
	is.Equal(got.UpdatedAt, f.Clock.Now()) // what is in it is of it
	is.NoErr(f.RemoveFromCollection(ctx, b, nil, c.ID, []string{"a", "unknown"}))
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: c.ID}), "b c")
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: other.ID}), "a") // another collection keeps it
	is.NoErr(f.DeleteCollection(ctx, b, c.ID))
	is.Equal(f.Text(t, `SELECT count(*) FROM recordings`), "3") // the recordings stay
}

func TestAddingIsAllOrNothing(t *testing.T) {
	f, ctx := storetest.New(t), t.Context()
	foreign, _ := f.OtherBusiness(t)
	theirs := f.Call(t, foreign.ID)
	addCalls(t, f, call{id: "a", agent: "201"}, call{id: "b", agent: "202"})
	c := newCollection(t, f, f.Business.ID, "Some")
	for _, tt := range []struct {
		name string
		only []string
		id   string
	}{{"unknown", nil, "x"}, {"another business's", nil, theirs}, {"not seen", []string{"201"}, "b"}} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, _, err := f.AddToCollection(ctx, f.Business.ID, tt.only, c.ID, []string{"a", tt.id})
			is.Equal(err, error(app.Missing("recording"))) // they all answer alike
			is.Equal(f.Text(t, `SELECT count(*) FROM collection_items`), "0")
		})
	}
}

func TestLimitedRemovalKeepsWhatIsNotSeen(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	addCalls(t, f, call{id: "a", agent: "201"}, call{id: "b", agent: "202"})
	c := newCollection(t, f, f.Business.ID, "Some")
	_, _, err := f.AddToCollection(ctx, f.Business.ID, nil, c.ID, []string{"a", "b"})
	is.NoErr(err)
	is.NoErr(f.RemoveFromCollection(ctx, f.Business.ID, []string{"201"}, c.ID, []string{"a", "b"}))
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: c.ID}), "b")
}

func TestCollectionsOfAnotherBusiness(t *testing.T) {
	is := is.New(t)
	f, ctx := storetest.New(t), t.Context()
	foreign, _ := f.OtherBusiness(t)
	theirs := newCollection(t, f, foreign.ID, "Theirs")
	addCalls(t, f, call{id: "a"})
	missing := error(app.Missing("collection"))
	_, err := f.Collection(ctx, f.Business.ID, nil, theirs.ID)
	is.Equal(err, missing)
	_, err = f.PatchCollection(ctx, f.Business.ID, nil, theirs.ID, store.CollectionPatch{Name: ptr("Ours")})
	is.Equal(err, missing)
	is.Equal(f.DeleteCollection(ctx, f.Business.ID, theirs.ID), missing)
	_, _, err = f.AddToCollection(ctx, f.Business.ID, nil, theirs.ID, []string{"a"})
	is.Equal(err, missing)
	is.Equal(f.RemoveFromCollection(ctx, f.Business.ID, nil, theirs.ID, []string{"a"}), missing)
	list, total, err := f.Collections(ctx, f.Business.ID, nil, 10, 0)
	is.NoErr(err)
	is.Equal(len(list)+total, 0) // nothing of it is listed
	kept, err := f.Collection(ctx, foreign.ID, nil, theirs.ID)
	is.NoErr(err)
	is.Equal(kept, theirs) // nothing of it was changed
}
