package audio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

// Stored is what was learned of a file while it was written.
type Stored struct {
	Size   int64  // bytes, as they came
	SHA256 string // of them, hex
	Head   []byte // the first of them, at most HeadSize: for Sniff
}

// A Pending is a file that is written but has no name yet. It is for one
// goroutine.
type Pending struct {
	Stored
	store *Store
	file  *os.File // nil once it is committed or discarded
	key   *fileKey
}

// A fileKey is a recipient that remembers what a file was encrypted with, so that
// who wrote it can read it without the identity, which takes longer than to read a
// short call.
type fileKey struct {
	age.Recipient
	key []byte
}

// Wrap implements [age.Recipient].
func (k *fileKey) Wrap(key []byte) ([]*age.Stanza, error) {
	k.key = bytes.Clone(key)
	return k.Recipient.Wrap(key)
}

// Open reads what was written. The caller closes it, before or after Commit.
func (p *Pending) Open() (*File, error) {
	f, err := os.Open(p.file.Name())
	if err != nil {
		return nil, fmt.Errorf("audio store: %w", err)
	}
	return decrypt(f, age.NewInjectedFileKeyIdentity(p.key.key))
}

// Commit makes the file durable and then gives it its name. When it returns nil
// the file survives a power cut; it replaces one of the same name. After an error
// nothing has changed and the file can only be discarded.
func (p *Pending) Commit(name string) error {
	if !names.MatchString(name) {
		return badName()
	}
	path := p.store.path(name)
	if err := p.commit(path); err != nil {
		return fmt.Errorf("audio store: commit: %w", err)
	}
	p.file = nil
	return p.store.forget(name)
}

func (p *Pending) commit(path string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	shard := filepath.Dir(path)
	if err := makeDir(shard); err != nil {
		return err
	}
	if err := os.Rename(p.file.Name(), path); err != nil {
		return err
	}
	return syncDir(shard)
}

// makeDir makes a directory whose parent exists, durably.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// Discard removes the file. After Commit it does nothing, so that it can be
// deferred.
func (p *Pending) Discard() error {
	if p.file == nil {
		return nil
	}
	p.file.Close() // Commit may have closed it already
	err := os.Remove(p.file.Name())
	p.file = nil
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("audio store: discard: %w", err)
	}
	return nil
}

// A File is a stored file, decrypted where it is read. ReadAt may be called
// concurrently; bytes that were altered on the disk are an error, never sound.
type File struct {
	io.ReaderAt
	size int64
	file *os.File
}

// Size is the length in bytes, as the file came.
func (f *File) Size() int64 { return f.size }

// Reader reads the file from its beginning. Readers of one File do not disturb
// each other.
func (f *File) Reader() io.Reader { return io.NewSectionReader(f, 0, f.size) }

// Close closes the file on the disk.
func (f *File) Close() error { return f.file.Close() }
