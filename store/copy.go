package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// How many copies from before upgrades are kept, and for how long: a copy still
// holds what people had erased since.
const (
	copiesKept    = 3
	copiesKeptFor = 30 * 24 * time.Hour

	copyTemp    = ".crk-copy-"   // how the name of an unfinished copy begins
	copyTempFor = 24 * time.Hour // after which it is one that a crash left
)

// Copy writes the database as it is at one moment to a new file at path, whole
// or not at all, of mode 0600. Readers and writers go on meanwhile. The file is
// without a log, so it alone is the database; an existing one is replaced.
func (s *Store) Copy(ctx context.Context, path string) error {
	conn, err := s.reads.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	defer conn.Close()
	// VACUUM INTO counts as a write, though it writes to the other file alone.
	if _, err := conn.ExecContext(ctx, "PRAGMA query_only = 0"); err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	err = copyTo(ctx, conn, path)
	_, back := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA query_only = 1")
	return errors.Join(err, back)
}

// copyTo copies the database of a connection.
func copyTo(ctx context.Context, conn *sql.Conn, path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), copyTemp+"*") // mode 0600; SQLite would leave it to the umask
	if err != nil {
		return fmt.Errorf("store: copy: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("store: copy: %w", err), os.Remove(f.Name()))
		}
	}()
	defer f.Close()
	if _, err := conn.ExecContext(ctx, "VACUUM INTO ?", f.Name()); err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes a new name in dir survive a power cut. Windows cannot and need
// not do it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// copyBefore copies a database of version have before it is upgraded. A copy of
// the same version is replaced, so that an upgrade which fails at every start
// does not push older ones out.
func copyBefore(ctx context.Context, conn *sql.Conn, path string, have int) error {
	if err := copyTo(ctx, conn, beforeName(path, have)); err != nil {
		return fmt.Errorf("store: before the upgrade, which did not begin: %w", err)
	}
	return nil
}

func beforeName(path string, version int) string {
	return fmt.Sprintf("%s-before-%04d.db", strings.TrimSuffix(path, ".db"), version)
}

// pruneCopies removes all but the newest copies from before upgrades, and those
// that are old.
func pruneCopies(path string, now time.Time) error {
	names, err := filepath.Glob(escapeGlob(strings.TrimSuffix(path, ".db")) + "-before-*.db")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	type file struct {
		name string
		made time.Time
	}
	var files []file
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		files = append(files, file{name, info.ModTime()})
	}
	unfinished, err := filepath.Glob(filepath.Join(escapeGlob(filepath.Dir(path)), copyTemp+"*"))
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	for _, name := range unfinished {
		if info, err := os.Stat(name); err == nil && now.Sub(info.ModTime()) > copyTempFor {
			_ = os.Remove(name) // another process may just have done so
		}
	}
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(b.made.Compare(a.made), strings.Compare(b.name, a.name)) })
	for i, f := range files {
		if i < copiesKept && now.Sub(f.made) < copiesKeptFor {
			continue
		}
		if err := os.Remove(f.name); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	return nil
}

// escapeGlob makes a path stand for itself in a pattern. Windows has no escape;
// there the characters are rare, and match themselves or nothing.
func escapeGlob(s string) string {
	if runtime.GOOS == "windows" {
		return s
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// Compact writes a database that no store has open anew, so that nothing that
// was deleted or replaced is left in its unused pages or its log.
func Compact(ctx context.Context, path string) error {
	name := "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	db, err := sql.Open("sqlite", name+writerPragmas)
	if err != nil {
		return fmt.Errorf("store: compact: %w", err)
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "VACUUM")
	if err == nil {
		_, err = db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("store: compact: %w", err)
	}
	return nil
}
