package store_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/matryer/is"

	"crk/store"
	"crk/store/storetest"
)

// small is a schema and its migrations, by which the frame is tried.
const small = `CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
	CREATE TABLE parts (thing INTEGER NOT NULL REFERENCES things ON DELETE CASCADE) STRICT;
	INSERT INTO things VALUES (1, 'one'); INSERT INTO parts VALUES (1);`

func files(texts map[string]string) fs.FS {
	fsys := fstest.MapFS{"migrations/0001_baseline.sql": {Data: []byte(small)}}
	for name, text := range texts {
		fsys["migrations/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// baseline makes a database as the first release did.
func baseline(t *testing.T, schema string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "crk.db")
	storetest.Exec(t, path, schema+"; PRAGMA user_version = 1; PRAGMA journal_mode = WAL")
	return path
}

func upgradeTo(t *testing.T, path string, migrations fs.FS) error {
	t.Helper()
	s, err := store.Open(t.Context(), store.WithMigrations(store.Options{Path: path, Schema: small, Box: storetest.Box(t)}, migrations))
	if err != nil {
		return err
	}
	return s.Close()
}

// ask returns what a query finds in a database that no store has open.
func ask(t *testing.T, path, query string) string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal("open:", err)
	}
	defer db.Close()
	var v sql.NullString
	if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v.String
}

const notes = `SELECT group_concat(version ORDER BY version) FROM migrations`

func TestMigrationsRunInOrderAndOnce(t *testing.T) {
	is := is.New(t)
	path := baseline(t, small)
	first := map[string]string{
		"0003_add.sql":  `UPDATE things SET color = color || 'ish'`,
		"0002_make.sql": `ALTER TABLE things ADD COLUMN color TEXT NOT NULL DEFAULT 'red'`,
		"0007_late.sql": `INSERT INTO things (id, name) VALUES (7, 'seven')`,
	}
	is.NoErr(upgradeTo(t, path, files(first)))
	is.Equal(ask(t, path, `SELECT color FROM things WHERE id = 1`), "redish") // 2 came before 3
	is.Equal(ask(t, path, notes), "1,2,3,7")
	is.NoErr(upgradeTo(t, path, files(first)))
	is.Equal(ask(t, path, `SELECT color FROM things WHERE id = 1`), "redish") // and neither a second time

	first["0005_later.sql"] = `INSERT INTO things (id, name) VALUES (5, 'five')`
	is.NoErr(upgradeTo(t, path, files(first)))
	is.Equal(ask(t, path, notes), "1,2,3,5,7")                           // one that lands late is not passed over
	is.Equal(ask(t, path, `PRAGMA user_version`), "7")                   // and takes nothing back
	is.Equal(ask(t, path, `SELECT count(*) FROM things`), "3")           // ran once each
	delete(first, "0003_add.sql")                                        // as a program that lacks one
	err := upgradeTo(t, path, files(first))                              //
	is.True(err != nil && strings.Contains(err.Error(), "of version 3")) // is refused a database that had it
}

func TestAMigrationIsAllOrNothing(t *testing.T) {
	is := is.New(t)
	path := baseline(t, small)
	err := upgradeTo(t, path, files(map[string]string{
		"0002_good.sql": `INSERT INTO things VALUES (2, 'two')`,
		"0003_bad.sql":  `INSERT INTO things VALUES (3, 'three'); DROP TABLE parts; SELECT nonsense FROM nowhere`,
	}))
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "migration 3"))             // names the step
	is.True(strings.Contains(err.Error(), "crk-before-0001.db"))      // and where the way back is
	is.Equal(ask(t, path, `SELECT max(id) FROM things`), "2")         // the good one stands
	is.Equal(ask(t, path, `SELECT count(*) FROM parts`), "1")         // nothing of the bad one
	is.Equal(ask(t, path, notes), "1,2")                              //
	is.Equal(ask(t, path, `PRAGMA user_version`), "2")                //
	before := filepath.Join(filepath.Dir(path), "crk-before-0001.db") //
	is.Equal(ask(t, before, `SELECT max(id) FROM things`), "1")       // the copy is from before both
	is.NoErr(upgradeTo(t, path, files(map[string]string{
		"0002_good.sql": `INSERT INTO things VALUES (2, 'two')`,
		"0003_bad.sql":  `INSERT INTO things VALUES (3, 'mended')`,
	})))
	is.Equal(ask(t, path, `SELECT name FROM things WHERE id = 3`), "mended") // goes on where it stopped
}

func TestATableIsMadeAnew(t *testing.T) {
	is := is.New(t)
	path := baseline(t, small)
	is.NoErr(upgradeTo(t, path, files(map[string]string{"0002_check.sql": `
		CREATE TABLE things_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> '')) STRICT;
		INSERT INTO things_new SELECT id, name FROM things;
		DROP TABLE things;
		ALTER TABLE things_new RENAME TO things;`})))
	is.Equal(ask(t, path, `SELECT count(*) FROM parts`), "1")                                // the old table took no row along
	is.Equal(ask(t, path, `SELECT "table" FROM pragma_foreign_key_list('parts')`), "things") // which refers to the new one

	err := upgradeTo(t, path, files(map[string]string{"0002_check.sql": "", "0003_lose.sql": `DELETE FROM things`}))
	is.True(err != nil && strings.Contains(err.Error(), "a row of parts refers to one of things")) // left behind: refused
	is.Equal(ask(t, path, `SELECT count(*) FROM things`), "1")
}

func TestCopiesFromBeforeUpgrades(t *testing.T) {
	is := is.New(t)
	path := baseline(t, small)
	all := map[string]string{}
	for _, name := range []string{"0002_a.sql", "0003_b.sql", "0004_c.sql", "0005_d.sql", "0006_e.sql"} {
		all[name] = "SELECT 1"
		is.NoErr(upgradeTo(t, path, files(all)))
		age(t, filepath.Dir(path)) // so that none is as old as the next
	}
	names, err := filepath.Glob(filepath.Join(filepath.Dir(path), "crk-before-*"))
	is.NoErr(err)
	for i, name := range names {
		names[i] = filepath.Base(name)
		info, err := os.Stat(name)
		is.NoErr(err)
		is.True(info.Mode().Perm()&0o077 == 0 || os.PathSeparator == '\\') // people's calls are in it
	}
	is.Equal(names, []string{"crk-before-0003.db", "crk-before-0004.db", "crk-before-0005.db"}) // the three newest

	for range 31 {
		age(t, filepath.Dir(path))
	}
	is.NoErr(upgradeTo(t, path, files(all)))
	names, err = filepath.Glob(filepath.Join(filepath.Dir(path), "crk-before-*"))
	is.NoErr(err)
	is.Equal(len(names), 0) // none is kept for more than a month
}

// age makes every copy a day older.
func age(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "crk-before-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		at := info.ModTime().Add(-24 * time.Hour)
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnOlderDatabaseIsKeptWhereAsked(t *testing.T) {
	is := is.New(t)
	path := baseline(t, small)
	o := store.WithMigrations(store.Options{Path: path, Schema: small, Box: storetest.Box(t), KeepVersion: true},
		files(map[string]string{"0002_a.sql": "SELECT 1"}))
	_, err := store.Open(t.Context(), o)
	is.True(errors.Is(err, store.ErrOutdated)) // as for a command beside an older server
	is.Equal(ask(t, path, `PRAGMA user_version`), "1")
}

func TestMigrationsNeedNumbers(t *testing.T) {
	for _, name := range []string{"first.sql", "0001_again.sql", "0000_before.sql"} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			is.True(upgradeTo(t, baseline(t, small), files(map[string]string{name: "SELECT 1"})) != nil) // refused
		})
	}
}
