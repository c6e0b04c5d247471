package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"crk/app"
	"crk/app/backup"
	"crk/app/config"
	"crk/app/datadir"
	"crk/store"
	"crk/store/storetest"
)

const passphrase = "a long enough passphrase"

// An appliance is an open data directory with a business and calls.
type appliance struct {
	*datadir.Dir
	cfg      config.Config
	business app.Business
	owner    app.User
}

func settings(t *testing.T, dir string) config.Config {
	t.Helper()
	c, err := config.Load([]string{"--data-dir", dir}, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func open(t *testing.T, cfg config.Config) *datadir.Dir {
	t.Helper()
	d, err := datadir.Open(context.WithoutCancel(t.Context()), cfg, storetest.Schema(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal("open:", err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// newAppliance makes an appliance with some calls that have audio.
func newAppliance(t *testing.T, calls int) *appliance {
	t.Helper()
	a := &appliance{cfg: settings(t, t.TempDir())}
	a.Dir = open(t, a.cfg)
	var err error
	a.owner, a.business, err = a.DB.SetUp(t.Context(), app.User{Email: "owner@example.com"}, storetest.Password, app.Business{Name: "Acme Co"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range calls {
		if err := a.call(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// sound is the audio of the n-th call: of a length and content of its own.
func sound(n int) []byte { return bytes.Repeat([]byte(fmt.Sprintf("sound of call %d. ", n)), 100+n*37) }

// call adds a call with its audio, as an upload does.
func (a *appliance) call(ctx context.Context, n int) error {
	made, _, _, err := a.DB.SaveRecording(ctx, a.business.ID, nil, store.GivenRecording{
		DataID: fmt.Sprint("call-", n), CallAt: a.DB.Now(), Direction: "in",
	}, true)
	if err != nil {
		return err
	}
	stored, err := a.Sounds.Put(ctx, made.ID, bytes.NewReader(sound(n)), 1<<20)
	if err != nil {
		return err
	}
	_, err = a.DB.SetAudio(ctx, a.business.ID, made.ID, store.AudioFile{Size: stored.Size, SHA256: stored.SHA256, ContentType: "audio/wav"})
	return err
}

func (a *appliance) source() backup.Source {
	return backup.Source{DB: a.DB, DataDir: a.cfg.DataDir, KeyFile: a.cfg.KeyFile, Audio: true, Version: "v1.2.3"}
}

// backUp makes a backup and returns its path.
func (a *appliance) backUp(t *testing.T, change ...func(*backup.Source)) string {
	t.Helper()
	s := a.source()
	for _, f := range change {
		f(&s)
	}
	path := filepath.Join(t.TempDir(), "crk.age")
	if _, err := backup.Create(t.Context(), path, lock(t), s, nil); err != nil {
		t.Fatal("back up:", err)
	}
	return path
}

// lock is a recipient that is quick to encrypt to, and opens with key.
func lock(t *testing.T) []age.Recipient {
	t.Helper()
	r, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(10) // the product's own takes a second
	return []age.Recipient{r}
}

func key(t *testing.T) []age.Identity {
	t.Helper()
	with, err := backup.OpenPassphrase(passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return with
}

// listen plays every recording of a business and returns by data id what is
// heard, as the sum that the database should hold.
func listen(t *testing.T, d *datadir.Dir, business app.BusinessID) (heard int) {
	t.Helper()
	for page := 0; ; page++ {
		list, _, err := d.DB.Recordings(t.Context(), business, app.RecordingFilter{Limit: 100, Offset: page * 100})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return heard
		}
		for _, r := range list {
			if r.Size == 0 {
				continue
			}
			f, err := d.Sounds.Open(r.ID)
			if err != nil {
				t.Fatalf("play %s: %v", r.DataID, err)
			}
			sum := sha256.New()
			_, err = io.Copy(sum, f.Reader())
			f.Close()
			if err != nil || hex.EncodeToString(sum.Sum(nil)) != r.SHA256 {
				t.Fatalf("play %s: %v, or other sound", r.DataID, err)
			}
			heard++
		}
	}
}
