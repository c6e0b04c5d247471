package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// baseline is the version of the first release, whose databases have no table
// of migrations. It is the number of the file with its schema.
const baseline = 1

// ErrOutdated is wrapped by the error of [Open] for a database of an older
// version where [Options].KeepVersion forbids to change it.
var ErrOutdated = errors.New("store: the database is of an older version than this program")

// A step is one migration.
type step struct {
	version int
	sql     string
}

// migrate makes the schema of a new database, or brings an older one up to
// date: after a copy of it was made, each step in a transaction of its own.
func migrate(ctx context.Context, conn *sql.Conn, o Options) error {
	steps, err := readSteps(o.migrations)
	if err != nil {
		return err
	}
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("store: this is no database of CRK: %w", err)
	}
	if have == 0 {
		return apply(ctx, conn, o.Now(), steps[len(steps)-1].version, o.Schema, steps)
	}
	done, err := applied(ctx, conn, have)
	if err != nil {
		return err
	}
	known := func(v int) bool { return slices.ContainsFunc(steps, func(s step) bool { return s.version == v }) }
	for _, v := range append(done, have) {
		if !known(v) {
			return fmt.Errorf("store: the database is of version %d, and this program knows up to %d: install the newer CRK again",
				v, steps[len(steps)-1].version)
		}
	}
	steps = slices.DeleteFunc(steps, func(s step) bool { return slices.Contains(done, s.version) })
	if len(steps) == 0 {
		return nil
	}
	if o.KeepVersion {
		return ErrOutdated
	}
	return upgrade(ctx, conn, o, have, steps)
}

// upgrade runs the steps that a database of version have lacks.
func upgrade(ctx context.Context, conn *sql.Conn, o Options, have int, steps []step) (err error) {
	if err := copyBefore(ctx, conn, o.Path, have); err != nil {
		return err
	}
	// A table is made anew by dropping the old one, which must not take the
	// rows that refer to it along. Within a transaction this has no effect.
	if _, err := conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF"); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	defer func() {
		_, on := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON")
		err = errors.Join(err, on)
	}()
	for _, s := range steps {
		if err := apply(ctx, conn, o.Now(), max(have, s.version), s.sql, []step{s}); err != nil {
			return fmt.Errorf("%w (the database as it was lies in %s)", err, beforeName(o.Path, have))
		}
	}
	return nil
}

// applied returns the migrations that a database of version have was given.
func applied(ctx context.Context, conn *sql.Conn, have int) ([]int, error) {
	var n int
	if err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'`).Scan(&n); err != nil {
		return nil, fmt.Errorf("store: read the version: %w", err)
	}
	if n == 0 {
		return []int{have}, nil
	}
	rows, err := conn.QueryContext(ctx, `SELECT version FROM migrations`)
	done, err := collect(rows, err, func(r scanner) (v int, err error) { return v, r.Scan(&v) })
	if err != nil {
		return nil, fmt.Errorf("store: read the version: %w", err)
	}
	return done, nil
}

// readSteps reads migrations named NNNN_what.sql, in order. The first is the
// baseline.
func readSteps(fsys fs.FS) ([]step, error) {
	names, err := fs.Glob(fsys, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var steps []step
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		v, err := strconv.Atoi(number)
		if err != nil || len(steps) > 0 && v <= steps[len(steps)-1].version {
			return nil, fmt.Errorf("store: migration %s: the name must begin with a number that no other has", name)
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{v, string(b)})
	}
	if len(steps) == 0 || steps[0].version != baseline {
		return nil, fmt.Errorf("store: there is no migration %04d", baseline)
	}
	return steps, nil
}

// ledger is the table that says which migrations a database has had. It is as in
// schema.sql; databases of the baseline have none.
const ledger = `CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT`

// apply runs one text of SQL and notes which steps it stands for, and that the
// database is of a version now.
func apply(ctx context.Context, conn *sql.Conn, now time.Time, version int, text string, steps []step) error {
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: migration %d: %w", version, err)
	}
	defer t.Rollback()
	_, err = t.ExecContext(ctx, text)
	if err == nil {
		_, err = t.ExecContext(ctx, ledger)
	}
	for _, s := range append([]step{{version: baseline}}, steps...) {
		if err == nil {
			_, err = t.ExecContext(ctx, `INSERT OR IGNORE INTO migrations (version, applied_at) VALUES (?, ?)`, s.version, now.UnixMilli())
		}
	}
	if err == nil {
		_, err = t.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version))
	}
	if err == nil {
		err = checkReferences(ctx, t)
	}
	if err == nil {
		err = t.Commit()
	}
	if err != nil {
		return fmt.Errorf("store: migration %d: %w", steps[len(steps)-1].version, err)
	}
	return nil
}

// checkReferences finds rows that refer to what is not there.
func checkReferences(ctx context.Context, t *sql.Tx) error {
	var table, parent string
	err := t.QueryRowContext(ctx, `SELECT "table", parent FROM pragma_foreign_key_check`).Scan(&table, &parent)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("a row of %s refers to one of %s that is not there", table, parent)
}
