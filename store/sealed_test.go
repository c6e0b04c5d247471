package store_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/secret"
	"crk/store"
	"crk/store/storetest"
)

// TestEverySealedColumnIsKnown: what the source seals, the rotation of the key
// finds.
func TestEverySealedColumnIsKnown(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seals := regexp.MustCompile(`box\.Seal\(("[^"]+"|\w+),`)
	constants := map[string]string{}
	var used []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(sealed\w+)\s*=\s*("[^"]+")`).FindAllStringSubmatch(string(b), -1) {
			constants[m[1]] = m[2]
		}
		for _, m := range seals.FindAllStringSubmatch(string(b), -1) {
			used = append(used, m[1])
		}
	}
	if len(used) < 5 {
		t.Fatal("the source seals nothing: the test is out of date")
	}
	for _, purpose := range used {
		if text, ok := constants[purpose]; ok {
			purpose = text
		}
		if !slices.Contains(store.SealedPurposes(), purpose[1:len(purpose)-1]) {
			t.Errorf("%s is sealed, and sealedColumns does not know it", purpose)
		}
	}
}

// seal fills a store with a value of each kind.
func seal(t *testing.T, f *storetest.Fixture) (provider app.Provider) {
	t.Helper()
	is, ctx := is.New(t), t.Context()
	provider, err := f.AddProvider(ctx, app.Provider{BusinessID: f.Business.ID, Kind: app.SourceDTAC, Name: "P", Host: "h", Config: []byte("{}"), Secret: "hunter2", Backfill: storetest.Start})
	is.NoErr(err)
	_, err = f.AudioIdentity(ctx)
	is.NoErr(err)
	_, err = f.AddDiscordWebhook(ctx, app.DiscordWebhook{BusinessID: f.Business.ID, Name: "D", WebhookID: "1", Token: "discord-token"})
	is.NoErr(err)
	is.NoErr(f.SetAIServer(ctx, app.AIServer{BusinessID: f.Business.ID, Task: app.AITasks()[0], URL: "https://ai.example/v1", Key: "ai-key"}))
	_, err = f.BeginErasure(ctx, f.Business.ID, f.Owner, "0812345678")
	is.NoErr(err)
	k, _, err := f.CreateKey(ctx, app.Key{Name: "k", OwnerID: f.Owner.ID, BusinessID: f.Business.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	_, err = f.BeginOnce(ctx, k.ID, "with/slash", []byte("request"))
	is.NoErr(err)
	is.NoErr(f.KeepOnce(ctx, k.ID, "with/slash", store.KeptAnswer{Status: 201, Body: []byte("{}")}))
	return provider
}

func TestResealMovesEverythingToTheNewKey(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	provider := seal(t, f)
	fresh := storetest.Box(t)
	values, err := f.Reseal(t.Context(), fresh)
	is.NoErr(err)
	is.Equal(values, 7) // two settings of the appliance, and one of each other kind

	c, err := store.Check(t.Context(), f.Path, fresh)
	is.NoErr(err)
	is.True(c.Sound())
	is.Equal(c.Opened, 7) // the new key opens all
	is.True(c.Audio != "")
	c, err = store.Check(t.Context(), f.Path, storetest.Box(t))
	is.NoErr(err)
	is.Equal(c.Shut, 7) // another one nothing
	is.Equal(c.Audio, "")

	s := reopen(t, f, fresh)
	p, err := s.Provider(t.Context(), f.Business.ID, provider.ID)
	is.NoErr(err)
	is.Equal(p.Secret.Reveal(), "hunter2") // and it is what it was
}

func TestResealIsAllOrNothing(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	provider := seal(t, f)
	f.Exec(t, `UPDATE erasures SET phone = x'00'`)
	_, err := f.Reseal(t.Context(), storetest.Box(t))
	is.True(err != nil) // one that the old key does not open
	p, err := f.Provider(t.Context(), f.Business.ID, provider.ID)
	is.NoErr(err) // leaves the others as they were
	is.Equal(p.Secret.Reveal(), "hunter2")
}

func reopen(t *testing.T, f *storetest.Fixture, box *secret.Box) *store.Store {
	t.Helper()
	s, err := store.Open(context.WithoutCancel(t.Context()), store.Options{Path: f.Path, Schema: storetest.Schema(t), Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestCheckFindsDamage(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	box := storetest.Box(t)
	id := f.Call(t, f.Business.ID)
	c, err := store.Check(t.Context(), f.Path, box)
	is.NoErr(err)
	is.True(c.Sound())
	is.Equal(c.Version, store.Version())

	f.Exec(t, `UPDATE recordings SET size = 10 WHERE id = ?`, id)
	n, missing, err := store.CountMissing(t.Context(), f.Path, func(string) bool { return false })
	is.NoErr(err)
	is.Equal(n, 1)
	is.Equal(missing, 1) // audio that is not there
	f.Exec(t, `PRAGMA foreign_keys = OFF`)
	f.Exec(t, `DELETE FROM businesses`)
	f.Exec(t, `PRAGMA foreign_keys = ON`)
	c, err = store.Check(t.Context(), f.Path, box)
	is.NoErr(err)
	is.True(!c.Sound() && c.Dangling > 0) // rows of nothing
	f.Exec(t, `PRAGMA user_version = 9999`)
	c, err = store.Check(t.Context(), f.Path, box)
	is.NoErr(err)
	is.True(c.Newer && !c.Sound())
	_, err = store.Check(t.Context(), t.TempDir()+"/none.db", box)
	is.True(err != nil) // nothing is made where nothing was
}
