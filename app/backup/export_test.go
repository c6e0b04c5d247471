package backup

import (
	"context"

	"crk/app"
)

// Night makes the backup of a night now.
func Night(r *Runner, ctx context.Context) { r.make(ctx, app.BackupSchedule) }
