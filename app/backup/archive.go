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
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"crk/app/datadir"
)

// reportEvery is how many bytes pass between two reports.
const reportEvery = 4 << 20

// An archive is a backup that is being written. Its sums and its manifest come
// by themselves.
type archive struct {
	ctx    context.Context
	tar    *tar.Writer
	report func(Progress)

	total    int64 // of the bytes that are expected
	bytes    int64
	reported int64
	files    int
	sums     bytes.Buffer // of the files since the last entry of sums
	pending  int          // how many those are
	parts    int
}

func newArchive(ctx context.Context, w io.Writer, report func(Progress)) *archive {
	return &archive{ctx: ctx, tar: tar.NewWriter(w), report: report}
}

// file adds a file from the disk.
func (a *archive) file(name, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return a.add(name, info.Size(), info.ModTime(), f)
}

// note adds a small entry.
func (a *archive) note(name string, b []byte) error {
	return a.add(name, int64(len(b)), time.Now(), bytes.NewReader(b))
}

// shard adds one folder of audio and returns how many files it has.
func (a *archive) shard(s Source, shard string) (files int, err error) {
	dir := filepath.Join(s.DataDir, datadir.AudioName)
	err = eachSound(dir, shard, func(name string, _ fs.FileInfo) error {
		err := a.file(name, filepath.Join(dir, shard, filepath.Base(name)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // its call was deleted a moment ago
		}
		files++
		return err
	})
	return files, err
}

// add adds an entry of exactly size bytes.
func (a *archive) add(name string, size int64, at time.Time, r io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(h); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.CopyN(io.MultiWriter(a.tar, sum, a), contextReader{a.ctx, r}, size)
	if err != nil {
		return fmt.Errorf("%s: after %d bytes: %w", name, n, err)
	}
	a.files++
	fmt.Fprintf(&a.sums, "%x  %s\n", sum.Sum(nil), name)
	if a.pending++; a.pending == sumsEvery {
		return a.writeSums()
	}
	return nil
}

// Write counts what passes.
func (a *archive) Write(b []byte) (int, error) {
	a.bytes += int64(len(b))
	if a.bytes-a.reported >= reportEvery {
		a.reported = a.bytes
		a.report(Progress{min(a.bytes, a.total), a.total})
	}
	return len(b), nil
}

// writeSums adds the sums of the files since the last time.
func (a *archive) writeSums() error {
	a.parts++
	return a.plain(fmt.Sprintf("%s%04d", sumsPrefix, a.parts), a.sums.Bytes(), func() { a.sums.Reset(); a.pending = 0 })
}

// plain adds an entry that is itself not counted and has no sum.
func (a *archive) plain(name string, b []byte, then func()) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(b)), Mode: 0o600, ModTime: time.Now().UTC().Truncate(time.Second), Format: tar.FormatPAX}
	if err := a.tar.WriteHeader(h); err != nil {
		return err
	}
	if _, err := a.tar.Write(b); err != nil {
		return err
	}
	then()
	return nil
}

// close adds the last sums and the manifest.
func (a *archive) close() error {
	if a.pending > 0 {
		if err := a.writeSums(); err != nil {
			return err
		}
	}
	b, err := json.Marshal(Manifest{Files: a.files, Bytes: a.bytes})
	if err != nil {
		return err
	}
	if err := a.plain(manifestName, append(b, '\n'), func() {}); err != nil {
		return err
	}
	a.report(Progress{a.bytes, a.bytes})
	return a.tar.Close()
}

// A contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements io.Reader.
func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}
