package backup_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/matryer/is"

	"crk/app"
	"crk/app/backup"
	"crk/app/config"
	"crk/app/datadir"
	"crk/app/secret"
	"crk/store/storetest"
)

func restore(t *testing.T, path string, cfg config.Config, force bool) (backup.Summary, error) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return backup.Restore(t.Context(), f, key(t), cfg, force, "aside")
}

// TestDrill backs up while calls come in, and restores elsewhere.
func TestDrill(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 20)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	added, enough := 0, make(chan struct{})
	load.Go(func() {
		for n := 20; ctx.Err() == nil; n++ {
			if err := a.call(ctx, n); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
			if added++; added == 5 {
				close(enough)
			}
		}
	})
	<-enough
	path := filepath.Join(t.TempDir(), "crk.age")
	_, err := backup.Create(t.Context(), path, lock(t), a.source(), nil)
	is.NoErr(err)
	stop()
	load.Wait()
	is.NoErr(a.Close())

	cfg := settings(t, t.TempDir())
	sum, err := restore(t, path, cfg, false)
	is.NoErr(err)
	is.Equal(sum.Missing, 0) // each call in the database has its audio
	is.Equal(sum.Version, "v1.2.3")
	d := open(t, cfg)
	heard := listen(t, d, a.business.ID)
	is.True(heard >= 25) // all that was there when it began, and each plays
	_, err = d.DB.Authenticate(t.Context(), "owner@example.com", storetest.Password)
	is.NoErr(err) // people can sign in
	is.NoErr(d.RemoveOrphans(t.Context()))
	is.Equal(listen(t, d, a.business.ID), heard) // the sweep takes nothing that is wanted
}

func TestABackupIsForItsOwnerAlone(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 3)
	path := a.backUp(t)
	b, err := os.ReadFile(path)
	is.NoErr(err)
	is.True(!strings.Contains(string(b), "owner@example.com") && !strings.Contains(string(b), "AGE-SECRET-KEY")) // nothing in the clear
	info, err := os.Stat(path)
	is.NoErr(err)
	is.True(os.PathSeparator == '\\' || info.Mode().Perm() == 0o600)

	f, err := os.Open(path)
	is.NoErr(err)
	defer f.Close()
	wrong, err := backup.OpenPassphrase("another passphrase")
	is.NoErr(err)
	cfg := settings(t, t.TempDir())
	_, err = backup.Restore(t.Context(), f, wrong, cfg, false, "aside")
	is.True(err != nil)                          // a wrong passphrase opens nothing
	is.Equal(datadir.Occupied(cfg), "")          // and leaves nothing
	is.Equal(left(t, a.cfg.DataDir, ".crk-"), 0) // nor does the backup leave a copy in the clear
}

// left counts what begins with a prefix in a folder.
func left(t *testing.T, dir, prefix string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			n++
		}
	}
	return n
}

func TestBackupForARecipient(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 2)
	id, err := age.GenerateX25519Identity()
	is.NoErr(err)
	to, err := backup.Recipients(id.Recipient().String())
	is.NoErr(err)
	path := filepath.Join(t.TempDir(), "crk.age")
	_, err = backup.Create(t.Context(), path, to, a.source(), nil)
	is.NoErr(err)
	keyFile := filepath.Join(t.TempDir(), "id.txt")
	is.NoErr(os.WriteFile(keyFile, []byte("# mine\n"+id.String()+"\n"), 0o600))
	with, err := backup.OpenIdentities(keyFile)
	is.NoErr(err)
	f, err := os.Open(path)
	is.NoErr(err)
	defer f.Close()
	cfg := settings(t, t.TempDir())
	_, err = backup.Restore(t.Context(), f, with, cfg, false, "aside")
	is.NoErr(err)
	is.Equal(listen(t, open(t, cfg), a.business.ID), 2) // everything there
}

func TestBackupWithoutAudioLeavesTheAudioThatIsThere(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 3)
	path := a.backUp(t, func(s *backup.Source) { s.Audio = false })
	is.NoErr(a.Close())
	_, err := restore(t, path, a.cfg, false)
	is.True(err != nil && strings.Contains(err.Error(), "crk.db")) // what is there is not replaced unasked
	_, err = restore(t, path, a.cfg, true)
	is.NoErr(err)
	is.Equal(listen(t, open(t, a.cfg), a.business.ID), 3) // the audio beside it still plays
	_, err = os.Stat(filepath.Join(a.cfg.DataDir, "aside", "crk.db"))
	is.NoErr(err) // the old database is kept
}

func TestRestoreMovesTheOldAside(t *testing.T) {
	is := is.New(t)
	a, other := newAppliance(t, 3), newAppliance(t, 1)
	path := a.backUp(t)
	_, err := restore(t, path, other.cfg, true)
	is.True(err != nil && strings.Contains(err.Error(), "another crk runs")) // not under a server
	is.NoErr(other.Close())
	_, err = restore(t, path, other.cfg, true)
	is.NoErr(err)
	is.Equal(listen(t, open(t, other.cfg), a.business.ID), 3)

	old := settings(t, filepath.Join(other.cfg.DataDir, "aside"))
	is.Equal(listen(t, open(t, old), other.business.ID), 1) // the old one is whole, key and all
}

// TestRestoreIsFinished: a restore that is cut off after it was found whole goes
// on at the next start, wherever it was.
func TestRestoreIsFinished(t *testing.T) {
	a := newAppliance(t, 2)
	path := a.backUp(t)
	moves := []string{"", "crk.key", "audio", "crk.db"}
	for n := range moves {
		t.Run(fmt.Sprint("after ", n, " moves"), func(t *testing.T) {
			is := is.New(t)
			other := newAppliance(t, 1)
			is.NoErr(other.Close())
			whole := settings(t, t.TempDir())
			_, err := restore(t, path, whole, false)
			is.NoErr(err)
			stage(t, whole, other.cfg)
			is.NoErr(datadir.Ready(other.cfg, "aside"))
			for _, name := range moves[1 : n+1] { // as Settle does
				is.NoErr(os.MkdirAll(filepath.Join(other.cfg.DataDir, "aside"), 0o700))
				is.NoErr(os.Rename(filepath.Join(other.cfg.DataDir, name), filepath.Join(other.cfg.DataDir, "aside", name)))
				is.NoErr(os.Rename(filepath.Join(other.cfg.DataDir, "restore-ready", name), filepath.Join(other.cfg.DataDir, name)))
			}
			d := open(t, other.cfg)
			is.Equal(listen(t, d, a.business.ID), 2) // the restored appliance
			is.Equal(left(t, other.cfg.DataDir, "restore-"), 0)
		})
	}
}

// stage puts a whole appliance where a restore would have.
func stage(t *testing.T, from, to config.Config) {
	t.Helper()
	dir := filepath.Join(to.DataDir, datadir.Staging)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"crk.key", "crk.db", "audio"} {
		if err := os.Rename(filepath.Join(from.DataDir, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRestoreOfThePreviousSchema brings a backup of the first release up to date.
func TestRestoreOfThePreviousSchema(t *testing.T) {
	is := is.New(t)
	old := t.TempDir()
	baseline, err := os.ReadFile("../../store/migrations/0001_baseline.sql")
	is.NoErr(err)
	rows, err := os.ReadFile("../../store/testdata/v1_rows.sql")
	is.NoErr(err)
	storetest.Exec(t, filepath.Join(old, "crk.db"), string(baseline)+string(rows)+`; PRAGMA user_version = 1; PRAGMA foreign_keys = ON;
		DELETE FROM providers; DELETE FROM discord_webhooks; DELETE FROM webhook_secrets; DELETE FROM idempotency`) // sealed with nothing
	_, _, err = secret.LoadOrCreate(filepath.Join(old, "crk.key"))
	is.NoErr(err)
	path := pack(t, 1, old)

	cfg := settings(t, t.TempDir())
	_, err = restore(t, path, cfg, false)
	is.NoErr(err)
	d := open(t, cfg)
	b, err := d.DB.BusinessBySlug(t.Context(), "acme-co")
	is.NoErr(err) // there, and opened by today's program
	list, _, err := d.DB.Recordings(t.Context(), b.ID, app.RecordingFilter{Limit: 10})
	is.NoErr(err)
	is.Equal(len(list), 1)

	_, err = restore(t, pack(t, 9999, old), settings(t, t.TempDir()), false)
	is.True(err != nil && strings.Contains(err.Error(), "newer CRK")) // one of tomorrow is refused
}

func TestConstantMemoryOverManyFiles(t *testing.T) {
	is := is.New(t)
	a := newAppliance(t, 1)
	for n := range 2500 { // more than two entries of sums
		name := fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)
		dir := filepath.Join(a.cfg.DataDir, "audio", name[len(name)-2:])
		is.NoErr(os.MkdirAll(dir, 0o700))
		is.NoErr(os.WriteFile(filepath.Join(dir, name+".age"), fmt.Appendf(nil, "%x", sha256.Sum256([]byte(name))), 0o600))
	}
	is.NoErr(os.WriteFile(filepath.Join(a.cfg.DataDir, "audio", "zz"), nil, 0o600)) // what is no audio is left out
	path := a.backUp(t)
	cfg := settings(t, t.TempDir())
	sum, err := restore(t, path, cfg, false)
	is.NoErr(err)
	is.Equal(sum.Recordings, 2501)
	files := 0
	is.NoErr(filepath.WalkDir(filepath.Join(cfg.DataDir, "audio"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	}))
	is.Equal(files, 2501) // all of them
}
