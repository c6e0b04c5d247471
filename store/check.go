package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"crk/app/secret"
)

// Version is the newest version of the schema that this program knows.
func Version() int {
	steps, err := readSteps(migrations)
	if err != nil {
		panic(err) // they are part of the program, and a test reads them
	}
	return steps[len(steps)-1].version
}

// A Checkup is what [Check] found out about a database.
type Checkup struct {
	Version  int      // of its schema
	Newer    bool     // than this program: it may not be opened
	Damage   []string // what SQLite finds wrong, at most ten lines
	Dangling int      // rows that refer to what is not there
	Opened   int      // sealed values that the key opens
	Shut     int      // and those that it does not
	Audio    string   // the identity that audio is encrypted to; empty: none, or not to be opened
}

// Sound reports whether nothing is wrong.
func (c Checkup) Sound() bool {
	return !c.Newer && len(c.Damage) == 0 && c.Dangling == 0 && c.Shut == 0
}

// Check looks through a database of this or an older version without changing
// it, also beside a server that uses it. The error is for one that cannot be
// looked into at all.
func Check(ctx context.Context, path string, box *secret.Box) (c Checkup, err error) {
	db, err := openReader(path)
	if err != nil {
		return c, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&c.Version); err != nil {
		return c, fmt.Errorf("store: this is no database of CRK: %w", err)
	}
	if c.Newer = c.Version > Version(); c.Newer {
		return c, nil
	}
	rows, err := db.QueryContext(ctx, "PRAGMA integrity_check(10)")
	c.Damage, err = collect(rows, err, func(r scanner) (line string, err error) { return line, r.Scan(&line) })
	if err != nil {
		return c, fmt.Errorf("store: check: %w", err)
	}
	c.Damage = slices.DeleteFunc(c.Damage, func(line string) bool { return line == "ok" })
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM pragma_foreign_key_check`).Scan(&c.Dangling); err != nil {
		return c, fmt.Errorf("store: check: %w", err)
	}
	for _, column := range sealedColumns() {
		yes, no, err := column.opens(ctx, db, box)
		if err != nil {
			return c, fmt.Errorf("store: check the secrets of %s: %w", column.table, err)
		}
		c.Opened, c.Shut = c.Opened+yes, c.Shut+no
	}
	c.Audio, err = audioIdentity(ctx, db, box)
	return c, err
}

// audioIdentity reads the identity of the audio; empty where there is none that
// the key opens.
func audioIdentity(ctx context.Context, db *sql.DB, box *secret.Box) (string, error) {
	const row = "audio.identity.sealed"
	var sealed []byte
	err := db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = ?`, row).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("store: check: %w", err)
	}
	plain, err := box.Open("setting", row, sealed)
	if err != nil {
		return "", nil // counted as shut
	}
	return string(plain), nil
}

// CountMissing counts the recordings of a database that have audio, and those
// of them for which has says that it is not there.
func CountMissing(ctx context.Context, path string, has func(id string) bool) (recordings, missing int, err error) {
	db, err := openReader(path)
	if err != nil {
		return 0, 0, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT id FROM recordings WHERE size > 0`)
	if err != nil {
		return 0, 0, fmt.Errorf("store: check: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return 0, 0, err
		}
		recordings++
		if !has(id) {
			missing++
		}
	}
	return recordings, missing, rows.Err()
}

// openReader opens a database that is there, for reading alone.
func openReader(path string) (*sql.DB, error) {
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	db, err := sql.Open("sqlite", name+readerPragmas+"&mode=rw") // a log may have to be read in; never made anew
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}
