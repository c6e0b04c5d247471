package store

import (
	"context"
	"database/sql"
	"sync"
)

// hot holds the statements of what nearly every request reads. To prepare one
// takes SQLite longer than to run it.
type hot struct {
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

// readHot queries one row with a statement that is prepared once for each of the
// reading connections. The queries are a few constants of this package.
func (s *Store) readHot(ctx context.Context, query string, args ...any) scanner {
	st, err := s.hot.stmt(s.reads, query)
	if err != nil {
		return failedRow{err}
	}
	return st.QueryRowContext(ctx, args...)
}

// readHotRows is readHot for several rows; see collect.
func (s *Store) readHotRows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := s.hot.stmt(s.reads, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (h *hot) stmt(db *sql.DB, query string) (*sql.Stmt, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if st, ok := h.stmts[query]; ok {
		return st, nil
	}
	// Not with the context of the request that happens to be the first: the
	// statement is for all that follow.
	st, err := db.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	if h.stmts == nil {
		h.stmts = map[string]*sql.Stmt{}
	}
	h.stmts[query] = st // closed with the connections
	return st, nil
}
