package app

import "time"

// The causes of a backup.
const (
	BackupSchedule = "schedule"
	BackupPerson   = "person"
)

// The ends of a backup, and "running" before.
const (
	BackupRunning     = "running"
	BackupSucceeded   = "succeeded"
	BackupFailed      = "failed"
	BackupInterrupted = "interrupted" // by a stop of the appliance
)

// A Backup is one copy of the whole appliance that the server made or tried to.
type Backup struct {
	ID         string
	Cause      string
	Status     string
	File       string // its name in the folder of backups
	Size       int64  // bytes of the file
	Recordings int    // whose audio is in it
	Error      string // for people; holds no secret
	StartedAt  time.Time
	FinishedAt time.Time
}
