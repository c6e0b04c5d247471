package datadir_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/config"
	"crk/app/datadir"
	"crk/app/secret"
	"crk/store"
	"crk/store/storetest"
)

const soundName = "01936b2e-0000-7000-8000-000000000001"

// furnished makes a stopped appliance with a credential and a sound.
func furnished(t *testing.T) (c config.Config, business app.BusinessID, provider string) {
	t.Helper()
	is := is.New(t)
	c = settings(t)
	d, err := open(t, c)
	is.NoErr(err)
	_, b, err := d.DB.SetUp(t.Context(), app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme Co"})
	is.NoErr(err)
	p, err := d.DB.AddProvider(t.Context(), app.Provider{BusinessID: b.ID, Kind: app.SourceDTAC, Name: "P", Host: "h", Config: []byte("{}"), Secret: "hunter2", Backfill: storetest.Start})
	is.NoErr(err)
	_, err = d.Sounds.Put(t.Context(), soundName, strings.NewReader("what was said"), 100)
	is.NoErr(err)
	is.NoErr(d.Close())
	return c, b.ID, p.ID
}

// whole asserts that everything can be read.
func whole(t *testing.T, c config.Config, business app.BusinessID, provider string) {
	t.Helper()
	is := is.New(t)
	d, err := open(t, c)
	is.NoErr(err)
	defer d.Close()
	p, err := d.DB.Provider(t.Context(), business, provider)
	is.NoErr(err)
	is.Equal(p.Secret.Reveal(), "hunter2") // the credential opens
	f, err := d.Sounds.Open(soundName)
	is.NoErr(err)
	defer f.Close()
	said, err := io.ReadAll(f.Reader())
	is.NoErr(err)
	is.Equal(string(said), "what was said") // the sound plays
}

func TestRotate(t *testing.T) {
	is := is.New(t)
	c, business, provider := furnished(t)
	old, err := os.ReadFile(c.KeyFile)
	is.NoErr(err)
	var steps []string
	values, err := datadir.Rotate(t.Context(), c, storetest.Schema(t), func(step string) error { steps = append(steps, step); return nil })
	is.NoErr(err)
	is.True(values >= 2) // the credential and the audio's identity
	is.Equal(steps, []string{datadir.KeyAdded, datadir.SecretsSealed, datadir.TracesRemoved, datadir.OldKeysDropped})
	whole(t, c, business, provider)
	box, err := secret.Load(c.KeyFile)
	is.NoErr(err)
	is.Equal(box.Identities(), 1) // the old one is gone

	stolen := t.TempDir() + "/old.key"
	is.NoErr(os.WriteFile(stolen, old, 0o600))
	thief, err := secret.Load(stolen)
	is.NoErr(err)
	found, err := store.Check(t.Context(), c.Database(), thief)
	is.NoErr(err)
	is.Equal(found.Opened, 0) // and opens nothing any more
}

// TestRotateIsCutOff kills a rotation after each of its steps: everything can be
// read with the key file as it is then, and a second one ends well.
func TestRotateIsCutOff(t *testing.T) {
	killed := errors.New("killed")
	for _, last := range []string{datadir.KeyAdded, datadir.SecretsSealed, datadir.TracesRemoved, datadir.OldKeysDropped} {
		t.Run(last, func(t *testing.T) {
			is := is.New(t)
			c, business, provider := furnished(t)
			_, err := datadir.Rotate(t.Context(), c, storetest.Schema(t), func(step string) error {
				if step == last {
					return killed
				}
				return nil
			})
			is.True(errors.Is(err, killed))
			whole(t, c, business, provider)
			_, err = datadir.Rotate(t.Context(), c, storetest.Schema(t), func(string) error { return nil })
			is.NoErr(err)
			whole(t, c, business, provider)
			box, err := secret.Load(c.KeyFile)
			is.NoErr(err)
			is.Equal(box.Identities(), 1)
		})
	}
}

func TestRotateNotUnderAServer(t *testing.T) {
	is := is.New(t)
	c, _, _ := furnished(t)
	before, err := os.ReadFile(c.KeyFile)
	is.NoErr(err)
	d, err := open(t, c)
	is.NoErr(err)
	defer d.Close()
	_, err = datadir.Rotate(t.Context(), c, storetest.Schema(t), func(string) error { return nil })
	is.True(errors.Is(err, datadir.ErrHeld))
	after, err := os.ReadFile(c.KeyFile)
	is.NoErr(err)
	is.Equal(string(after), string(before)) // nothing was touched
}
