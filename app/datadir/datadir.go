// Package datadir opens what an appliance keeps on its disk: the lock, the key,
// the database and the recordings.
//
// It promises that a directory is one process's at a time, that nothing is made
// anew beside data which it would not fit, and that what a crash left half
// written is gone before anything runs.
package datadir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"crk/app/audio"
	"crk/app/config"
	"crk/app/disk"
	"crk/app/secret"
	"crk/store"
)

// A Dir is an open data directory. Close it.
type Dir struct {
	DB     *store.Store
	Sounds *audio.Store

	log    *slog.Logger
	unlock func() error
}

// Open takes the directory that cfg names, making what is not there yet. schema
// is that of a new database.
func Open(ctx context.Context, cfg config.Config, schema string, log *slog.Logger) (_ *Dir, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory (CRK_DATA_DIR): %w", err)
	}
	d := &Dir{log: log}
	if d.unlock, err = Lock(cfg.DataDir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if done, err := Settle(cfg); err != nil {
		return nil, err
	} else if done {
		log.Info("finished a restore that was cut off", "dir", cfg.DataDir)
	}
	box, err := key(cfg, log)
	if err != nil {
		return nil, err
	}
	d.DB, err = store.Open(ctx, store.Options{Path: cfg.Database(), Schema: schema, Box: box, BaseURL: cfg.BaseURL})
	if err != nil {
		return nil, err
	}
	identity, err := d.DB.AudioIdentity(ctx)
	if err != nil {
		return nil, err
	}
	if d.Sounds, err = audio.OpenStore(filepath.Join(cfg.DataDir, AudioName), identity); err != nil {
		return nil, err
	}
	d.Sounds.LimitCache(int64(cfg.CacheMiB) << 20)
	if _, err = d.Sounds.Sweep(); err != nil {
		return nil, err
	}
	if err = d.DB.FreeAllOnce(ctx); err != nil {
		return nil, fmt.Errorf("free the idempotency keys of requests that were cut off: %w", err)
	}
	return d, nil
}

// ErrHeld is wrapped by the error of [Lock] and [Open] where another process has
// the directory.
var ErrHeld = errors.New("another crk runs")

// Lock takes the directory, which exists, for this process until unlock is
// called or the process ends.
func Lock(dir string) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(dir, "crk.lock"))
	switch held, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock the data directory: %w", err)
	case !held:
		return nil, fmt.Errorf("%w on %s: stop it first", ErrHeld, dir)
	}
	return lock.Unlock, nil
}

// key reads the key file. It is made only where there is no database yet: a new
// key beside an old database would open nothing of it.
func key(cfg config.Config, log *slog.Logger) (*secret.Box, error) {
	_, err := os.Stat(cfg.Database())
	if err == nil {
		box, err := secret.Load(cfg.KeyFile)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("the key file %s is not there, and the database in %s cannot be read without it: put it back, or name it with CRK_KEY_FILE",
				cfg.KeyFile, cfg.DataDir)
		}
		return box, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for the database: %w", err)
	}
	box, made, err := secret.LoadOrCreate(cfg.KeyFile)
	if made {
		log.Info("made the encryption key: keep a copy of it elsewhere, nothing can be read without it", "file", cfg.KeyFile)
	}
	return box, err
}

// RemoveOrphans removes sound files that a crash left without a recording. It
// is for a goroutine beside those of the appliance, and ends with ctx.
func (d *Dir) RemoveOrphans(ctx context.Context) error {
	n, err := d.Sounds.RemoveOrphans(ctx, func(id string) (bool, error) { return d.DB.WantsAudio(ctx, id) })
	if n > 0 {
		d.log.Info("removed sound files that no recording has", "files", n)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Warn("look for sound files that no recording has", "err", err)
	}
	return nil
}

// TellOfRoom says that the disk is nearly full, or no longer: in the log, and in
// the feed of who looks after the appliance.
func (d *Dir) TellOfRoom(r disk.Room) {
	if !r.Low {
		d.log.Info("there is room on the disk again: calls are fetched", "free", r.Free)
		return
	}
	d.log.Warn("too little room on the disk: no calls are fetched or analysed", "free", r.Free, "reserve", r.Reserve)
	if err := d.DB.AlarmLowDisk(context.Background()); err != nil {
		d.log.Error("alarm of a disk that is nearly full", "err", err)
	}
}

// Close gives the directory back. It is also for one that was opened in part.
func (d *Dir) Close() error {
	var errs []error
	if d.DB != nil {
		errs = append(errs, d.DB.Close())
	}
	return errors.Join(append(errs, d.unlock())...)
}
