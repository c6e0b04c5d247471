// Package doctor looks an appliance over: its disk, key, database, sounds,
// clock, certificates, and the servers that it needs. It says what is wrong and
// how to mend it.
//
// It promises to change nothing; to work beside a running server and on one that
// is stopped; that every step is bounded in time; and that no finding holds a
// secret. Servers are only asked whether they are there, on the way that the
// appliance itself would take: nothing is sent to them and no key is used.
//
// It does not know whether what the servers would answer is any good.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"crk/app/config"
	"crk/app/datadir"
	"crk/app/disk"
	"crk/app/secret"
	"crk/store"
)

// How a finding is meant.
const (
	Good = "ok"
	Warn = "warn" // goes on working, for now
	Bad  = "bad"  // does not work
)

// A Finding is one thing that was looked at.
type Finding struct {
	What   string `json:"what"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Fix    string `json:"fix,omitempty"` // what to do, where there is something
}

// Options are what Examine works with. All are required.
type Options struct {
	Config config.Config
	Schema string
	Now    func() time.Time
}

// An examination collects findings.
type examination struct {
	Options
	findings []Finding
	running  bool // a server holds the directory
}

func (e *examination) good(what, format string, args ...any) {
	e.findings = append(e.findings, Finding{What: what, State: Good, Detail: fmt.Sprintf(format, args...)})
}

func (e *examination) add(what, state, detail, fix string) {
	e.findings = append(e.findings, Finding{what, state, detail, fix})
}

// Examine looks everything over. What cannot be looked at because of something
// else that is wrong is left out.
func Examine(ctx context.Context, o Options) []Finding {
	e := &examination{Options: o}
	if !e.directory() {
		return e.findings
	}
	e.disk()
	box := e.key()
	e.server(ctx)
	if box != nil && e.database(ctx, box) {
		e.businesses(ctx, box)
	}
	e.backups()
	e.certificate()
	e.operator(ctx)
	return e.findings
}

// Worst is the worst state among findings.
func Worst(findings []Finding) string {
	worst := Good
	for _, f := range findings {
		if f.State == Bad || f.State == Warn && worst == Good {
			worst = f.State
		}
	}
	return worst
}

// directory looks at the data directory and who may read it.
func (e *examination) directory() bool {
	const what = "data directory"
	dir := e.Config.DataDir
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(what, Bad, dir+" is not there", "start crk once, or name its directory with --data-dir (CRK_DATA_DIR)")
		return false
	case err != nil:
		e.add(what, Bad, err.Error(), "run this as the user who runs crk")
		return false
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		e.add(what, Warn, fmt.Sprintf("%s may be entered by others than its owner (mode %04o)", dir, info.Mode().Perm()), "chmod 700 "+dir)
	default:
		e.good(what, "%s", dir)
	}
	probe, err := os.CreateTemp(dir, ".crk-copy-*") // swept with unfinished copies if this is cut off here
	if err != nil {
		e.add(what, Bad, "it cannot be written: "+err.Error(), "run this as the user who runs crk, or give the directory to that user")
		return true
	}
	_ = errors.Join(probe.Close(), os.Remove(probe.Name()))
	return true
}

func (e *examination) disk() {
	const what = "disk"
	room := disk.NewWatch(e.Config.DataDir, int64(e.Config.DiskReserveMiB)<<20).Room()
	detail := fmt.Sprintf("%d MiB of %d MiB free", room.Free>>20, room.Size>>20)
	if room.Low {
		e.add(what, Bad, detail+": no calls are fetched or analysed", fmt.Sprintf("free more than %d MiB", room.Reserve>>20))
		return
	}
	e.good(what, "%s", detail)
}

// key looks at the key file; nil where it opens nothing.
func (e *examination) key() *secret.Box {
	const what = "key file"
	if _, err := os.Stat(e.Config.Database()); errors.Is(err, fs.ErrNotExist) {
		e.add("database", Warn, "there is none yet", "start crk: it makes one, and its key")
		return nil
	}
	box, err := secret.Load(e.Config.KeyFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.add(what, Bad, e.Config.KeyFile+" is not there", "put it back from your copy or a backup, or name it with CRK_KEY_FILE: nothing can be read without it")
		return nil
	case err != nil:
		e.add(what, Bad, err.Error(), "put the file back from your copy or a backup, readable by its owner alone")
		return nil
	case box.Identities() > 1:
		e.add(what, Warn, "it holds an old key too: a rotation was cut off", "stop crk and run: crk key rotate")
	case filepath.Dir(e.Config.KeyFile) == filepath.Clean(e.Config.DataDir):
		e.add(what, Good, "opens; it lies beside the data it protects", "keep a copy elsewhere, and consider moving it (CRK_KEY_FILE)")
	default:
		e.good(what, "opens")
	}
	return box
}

// server looks whether a server runs, and whether its port can be had or answers.
func (e *examination) server(ctx context.Context) {
	const what = "server"
	unlock, err := datadir.Lock(e.Config.DataDir)
	if err != nil && !errors.Is(err, datadir.ErrHeld) {
		e.add(what, Warn, err.Error(), "run this as the user who runs crk")
		return
	}
	e.running = err != nil
	if e.running {
		conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", reachable(e.Config.Listen))
		if err != nil {
			e.add(what, Warn, "runs, and is not at "+e.Config.Listen, "run this with the settings of the server (CRK_LISTEN)")
			return
		}
		_ = conn.Close()
		e.good(what, "runs at %s", e.Config.Listen)
		return
	}
	_ = unlock()
	l, err := net.Listen("tcp", e.Config.Listen)
	if err != nil {
		e.add(what, Bad, "is stopped, and its address cannot be had: "+err.Error(), "stop what has the port, or choose another (CRK_LISTEN)")
		return
	}
	_ = l.Close()
	e.good(what, "is stopped; %s is free", e.Config.Listen)
}

// reachable is an address to dial for one that is listened on.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || host != "" && host != "0.0.0.0" && host != "::" {
		return listen
	}
	return net.JoinHostPort("localhost", port)
}

// database looks through the database and what the key opens of it. It reports
// whether it can be used.
func (e *examination) database(ctx context.Context, box *secret.Box) bool {
	const what = "database"
	c, err := store.Check(ctx, e.Config.Database(), box)
	switch {
	case err != nil:
		e.add(what, Bad, err.Error(), "restore the latest backup: crk restore")
		return false
	case c.Newer:
		e.add(what, Bad, fmt.Sprintf("is of version %d, this program knows up to %d", c.Version, store.Version()), "install the newer CRK again")
		return false
	case len(c.Damage) > 0:
		e.add(what, Bad, "is damaged: "+c.Damage[0], "stop crk, keep a copy of the data directory, and restore the latest backup: crk restore --force")
		return false
	case c.Dangling > 0:
		e.add(what, Bad, fmt.Sprintf("%d rows refer to what is not there", c.Dangling), "restore the latest backup: crk restore --force")
	case c.Version < store.Version():
		e.add(what, Warn, fmt.Sprintf("is of version %d, this program is of %d", c.Version, store.Version()), "start crk again: it brings it up to date, after a copy")
		return false
	default:
		e.good(what, "sound, version %d", c.Version)
	}
	if c.Shut > 0 {
		e.add("secrets", Bad, fmt.Sprintf("the key opens %d of %d", c.Opened, c.Opened+c.Shut), "find the key file that belongs to this database: put it back, or name it with CRK_KEY_FILE")
		return true
	}
	e.good("secrets", "the key opens all %d", c.Opened)
	e.sounds(ctx)
	return true
}

// backups looks at the folder of backups and the age of the newest.
func (e *examination) backups() {
	const what = "backups"
	dir := e.Config.Backup.Dir
	if dir == "" {
		e.add(what, Warn, "none are made by themselves", "set CRK_BACKUP_DIR to a folder on another disk, and CRK_BACKUP_RECIPIENT or CRK_BACKUP_PASSPHRASE_FILE")
		return
	}
	names, err := filepath.Glob(filepath.Join(dir, "crk-backup-*.age"))
	if _, statErr := os.Stat(dir); err != nil || statErr != nil {
		e.add(what, Bad, dir+" cannot be read", "mount it, or name another with CRK_BACKUP_DIR")
		return
	}
	var newest time.Time
	for _, name := range names {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	switch age := e.Now().Sub(newest); {
	case newest.IsZero():
		e.add(what, Warn, "there is none in "+dir, "wait for the first night, or make one in Settings → System")
	case age > 48*time.Hour:
		e.add(what, Bad, fmt.Sprintf("the newest is %d days old", int(age/(24*time.Hour))), "Settings → System says why; is the server running at night?")
	default:
		e.good(what, "the newest is %s old", age.Round(time.Minute))
	}
}
