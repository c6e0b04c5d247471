package datadir_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/config"
	"crk/app/datadir"
	"crk/store"
	"crk/store/storetest"
)

func settings(t *testing.T) config.Config {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	c, err := config.Load([]string{"--data-dir", dir}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t *testing.T, c config.Config) (*datadir.Dir, error) {
	t.Helper()
	return datadir.Open(t.Context(), c, storetest.Schema(t), slog.New(slog.DiscardHandler))
}

func TestOneProcessAtATime(t *testing.T) {
	is := is.New(t)
	c := settings(t)
	d, err := open(t, c)
	is.NoErr(err)
	_, err = open(t, c)
	is.True(err != nil && strings.Contains(err.Error(), "another crk runs")) // the second is refused
	is.NoErr(d.Close())
	d, err = open(t, c)
	is.NoErr(err) // and let in once the first is gone
	is.NoErr(d.Close())
}

func TestNothingIsForOthersToRead(t *testing.T) {
	is := is.New(t)
	c := settings(t)
	d, err := open(t, c)
	is.NoErr(err)
	defer d.Close()
	for _, name := range []string{"", "crk.db", "crk.key", "audio"} {
		info, err := os.Stat(filepath.Join(c.DataDir, name))
		is.NoErr(err)
		is.Equal(info.Mode().Perm()&0o077, os.FileMode(0)) // neither the group nor others
	}
}

func TestALostKeyIsNotReplaced(t *testing.T) {
	is := is.New(t)
	c := settings(t)
	d, err := open(t, c)
	is.NoErr(err)
	is.NoErr(d.Close())
	is.NoErr(os.Rename(c.KeyFile, c.KeyFile+".away"))
	_, err = open(t, c)
	is.True(err != nil && strings.Contains(err.Error(), "put it back")) // said, with what to do
	_, err = os.Stat(c.KeyFile)
	is.True(os.IsNotExist(err)) // and no other key made in its place
	is.NoErr(os.Rename(c.KeyFile+".away", c.KeyFile))
	d, err = open(t, c)
	is.NoErr(err) // put back, it opens everything
	is.NoErr(d.Close())
}

func TestRequestsThatACrashCutOffMayBeSentAgain(t *testing.T) {
	is := is.New(t)
	c := settings(t)
	d, err := open(t, c)
	is.NoErr(err)
	u, b, err := d.DB.SetUp(t.Context(), app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme Co"})
	is.NoErr(err)
	k, _, err := d.DB.CreateKey(t.Context(), app.Key{Name: "test", OwnerID: u.ID, BusinessID: b.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	request := []byte("the request's hash")
	_, err = d.DB.BeginOnce(t.Context(), k.ID, "cut off", request)
	is.NoErr(err)
	_, err = d.DB.BeginOnce(t.Context(), k.ID, "done", request)
	is.NoErr(err)
	is.NoErr(d.DB.KeepOnce(t.Context(), k.ID, "done", store.KeptAnswer{Status: 201, Body: []byte("{}")}))
	_, err = d.DB.BeginOnce(t.Context(), k.ID, "cut off", request)
	is.True(app.IsKind(err, app.Conflict)) // under way
	is.NoErr(d.Close())

	d, err = open(t, c)
	is.NoErr(err)
	defer d.Close()
	kept, err := d.DB.BeginOnce(t.Context(), k.ID, "cut off", request)
	is.NoErr(err)
	is.True(kept == nil) // it is to be done
	kept, err = d.DB.BeginOnce(t.Context(), k.ID, "done", request)
	is.NoErr(err)
	is.Equal(kept.Status, 201) // and what was done is not done again
}
