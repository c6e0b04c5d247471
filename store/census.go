package store

import (
	"context"
	"fmt"
	"time"
)

// A JobState is how the jobs of one kind stand.
type JobState struct {
	Kind     string        `json:"kind"`
	Waiting  int           `json:"waiting"`
	Running  int           `json:"running"`
	Failed   int           `json:"failedBefore"` // that wait after a failed attempt
	Attempts int           `json:"mostAttempts"`
	Oldest   time.Duration `json:"oldest"`
}

// A Census is how much there is of everything, and nothing of what.
type Census struct {
	Version int            `json:"version"`
	Rows    map[string]int `json:"rows"` // by table
	Jobs    []JobState     `json:"jobs"`
}

// CountAll counts what a database holds, without changing it.
func CountAll(ctx context.Context, path string, now time.Time) (c Census, err error) {
	db, err := openReader(path)
	if err != nil {
		return c, err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&c.Version); err != nil {
		return c, fmt.Errorf("store: count: %w", err)
	}
	rows, err := db.QueryContext(ctx, `SELECT name FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	tables, err := collect(rows, err, func(r scanner) (name string, err error) { return name, r.Scan(&name) })
	if err != nil {
		return c, fmt.Errorf("store: count: %w", err)
	}
	c.Rows = map[string]int{}
	for _, name := range tables {
		var n int
		if err := db.QueryRowContext(ctx, `SELECT count(*) FROM "`+name+`"`).Scan(&n); err != nil {
			return c, fmt.Errorf("store: count %s: %w", name, err)
		}
		c.Rows[name] = n
	}
	rows, err = db.QueryContext(ctx, `SELECT kind, count(*) FILTER (WHERE lease_until IS NULL), count(*) FILTER (WHERE lease_until IS NOT NULL),
		count(*) FILTER (WHERE attempts > 0), max(attempts), min(created_at) FROM jobs GROUP BY kind ORDER BY kind`)
	c.Jobs, err = collect(rows, err, func(r scanner) (j JobState, err error) {
		var oldest time.Time
		err = r.Scan(&j.Kind, &j.Waiting, &j.Running, &j.Failed, &j.Attempts, instant{&oldest})
		j.Oldest = now.Sub(oldest)
		return j, err
	})
	return c, err
}
