package store_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/store/storetest"
)

func TestSignIn(t *testing.T) {
	is := is.New(t)
	ctx := t.Context()
	f := storetest.New(t)
	p := provider(t, f, "PBX")
	for _, way := range []string{"", "user", "api_client"} {
		if way != "" {
			is.NoErr(f.KeepSignIn(ctx, f.Business.ID, p.ID, way))
		}
		is.NoErr(f.KeepSignIn(ctx, "another", p.ID, "theirs"))
		got, err := f.SignIn(ctx, f.Business.ID, p.ID)
		is.NoErr(err)
		is.Equal(got, way)
		got, err = f.SignIn(ctx, "another", p.ID)
		is.NoErr(err)
		is.Equal(got, "")
	}
	is.NoErr(f.DeleteProvider(ctx, f.Business.ID, p.ID))
	is.NoErr(f.KeepSignIn(ctx, f.Business.ID, p.ID, "user")) // gone
}
