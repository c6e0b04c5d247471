// Package store is the database: one SQLite file, one writer, many readers.
//
// It promises that what a method has answered is on the disk (WAL,
// synchronous=FULL), that a method is all or nothing, and that every method
// about a business's rows takes the business's id. Writers that wait are
// committed together, so durability costs one fdatasync for all of them. What
// changed is told to [Options].Publish after the commit, in commit order.
//
// SQL is written nowhere else. One file holds one aggregate.
package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/google/uuid"
	"modernc.org/sqlite" // the driver "sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"crk/app"
	"crk/app/secret"
)

// Options say what a Store works with. Path, Schema and Box are required.
type Options struct {
	Path    string             // of the database file; its folder exists
	Schema  string             // the whole schema, for a database that is new
	Box     *secret.Box        // seals and opens the secret columns
	Now     func() time.Time   // the clock; time.Now where nil
	Hashing *argon2id.Params   // what a password costs to try; the product's own where nil
	Publish func([]app.Change) // told what commits changed; see [Store.Notify]
	BaseURL string             // where people reach the appliance, for the links in events; "": not known

	KeepVersion bool // refuse an older database with ErrOutdated instead of bringing it up to date

	migrations fs.FS // the program's own where nil; for tests
}

// A Store is the database. Its methods may be called concurrently.
type Store struct {
	reads   *sql.DB // many connections, which cannot write
	hot     hot     // what is read through them all the time
	rights  rights  // what of that is kept
	cabinet cabinet // what lists ask of calls, in memory
	writes  *sql.DB // one connection, which the writer holds
	writer  *writer
	box     *secret.Box
	argon   *argon2id.Params
	now     func() time.Time

	hashKey      atomic.Pointer[[]byte]
	webhookKeys  sync.Map // opened secrets of webhooks, app.Secret by id
	providerKeys sync.Map // of phone integrations, openedSecret by id
}

// Pragmas apply to every connection of a pool only as part of its name.
// busy_timeout comes first: even the switch to WAL may have to wait.
const (
	writerPragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=cache_size(-16384)&_pragma=temp_store(2)" +
		"&_pragma=journal_size_limit(67108864)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate&_dqs=0&_defensive=1"
	readerPragmas = "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=cache_size(-8192)" +
		"&_pragma=temp_store(2)&_pragma=query_only(1)&_dqs=0"
)

// Open opens the database at o.Path, making it if it is not there and bringing
// an older one up to date, after a copy of it was made beside it. A database of a
// newer version is refused. The caller closes the Store.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := createFile(o.Path); err != nil {
		return nil, err
	}
	if o.Hashing == nil {
		o.Hashing = argon
	}
	if o.migrations == nil {
		o.migrations = migrations
	}
	s := &Store{box: o.Box, argon: o.Hashing, now: o.Now}
	name := "file:" + (&url.URL{Path: filepath.ToSlash(o.Path)}).EscapedPath()
	var err error
	if s.writes, err = sql.Open("sqlite", name+writerPragmas); err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	s.writes.SetMaxOpenConns(1)
	if err := s.prepare(ctx, o); err != nil {
		return nil, errors.Join(err, s.writes.Close())
	}
	if s.reads, err = sql.Open("sqlite", name+readerPragmas); err != nil {
		return nil, errors.Join(fmt.Errorf("store: open: %w", err), s.writer.close(), s.writes.Close())
	}
	n := max(4, runtime.NumCPU())
	s.reads.SetMaxOpenConns(n)
	s.reads.SetMaxIdleConns(n)
	return s, nil
}

// prepare checks the connection, brings the schema up to date and starts the
// writer.
func (s *Store) prepare(ctx context.Context, o Options) error {
	conn, err := s.writes.Conn(ctx)
	if err != nil {
		return fmt.Errorf("store: open %s: %w", filepath.Base(o.Path), err)
	}
	if err := errors.Join(checkPragmas(ctx, conn), migrate(ctx, conn, o)); err != nil {
		return errors.Join(err, conn.Close())
	}
	if err := pruneCopies(o.Path, o.Now()); err != nil {
		return errors.Join(err, conn.Close())
	}
	s.writer = newWriter(conn, o, &s.rights)
	return nil
}

// createFile makes the file with the mode it shall keep: it holds people's calls.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return f.Close()
}

// checkPragmas asserts what the promises of this package rest on: a driver
// that ignores a part of the name does so silently.
func checkPragmas(ctx context.Context, conn *sql.Conn) error {
	for _, p := range []struct{ name, want string }{
		{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}, {"busy_timeout", "10000"},
	} {
		var got string
		if err := conn.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&got); err != nil {
			return fmt.Errorf("store: pragma %s: %w", p.name, err)
		}
		if got != p.want {
			return fmt.Errorf("store: pragma %s is %q, not %q", p.name, got, p.want)
		}
	}
	return nil
}

// Close waits for the writes under way and closes the database. Writes that
// come later answer [ErrClosed].
func (s *Store) Close() error {
	return errors.Join(s.writer.close(), s.reads.Close(), s.writes.Close())
}

// Now is the store's clock.
func (s *Store) Now() time.Time { return s.now() }

// Ready reports whether the database can be written, by writing.
func (s *Store) Ready(ctx context.Context) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO settings (name, value) VALUES ('ready', ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, []byte(t.now.UTC().Format(time.RFC3339)))
	})
}

// newID returns a UUIDv7: unique, and in the order of its making.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// stamp is how a time is stored: unix milliseconds, NULL for the zero time.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// instant scans what stamp stored.
type instant struct{ t *time.Time }

// Scan implements sql.Scanner.
func (i instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*i.t = time.Time{}
	case int64:
		*i.t = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("store: %T is no time", v)
	}
	return nil
}

// asJSON scans a JSON text, and leaves v as it is for NULL.
type asJSON struct{ v any }

// Scan implements sql.Scanner.
func (j asJSON) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return json.Unmarshal([]byte(v), j.v)
	case []byte:
		return json.Unmarshal(v, j.v)
	default:
		return fmt.Errorf("store: %T is no JSON", v)
	}
}

// text scans a TEXT that may be NULL, which reads as empty.
type text struct{ s *string }

// Scan implements sql.Scanner.
func (t text) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*t.s = ""
	case string:
		*t.s = v
	default:
		return fmt.Errorf("store: %T is no text", v)
	}
	return nil
}

// toJSON is how a value is stored as JSON text.
func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T as JSON: %v", v, err)) // our own types, which all can be
	}
	return string(b)
}

// orNull turns an empty string into NULL.
func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// A scanner is a row: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// found turns "no rows" into the answer for a thing that is not there.
func found(err error, noun string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return app.Missing(noun)
	}
	return err
}

// withMore is a row of which more was selected than what is read by who scans it.
type withMore struct {
	scanner
	more []any
}

// Scan implements scanner.
func (r withMore) Scan(v ...any) error { return r.scanner.Scan(append(v, r.more...)...) }

// collect scans every row of a query and closes it.
func collect[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []T{}
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// taken reports whether err says that a UNIQUE or PRIMARY KEY is taken.
func taken(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) &&
		(e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// Full reports whether err says that the disk had no room for a write. Nothing
// of that write was kept.
func Full(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlitelib.SQLITE_FULL
}

// Notify sets what is told of commits: publish, of what they changed, in commit
// order, and onQueue, of the kinds of jobs they queued. Neither may block. It is
// for putting parts together, before the first write that anybody must hear of.
func (s *Store) Notify(publish func([]app.Change), onQueue func([]app.JobKind)) {
	_ = s.write(context.Background(), func(t *tx) error { // the writer's own goroutine reads both
		t.w.publish, t.w.onQueue = publish, onQueue
		return nil
	})
}
