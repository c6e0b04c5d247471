package command_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/datadir"
	"crk/app/secret"
	"crk/store"
	"crk/store/storetest"
)

func TestAnOlderDatabaseIsNotChangedUnderAServer(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	baseline, err := os.ReadFile(filepath.Join("..", "..", "store", "migrations", "0001_baseline.sql"))
	is.NoErr(err)
	storetest.Exec(t, filepath.Join(dir, "crk.db"), string(baseline)+"; PRAGMA user_version = 1; PRAGMA journal_mode = WAL")
	_, _, err = secret.LoadOrCreate(filepath.Join(dir, "crk.key"))
	is.NoErr(err)
	env := map[string]string{"CRK_DATA_DIR": dir}

	unlock, err := datadir.Lock(dir) // as an older server does
	is.NoErr(err)
	_, _, err = run(t, env, "", "user", "create", "ann@example.com")
	is.True(errors.Is(err, store.ErrOutdated))
	is.True(strings.Contains(err.Error(), "restart crk")) // says what to do
	is.NoErr(unlock())

	_, _, err = run(t, env, "", "user", "create", "ann@example.com")
	is.NoErr(err) // with no server it is brought up to date
	unlock, err = datadir.Lock(dir)
	is.NoErr(err) // and left free
	is.NoErr(unlock())
}
