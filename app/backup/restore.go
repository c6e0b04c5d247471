package backup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"crk/app/config"
	"crk/app/datadir"
	"crk/app/secret"
	"crk/store"
)

// ErrOccupied is wrapped by the error of [Restore] where there is an appliance in
// the data directory already.
var ErrOccupied = errors.New("there is an appliance already")

// Restore brings the backup that r gives into the data directory of cfg. All of
// it is read, compared with its sums, and opened with its key, before anything
// there is replaced. What is there is only replaced with force, and then kept
// beside it, in the folder aside. The error wraps [datadir.ErrHeld] while a
// server runs there, [ErrOccupied], or [age.NoIdentityMatchError] for the wrong
// passphrase.
func Restore(ctx context.Context, r io.Reader, with []age.Identity, cfg config.Config, force bool, aside string) (sum Summary, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return sum, err
	}
	unlock, err := datadir.Lock(cfg.DataDir)
	if err != nil {
		return sum, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := datadir.Settle(cfg); err != nil {
		return sum, err
	}
	if there := datadir.Occupied(cfg); there != "" && !force {
		return sum, fmt.Errorf("%w in %s (%s)", ErrOccupied, cfg.DataDir, there)
	}
	staging := filepath.Join(cfg.DataDir, datadir.Staging)
	if err := os.RemoveAll(staging); err != nil {
		return sum, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(staging))
		}
	}()
	x := &extract{ctx: ctx, dir: staging, sums: map[string]string{}}
	if err := x.read(r, with); err != nil {
		return sum, err
	}
	sum.Head, sum.Recordings = x.head, x.sounds
	if sum.Missing, err = verify(ctx, staging, x.head); err != nil {
		return sum, err
	}
	if key := filepath.Join(staging, datadir.KeyName); datadir.SameFile(cfg.KeyFile, x.key) {
		if err := os.Remove(key); err != nil {
			return sum, err
		}
	}
	if err := datadir.Ready(cfg, aside); err != nil {
		return sum, err
	}
	_, err = datadir.Settle(cfg)
	return sum, err
}

// verify opens what was extracted as the appliance will, and returns how many
// recordings lack their audio.
func verify(ctx context.Context, staging string, head Head) (missing int, err error) {
	box, err := secret.Load(filepath.Join(staging, datadir.KeyName))
	if err != nil {
		return 0, err
	}
	database := filepath.Join(staging, datadir.DatabaseName)
	c, err := store.Check(ctx, database, box)
	if err != nil {
		return 0, err
	}
	switch {
	case c.Newer:
		return 0, newer(c.Version)
	case len(c.Damage) > 0:
		return 0, fmt.Errorf("the database in the backup is damaged: %s", c.Damage[0])
	case c.Dangling > 0:
		return 0, fmt.Errorf("the database in the backup is damaged: %d rows refer to what is not there", c.Dangling)
	case c.Shut > 0:
		return 0, fmt.Errorf("the key in the backup does not open %d of its secrets", c.Shut)
	}
	if !head.Audio {
		return 0, nil
	}
	_, missing, err = store.CountMissing(ctx, database, func(id string) bool {
		_, err := os.Stat(filepath.Join(staging, datadir.AudioName, id[len(id)-2:], id+".age"))
		return err == nil
	})
	return missing, err
}

func newer(schema int) error {
	return fmt.Errorf("the backup is of a newer CRK (schema %d, this program knows up to %d): install that one", schema, store.Version())
}

// An extract is a backup that is being read into a folder.
type extract struct {
	ctx context.Context
	dir string

	head   Head
	key    []byte
	sums   map[string]string // of the files since the last entry of sums
	files  int
	bytes  int64
	sounds int
	done   bool
}

// read extracts everything and compares it with its sums.
func (x *extract) read(r io.Reader, with []age.Identity) error {
	plain, err := age.Decrypt(contextReader{x.ctx, r}, with...)
	if err != nil {
		return err
	}
	for t := tar.NewReader(plain); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = x.entry(h, t)
		}
		if err != nil {
			return fmt.Errorf("read the backup: %w", err)
		}
	}
	if _, err := io.Copy(io.Discard, plain); err != nil { // to its end, where age says that it is whole
		return fmt.Errorf("read the backup: %w", err)
	}
	if !x.done {
		return errors.New("read the backup: it ends too early")
	}
	return nil
}

// entry takes one entry, of those that there may be.
func (x *extract) entry(h *tar.Header, r io.Reader) error {
	if h.Typeflag != tar.TypeReg || x.done {
		return fmt.Errorf("%q does not belong into a backup", h.Name)
	}
	if (x.files == 0) != (h.Name == headName) {
		return errors.New("this is no backup of CRK")
	}
	switch {
	case h.Name == headName:
		return x.readHead(h, r)
	case strings.HasPrefix(h.Name, sumsPrefix):
		return x.compare(r)
	case h.Name == manifestName:
		return x.finish(r)
	case h.Name == datadir.KeyName:
		b, err := io.ReadAll(io.LimitReader(r, maxNote))
		if err != nil {
			return err
		}
		x.key = b
		return x.file(h.Name, bytes.NewReader(b), h.Size)
	case h.Name == datadir.DatabaseName:
		return x.file(h.Name, r, h.Size)
	case audioPath.MatchString(h.Name):
		x.sounds++
		return x.file(h.Name, r, h.Size)
	}
	return fmt.Errorf("%q does not belong into a backup", h.Name)
}

func (x *extract) readHead(h *tar.Header, r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxNote))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, &x.head); err != nil {
		return errors.New("this is no backup of CRK")
	}
	switch {
	case x.head.Format > format:
		return fmt.Errorf("the backup is of a newer CRK (%s): install that one", x.head.Version)
	case x.head.Schema > store.Version():
		return newer(x.head.Schema)
	}
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return err
	}
	x.count(h.Name, sha256.Sum256(b), int64(len(b)))
	return nil
}

// file writes an entry below the folder, durably.
func (x *extract) file(name string, r io.Reader, size int64) error {
	path := filepath.Join(x.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("%s has %d bytes instead of %d", name, n, size)
	}
	x.count(name, [sha256.Size]byte(sum.Sum(nil)), n)
	return nil
}

func (x *extract) count(name string, sum [sha256.Size]byte, bytes int64) {
	x.files++
	x.bytes += bytes
	x.sums[name] = fmt.Sprintf("%x", sum)
}

// compare reads the sums of the files since the last time.
func (x *extract) compare(r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, maxNote))
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) != len(x.sums) {
		return fmt.Errorf("%d files instead of %d", len(x.sums), len(lines))
	}
	for _, line := range lines {
		sum, name, _ := strings.Cut(line, "  ")
		if x.sums[name] != sum {
			return fmt.Errorf("%s is not what was backed up", name)
		}
	}
	clear(x.sums)
	return nil
}

// finish reads the manifest, after which there is nothing.
func (x *extract) finish(r io.Reader) error {
	var m Manifest
	if err := json.NewDecoder(io.LimitReader(r, maxNote)).Decode(&m); err != nil {
		return err
	}
	if m.Files != x.files || m.Bytes != x.bytes || len(x.sums) > 0 || x.key == nil {
		return fmt.Errorf("%d files of %d bytes instead of %d of %d", x.files, x.bytes, m.Files, m.Bytes)
	}
	x.done = true
	return nil
}
