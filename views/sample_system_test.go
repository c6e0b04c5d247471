package views_test

import (
	"testing"
	"time"

	"github.com/a-h/templ"

	"crk/app"
	"crk/views"
)

func systemSamples(t testing.TB) map[string]templ.Component {
	t.Helper()
	here := frame("System", views.AtSettings)
	here.User.Admin, here.OwnAuthority, here.DiskLow = true, true, true
	row := func(status, cause, failure string, size int64) app.Backup {
		return app.Backup{ID: status, Cause: cause, Status: status, File: "crk-backup-20261116T193000Z.age", Size: size, Error: failure,
			StartedAt: noon(t).Add(-time.Hour), FinishedAt: noon(t)}
	}
	return map[string]templ.Component{
		"system": views.System(here, views.SystemPage{
			Version: "v0.2", Disk: views.Disk{Free: 500 << 20, Size: 100 << 30, Reserve: 2 << 30, Low: true}, HTTPS: "self",
			Backup: views.BackupState{Configured: true, Dir: "/mnt/<b>usb</b>", Keep: 7, At: 150 * time.Minute, Running: true, Done: 1 << 30, Total: 4 << 30},
			Backups: []app.Backup{row(app.BackupRunning, app.BackupPerson, "", 0), row(app.BackupSucceeded, app.BackupSchedule, "", 3<<30),
				row(app.BackupFailed, app.BackupSchedule, "open /mnt/<i>usb</i>: no such file", 0), row(app.BackupInterrupted, app.BackupPerson, "", 0)},
		}),
		"system-bare": views.System(here, views.SystemPage{Version: "dev", HTTPS: "none"}),
		"certificate": views.Certificate(here),
	}
}
