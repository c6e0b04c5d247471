package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"crk/app"
)

// ErrClosed is the answer to a write after Close.
var ErrClosed = errors.New("store: closed")

const (
	maxBatch = 512  // operations in one commit
	maxQueue = 4096 // operations waiting; beyond, callers wait to be let in

	company = 4 * time.Millisecond // that operations which are not urgent wait for others
	enough  = 8                    // of them are committed without waiting for more
)

// A writer owns the one connection that writes. It takes what waits, runs each
// operation in a savepoint of one transaction and commits them together: the
// commit before is the delay in which the next batch gathers, so a lone
// operation never waits for company, unless it says that it is not urgent.
// Operations that may be run again share a savepoint with their like, for as long
// as none of them fails.
type writer struct {
	conn    *sql.Conn
	stmts   map[string]*sql.Stmt
	now     func() time.Time
	publish func([]app.Change)
	onQueue func([]app.JobKind)
	baseURL string                    // for the links in events
	zones   map[string]*time.Location // of businesses, by name
	counts  []counted                 // of this commit; see tx.count
	rights  *rights
	told    atomic.Int64 // the newest change of rights that was told of

	ops     chan *op
	company time.Duration
	quit    chan struct{}
	once    sync.Once
	done    chan struct{}
	err     error // of closing; read after done
}

// An op is one write that waits for its turn.
type op struct {
	ctx    context.Context
	fn     func(*tx) error
	again  bool // fn may be run again
	late   bool // it is not urgent
	tx     *tx
	err    error
	result chan error // holds one
}

func newWriter(conn *sql.Conn, o Options, r *rights) *writer {
	w := &writer{
		conn: conn, stmts: map[string]*sql.Stmt{}, now: o.Now, publish: o.Publish,
		baseURL: o.BaseURL, zones: map[string]*time.Location{}, rights: r,
		ops: make(chan *op, maxQueue), company: company, quit: make(chan struct{}), done: make(chan struct{}),
	}
	r.follow(0)
	go w.loop()
	return w
}

// write runs fn in a transaction that commits if fn returns nil, and answers
// after the commit is on the disk. fn is short, calls nothing outside and may
// not keep its tx. A ctx that ends while the operation waits keeps it from
// starting; once started it is not cut off, because SQLite would take the whole
// batch back with it.
func (s *Store) write(ctx context.Context, fn func(*tx) error) error {
	return s.submit(&op{ctx: ctx, fn: fn, result: make(chan error, 1)})
}

// writeOften is write for what is written all the time. Where an operation of
// the same batch fails fn is run again in a transaction in which nothing of its
// first run is left, so it must not build on what it left outside.
func (s *Store) writeOften(ctx context.Context, fn func(*tx) error) error {
	return s.submit(&op{ctx: ctx, fn: fn, again: true, result: make(chan error, 1)})
}

// writeSoon is writeOften for what nobody waits for: background work that goes on
// in many places at once, and gets further the more of it a commit holds.
func (s *Store) writeSoon(ctx context.Context, fn func(*tx) error) error {
	return s.submit(&op{ctx: ctx, fn: fn, again: true, late: true, result: make(chan error, 1)})
}

// WritesWaiting is how many writes wait for the next commit.
func (s *Store) WritesWaiting() int { return len(s.writer.ops) }

func (s *Store) submit(o *op) error {
	select {
	case <-s.writer.quit:
		return ErrClosed
	default:
	}
	select {
	case s.writer.ops <- o:
	case <-o.ctx.Done():
		return o.ctx.Err()
	case <-s.writer.quit:
		return ErrClosed
	}
	select {
	case err := <-o.result:
		return err
	case <-s.writer.done:
		select { // answered in the very last batch
		case err := <-o.result:
			return err
		default:
			return ErrClosed
		}
	}
}

// close ends the loop after what was already waiting.
func (w *writer) close() error {
	w.once.Do(func() { close(w.quit) })
	<-w.done
	return w.err
}

func (w *writer) loop() {
	defer close(w.done)
	batch := make([]*op, 0, maxBatch)
	for {
		batch = batch[:0]
		select {
		case o := <-w.ops:
			batch = append(batch, o)
		case <-w.quit:
			select {
			case o := <-w.ops:
				batch = append(batch, o)
			default:
				w.err = w.shut()
				return
			}
		}
		w.run(w.gather(batch))
	}
}

// gather adds what waits to a batch. While there is nothing urgent in it, and not
// much, more is waited for.
func (w *writer) gather(batch []*op) []*op {
	urgent := !batch[0].late
	var patience <-chan time.Time
	for len(batch) < maxBatch {
		select {
		case o := <-w.ops:
			batch, urgent = append(batch, o), urgent || !o.late
			continue
		default:
		}
		if urgent || len(batch) >= enough {
			break
		}
		if patience == nil {
			patience = time.After(w.company)
		}
		select {
		case o := <-w.ops:
			batch, urgent = append(batch, o), !o.late
		case <-patience:
			return batch
		case <-w.quit:
			return batch
		}
	}
	return batch
}

func (w *writer) shut() error {
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// run commits a batch and answers every operation of it.
func (w *writer) run(batch []*op) {
	rights, err := w.commit(batch)
	if err != nil {
		_ = w.raw("ROLLBACK") // fails where SQLite has rolled back by itself
		err = fmt.Errorf("store: commit: %w", err)
	}
	for _, o := range batch {
		if o.err == nil {
			o.err = err
		}
	}
	if err == nil {
		w.tell(batch, rights)
	}
	for _, o := range batch {
		o.result <- o.err
	}
}

// commit runs the operations of a batch in one transaction, and returns whose
// rights it, or another process, changed. Its error is the whole batch's; an
// operation's own error is kept with it.
func (w *writer) commit(batch []*op) (rights []app.Change, err error) {
	w.counts = w.counts[:0]
	if err := w.raw("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	for len(batch) > 0 {
		n := 1
		for batch[0].again && n < len(batch) && batch[n].again {
			n++
		}
		if err := w.together(batch[:n]); err != nil {
			return nil, err
		}
		batch = batch[n:]
	}
	t := &tx{w: w, now: w.now(), ctx: context.Background()}
	if err := t.useCounted(w.counts); err != nil {
		return nil, err
	}
	rights, seq, err := t.newRights(w.told.Load())
	if err != nil {
		return nil, err
	}
	if err := w.raw("COMMIT"); err != nil {
		return nil, err
	}
	w.told.Store(seq)
	w.rights.follow(seq)
	return rights, nil
}

// together runs operations in one savepoint, and each in its own once one of
// them fails.
func (w *writer) together(ops []*op) error {
	if err := w.raw("SAVEPOINT op"); err != nil {
		return err
	}
	counted := len(w.counts)
	for _, o := range ops {
		if o.err = o.ctx.Err(); o.err != nil {
			o.tx = nil
			continue
		}
		o.tx = &tx{w: w, now: w.now(), ctx: o.ctx}
		if o.err = protect(o.fn, o.tx); o.err == nil {
			w.counts = append(w.counts, o.tx.counts...)
			continue
		}
		w.counts = w.counts[:counted]
		if err := w.raw("ROLLBACK TO op"); err != nil {
			return fmt.Errorf("%w (after %w)", err, o.err)
		}
		if len(ops) == 1 {
			break
		}
		if err := w.raw("RELEASE op"); err != nil {
			return err
		}
		for i := range ops {
			if err := w.together(ops[i : i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	return w.raw("RELEASE op")
}

// protect turns a panic of one operation into its error: the others of the
// batch have nothing to do with it.
func protect(fn func(*tx) error, t *tx) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("store: panic: %v\n%s", v, debug.Stack())
		}
	}()
	return fn(t)
}

// tell hands on, in order, what the batch changed.
func (w *writer) tell(batch []*op, changes []app.Change) {
	var queued []app.JobKind
	for _, o := range batch {
		if o.err == nil && o.tx != nil {
			changes = append(changes, o.tx.changes...)
			queued = append(queued, o.tx.queued...)
		}
	}
	if len(changes) > 0 && w.publish != nil {
		w.publish(changes)
	}
	if len(queued) > 0 && w.onQueue != nil {
		w.onQueue(queued)
	}
}

func (w *writer) raw(query string) error {
	st, err := w.stmt(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background())
	return err
}

// stmt prepares a query once for the life of the connection. The queries are
// those of this package, so their number is bounded; lists of ids are passed as
// one JSON argument.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = st
	return st, nil
}
