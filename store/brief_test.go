package store_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

func TestBriefsAreVersions(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	ctx, b := t.Context(), f.Business.ID
	now, err := f.Brief(ctx, b)
	is.NoErr(err)
	is.Equal(now, app.DefaultBrief("en")) // of the business's language
	now.Company = "We cool."
	one, err := f.AddBrief(ctx, b, now, f.Owner.ID)
	is.NoErr(err)
	is.Equal(one.Version, 1)
	again, err := f.AddBrief(ctx, b, one, f.Owner.ID)
	is.NoErr(err)
	is.Equal(again.Version, 1) // what changes nothing is no version
	two := one
	two.Company = "We heat."
	two, err = f.AddBrief(ctx, b, two, f.Owner.ID)
	is.NoErr(err)
	is.Equal(two.Version, 2)
	_, err = f.AddBrief(ctx, b, now, f.Owner.ID)
	is.True(app.IsKind(err, app.Conflict)) // written from a version that is no longer the newest

	old, err := f.BriefVersion(ctx, b, 1)
	is.NoErr(err)
	is.Equal(old, one)
	_, err = f.BriefVersion(ctx, b, 3)
	is.True(app.IsKind(err, app.NotFound))
	all, err := f.Briefs(ctx, b, 10)
	is.NoErr(err)
	is.Equal(all, []app.Brief{two, one})
	is.True(f.Try(t, `UPDATE briefs SET value = '{}'`) != nil) // a version never changes
	is.Equal(f.Text(t, `SELECT group_concat(object_id) FROM audit_log WHERE action = 'brief.update'`), "1,2")
	other, _ := f.OtherBusiness(t)
	_, err = f.BriefVersion(ctx, other.ID, 1)
	is.True(app.IsKind(err, app.NotFound)) // another business has its own
}
