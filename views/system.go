package views

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"crk/app"
)

// SystemPage is what the appliance's administrator sees of the machine.
type SystemPage struct {
	Version string
	Disk    Disk
	Backup  BackupState
	Backups []app.Backup // newest first
	HTTPS   string       // "none", "self" or "own": how connections are secured here
	Bot     SystemBot
}

// SystemBot is the appliance's bot in Telegram.
type SystemBot struct {
	Fixed  bool // by the configuration: it cannot be changed here
	Status TelegramStatus
	Form   Form
}

// Disk is how much room there is.
type Disk struct {
	Free, Size, Reserve int64 // bytes
	Low                 bool
}

func (d Disk) used() int64 { return d.Size - d.Free }

// BackupState is how the backups that the server makes stand.
type BackupState struct {
	Configured  bool
	Dir         string
	Keep        int
	At          time.Duration // after midnight
	Audio       bool
	Running     bool
	Done, Total int64 // bytes of the one that runs
}

func (b BackupState) at() string {
	return fmt.Sprintf("%02d:%02d", int(b.At/time.Hour), int(b.At%time.Hour/time.Minute))
}

// percent is how far the one that runs is.
func (b BackupState) percent() string {
	if b.Total == 0 {
		return "0"
	}
	return fmt.Sprint(100 * b.Done / b.Total)
}

// backupState is the tone, the icon and the word of a backup's end.
func backupState(ctx context.Context, b app.Backup) (tone, icon, text string) {
	switch b.Status {
	case app.BackupSucceeded:
		tone, icon = "ok", "circle-check"
	case app.BackupFailed:
		tone, icon = "bad", "triangle-alert"
	case app.BackupRunning:
		tone, icon = "wait", "clock"
	default:
		tone, icon = "off", "circle"
	}
	return tone, icon, label(ctx, "backup.status", b.Status)
}

// certificateDevices are the kinds of devices whose steps are told.
func certificateDevices() []string {
	return []string{"Windows", "Android", "iPhone, iPad", "macOS", "Firefox"}
}

// certificateSteps are the steps for one kind, a line each in the catalogues.
func certificateSteps(ctx context.Context, device string) []string {
	key := strings.ToLower(strings.Split(device, ",")[0])
	return strings.Split(label(ctx, "certificate.steps", key), "\n")
}

func amount(n int64) string { return strconv.FormatInt(n, 10) }
