package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations
var migrations embed.FS

// baseline is the version of a database made before any migration.
const baseline = 1

// migrate makes the schema of a new database, or brings an older one up to
// date, one transaction a step.
func migrate(ctx context.Context, conn *sql.Conn, schema string) error {
	steps, err := readSteps(migrations)
	if err != nil {
		return err
	}
	newest := baseline
	if len(steps) > 0 {
		newest = steps[len(steps)-1].version
	}
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("store: this is no database of CRK: %w", err)
	}
	switch {
	case have > newest:
		return fmt.Errorf("store: the database is of version %d, and this program knows up to %d: install the newer CRK again", have, newest)
	case have == 0:
		return apply(ctx, conn, step{version: newest, sql: schema})
	}
	for _, s := range steps {
		if s.version <= have {
			continue
		}
		if err := apply(ctx, conn, s); err != nil {
			return err
		}
	}
	return nil
}

// A step is one migration.
type step struct {
	version int
	sql     string
}

// readSteps reads migrations named NNNN_what.sql, in order.
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
		if err != nil || v <= baseline {
			return nil, fmt.Errorf("store: migration %s: the name must begin with a number above %d", name, baseline)
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{v, string(b)})
	}
	return steps, nil
}

func apply(ctx context.Context, conn *sql.Conn, s step) error {
	t, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: migration %d: %w", s.version, err)
	}
	defer t.Rollback()
	if _, err := t.ExecContext(ctx, s.sql); err != nil {
		return fmt.Errorf("store: migration %d: %w", s.version, err)
	}
	if _, err := t.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", s.version)); err != nil {
		return fmt.Errorf("store: migration %d: %w", s.version, err)
	}
	return t.Commit()
}
