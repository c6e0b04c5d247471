package datadir

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"crk/app/config"
)

// What a restore leaves in the data directory. A folder named Staging is not
// whole; once it is whole and on the disk it is renamed to ready, and from then
// on [Settle] brings it into place, however often it is cut off.
const (
	Staging = "restore-staging"
	ready   = "restore-ready"

	asideFile = "aside" // in ready: where what is replaced goes
)

// The names of what is kept, in the data directory and in a staged restore. The
// key file may be elsewhere in the former.
const (
	DatabaseName = "crk.db"
	KeyName      = "crk.key"
	AudioName    = "audio"
)

// Ready says that what is staged in cfg's data directory is whole. What it
// replaces goes to the folder aside in the data directory. The caller has the
// lock, and calls Settle next.
func Ready(cfg config.Config, aside string) error {
	staged := filepath.Join(cfg.DataDir, Staging)
	if err := writeSynced(filepath.Join(staged, asideFile), []byte(aside)); err != nil {
		return err
	}
	if err := errors.Join(syncTree(staged), os.Rename(staged, filepath.Join(cfg.DataDir, ready))); err != nil {
		return err
	}
	return syncDir(cfg.DataDir)
}

// Settle brings a restore into place that is ready, and reports whether there
// was one. Each step may be the last before a power cut: it is done again, or
// was done. The caller has the lock.
func Settle(cfg config.Config) (bool, error) {
	from := filepath.Join(cfg.DataDir, ready)
	name, err := os.ReadFile(filepath.Join(from, asideFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, os.RemoveAll(from) // everything is in place but the folder itself
	}
	if err != nil {
		return false, fmt.Errorf("finish the restore: %w", err)
	}
	aside := filepath.Join(cfg.DataDir, filepath.Base(string(name)))
	for _, item := range []struct{ name, to string }{
		{KeyName, cfg.KeyFile},
		{AudioName, filepath.Join(cfg.DataDir, AudioName)},
		{DatabaseName, cfg.Database()},
	} {
		if err := put(filepath.Join(from, item.name), item.to, aside); err != nil {
			return false, fmt.Errorf("finish the restore: put %s in place: %w", item.name, err)
		}
	}
	// The folder goes before its content: without the name there is nothing to do.
	err = errors.Join(os.Remove(filepath.Join(from, asideFile)), os.RemoveAll(from), syncDir(cfg.DataDir))
	return true, err
}

// put moves one thing into place, and what is there aside. Where it is not in
// the restore (any more) it does nothing.
func put(from, to, aside string) error {
	if _, err := os.Lstat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	olds := []string{to}
	if filepath.Base(to) == DatabaseName {
		olds = []string{to + "-wal", to + "-shm", to} // a log of the old database is none of the new
	}
	for _, old := range olds {
		if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := os.MkdirAll(aside, 0o700); err != nil {
			return err
		}
		if err := move(old, filepath.Join(aside, filepath.Base(old))); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return errors.Join(move(from, to), syncDir(filepath.Dir(to)))
}

// move renames, or copies a file where it goes to another file system.
func move(from, to string) error {
	renamed := os.Rename(from, to)
	if renamed == nil {
		return nil
	}
	info, err := os.Lstat(from)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 { // the key file alone may lie elsewhere
		return renamed
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return errors.Join(renamed, err)
	}
	if err := writeSynced(to+".tmp", b); err != nil {
		return errors.Join(renamed, err)
	}
	return errors.Join(os.Rename(to+".tmp", to), os.Remove(from))
}

// SameFile reports whether a file holds exactly these bytes.
func SameFile(path string, b []byte) bool {
	have, err := os.ReadFile(path)
	return err == nil && bytes.Equal(have, b)
}

func writeSynced(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, bytes.NewReader(b))
	return errors.Join(err, f.Sync(), f.Close())
}

// syncTree makes the names in a tree survive a power cut. Its files were synced
// when they were written.
func syncTree(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		return syncDir(path)
	})
}

// syncDir makes new names in dir survive a power cut. Windows cannot and need
// not do it.
func syncDir(dir string) error {
	if os.PathSeparator == '\\' {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Occupied names what an appliance keeps that is in place already; empty where
// there is nothing.
func Occupied(cfg config.Config) string {
	var there []string
	for _, path := range []string{cfg.Database(), cfg.KeyFile} {
		if _, err := os.Stat(path); err == nil {
			there = append(there, filepath.Base(path))
		}
	}
	if shards, _ := filepath.Glob(filepath.Join(cfg.DataDir, AudioName, "[0-9a-f][0-9a-f]")); len(shards) > 0 {
		there = append(there, AudioName)
	}
	return strings.Join(there, ", ")
}
