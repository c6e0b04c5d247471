// Package backup copies a whole appliance into one encrypted file, and back.
//
// A backup is one age file, opened by a passphrase or an identity, and in it a
// tar archive: crk-backup.json (what it is), the key file, the database, the
// audio as it lies on the disk (encrypted already), and after every thousand
// files their SHA-256 sums as sha256sum writes them; manifest.json closes it.
// With the age and tar commands it can be opened without this program.
//
// It promises that a backup shows the database as it was at one moment, while
// the server runs; that a file under the name of a backup is whole; that
// memory does not grow with the data, and that audio is not copied on the disk
// first; and that a restore has read, compared and opened everything before it
// replaces anything. Audio that arrives while a backup is made may be in it
// without its call: such files are removed at the next start.
//
// It does not know what the data means, nor when a backup is due but for its
// [Runner].
package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"filippo.io/age"

	"crk/app/datadir"
	"crk/store"
)

// format is the layout of a backup. A higher one is not read.
const format = 1

// The entries of a backup beside those of package datadir.
const (
	headName     = "crk-backup.json"
	manifestName = "manifest.json"
	sumsPrefix   = "SHA256SUMS."
)

// sumsEvery is how many files have their sums in one entry.
const sumsEvery = 1000

// maxNote bounds the entries that are read into memory: head, key, sums.
const maxNote = 1 << 20

// audioPath is what an audio file is called in a backup, and nothing else is.
var audioPath = regexp.MustCompile(`^audio/([0-9a-f]{2})/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.age$`)

// A Head says what a backup is, before anything else is read.
type Head struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"` // of the program
	Schema    int       `json:"schema"`  // of the database
	CreatedAt time.Time `json:"createdAt"`
	Audio     bool      `json:"audio"`
}

// A Manifest closes a backup: what should have been read.
type Manifest struct {
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// A Source is the appliance that is backed up.
type Source struct {
	DB      *store.Store
	DataDir string // where the database is copied to for as long as it takes
	KeyFile string
	Audio   bool // whether the audio is wanted too
	Version string
}

// Progress is how far a backup is.
type Progress struct {
	Bytes, Total int64
}

// A Summary is what became of a backup or a restore.
type Summary struct {
	Head
	Recordings int   // whose audio is in it
	Missing    int   // of a restore: those whose audio should be in it and is not
	Bytes      int64 // of the file
}

// Create writes a backup to a new file at path, whole or not at all, of mode
// 0600. It is encrypted to the recipients. report is told now and then how far it
// is, from the same goroutine; it may be nil.
func Create(ctx context.Context, path string, to []age.Recipient, s Source, report func(Progress)) (sum Summary, err error) {
	if report == nil {
		report = func(Progress) {}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".crk-backup-*") // mode 0600
	if err != nil {
		return sum, fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup: %w", errors.Join(err, os.Remove(f.Name())))
		}
	}()
	defer f.Close()
	w, err := age.Encrypt(f, to...)
	if err != nil {
		return sum, err
	}
	if sum, err = write(ctx, w, s, report); err != nil {
		return sum, err
	}
	if err := errors.Join(w.Close(), f.Sync()); err != nil {
		return sum, err
	}
	info, err := f.Stat()
	if err != nil {
		return sum, err
	}
	sum.Bytes = info.Size()
	if err := f.Close(); err != nil {
		return sum, err
	}
	return sum, os.Rename(f.Name(), path)
}

// write writes the archive.
func write(ctx context.Context, w io.Writer, s Source, report func(Progress)) (sum Summary, err error) {
	sum.Head = Head{Format: format, Version: s.Version, Schema: store.Version(), CreatedAt: s.DB.Now().UTC().Truncate(time.Second), Audio: s.Audio}
	database, err := os.CreateTemp(s.DataDir, ".crk-copy-*") // one that a crash leaves is swept with those of upgrades
	if err != nil {
		return sum, err
	}
	defer os.Remove(database.Name())
	if err := errors.Join(database.Close(), s.DB.Copy(ctx, database.Name())); err != nil {
		return sum, err
	}
	a := newArchive(ctx, w, report)
	if a.total, err = size(database.Name()); err != nil {
		return sum, err
	}
	sounds, err := listSounds(s)
	if err != nil {
		return sum, err
	}
	for _, shard := range sounds {
		a.total += shard.bytes
	}
	head, err := json.MarshalIndent(sum.Head, "", "  ")
	if err != nil {
		return sum, err
	}
	if err := errors.Join(a.note(headName, append(head, '\n')), a.file(datadir.KeyName, s.KeyFile), a.file(datadir.DatabaseName, database.Name())); err != nil {
		return sum, err
	}
	for _, shard := range sounds {
		n, err := a.shard(s, shard.name)
		if err != nil {
			return sum, err
		}
		sum.Recordings += n
	}
	return sum, a.close()
}

// A shard is one of the folders that audio is spread over.
type shard struct {
	name  string
	bytes int64
}

// listSounds lists the folders of audio; none where audio is not wanted.
func listSounds(s Source) ([]shard, error) {
	if !s.Audio {
		return nil, nil
	}
	dir := filepath.Join(s.DataDir, datadir.AudioName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var shards []shard
	for _, e := range entries {
		if !e.IsDir() || len(e.Name()) != 2 {
			continue
		}
		one := shard{name: e.Name()}
		err := eachSound(dir, e.Name(), func(_ string, info fs.FileInfo) error {
			one.bytes += info.Size()
			return nil
		})
		if err != nil {
			return nil, err
		}
		shards = append(shards, one)
	}
	return shards, nil
}

// eachSound visits the audio files of one folder. One that is deleted meanwhile
// is passed over.
func eachSound(dir, shard string, visit func(name string, info fs.FileInfo) error) error {
	entries, err := os.ReadDir(filepath.Join(dir, shard))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := datadir.AudioName + "/" + shard + "/" + e.Name()
		if !audioPath.MatchString(name) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = visit(name, info)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
