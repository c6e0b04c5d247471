package bench

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A note is one message of the bare loop.
type note struct {
	Title    string `json:"title"`
	Body     string `json:"body"`
	Severity string `json:"severity"`

	id   string
	done chan error
}

// serveLoop is what the appliance is compared with: an HTTP server that puts a
// message into one table and answers when it is on the disk, with the same
// database, the same durability and the same grouping of commits, and nothing
// else: no keys, businesses, deliveries, usage, or anybody who is told.
func serveLoop(ctx context.Context, dir string, w io.Writer) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "loop.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE feed (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
		title TEXT NOT NULL, body TEXT NOT NULL, severity TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT`); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	notes := make(chan *note, 4096)
	ended := make(chan error, 1)
	go func() { ended <- commitLoop(ctx, db, notes) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	fmt.Fprintf(w, "open=http://%s\n", l.Addr())
	srv := &fasthttp.Server{Handler: takeNote(notes), ReadTimeout: time.Minute}
	stop := context.AfterFunc(ctx, func() { _ = srv.Shutdown() })
	defer stop()
	err = srv.Serve(l)
	return errors.Join(err, <-ended)
}

func takeNote(notes chan<- *note) fasthttp.RequestHandler {
	return func(c *fasthttp.RequestCtx) {
		n := &note{id: uuid.Must(uuid.NewV7()).String(), done: make(chan error, 1)}
		if err := json.Unmarshal(c.PostBody(), n); err != nil {
			c.Error(err.Error(), fasthttp.StatusBadRequest)
			return
		}
		notes <- n
		if err := <-n.done; err != nil {
			c.Error(err.Error(), fasthttp.StatusInternalServerError)
			return
		}
		c.SetContentType("application/json")
		fmt.Fprintf(c, `{"ok":true,"id":%q}`, n.id)
	}
}

// commitLoop commits what waits together.
func commitLoop(ctx context.Context, db *sql.DB, notes <-chan *note) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer conn.Close()
	insert, err := conn.PrepareContext(ctx, `INSERT INTO feed (id, title, body, severity, created_at) VALUES (?, ?, ?, ?, ?)`)
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer insert.Close()
	for {
		var batch []*note
		select {
		case n := <-notes:
			batch = append(batch, n)
		case <-ctx.Done():
			return nil
		}
		for more := true; more && len(batch) < 512; {
			select {
			case n := <-notes:
				batch = append(batch, n)
			default:
				more = false
			}
		}
		err := commit(ctx, conn, insert, batch)
		for _, n := range batch {
			n.done <- err
		}
	}
}

func commit(ctx context.Context, conn *sql.Conn, insert *sql.Stmt, batch []*note) error {
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, n := range batch {
		if _, err := insert.ExecContext(ctx, n.id, n.Title, n.Body, n.Severity, time.Now().UnixMilli()); err != nil {
			return err
		}
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	return err
}
