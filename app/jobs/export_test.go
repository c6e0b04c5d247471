package jobs

import (
	"context"
	"time"

	"crk/app"
)

// Pause is pause, for tests.
func (r *Runner) Pause(ctx context.Context, kind app.JobKind, looked time.Time) time.Duration {
	return r.pause(ctx, kind, looked)
}
