package store

import (
	"context"
	"database/sql"
	"time"

	"crk/app"
)

// A tx is what an operation writes through. It lasts until the operation
// returns.
type tx struct {
	w   *writer
	now time.Time       // the same for all of one operation
	ctx context.Context // of who asked, for the audit log; nothing else waits for it

	changes []app.Change
	queued  []app.JobKind
	counts  []counted
}

// exec runs a statement.
func (t *tx) exec(query string, args ...any) error {
	_, err := t.affect(query, args...)
	return err
}

// affect runs a statement and returns how many rows it changed.
func (t *tx) affect(query string, args ...any) (int64, error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// insert runs an INSERT of one row and returns its rowid.
func (t *tx) insert(query string, args ...any) (int64, error) {
	res, err := t.run(query, args)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (t *tx) run(query string, args []any) (sql.Result, error) {
	st, err := t.w.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(context.Background(), args...)
}

// row queries one row.
func (t *tx) row(query string, args ...any) scanner {
	st, err := t.w.stmt(query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(context.Background(), args...)
}

// query queries rows, to be read before the next statement; see collect.
func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	st, err := t.w.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(context.Background(), args...)
}

// changed notes what to publish after the commit.
func (t *tx) changed(c app.Change) { t.changes = append(t.changes, c) }

// A failedRow is a row whose query could not be prepared.
type failedRow struct{ err error }

// Scan returns the error of the query.
func (r failedRow) Scan(...any) error { return r.err }
