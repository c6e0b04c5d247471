package audio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"

	"filippo.io/age"
)

// ErrTooLarge is returned by [Store.Write] and [Store.Put] for more bytes than
// were allowed.
var ErrTooLarge = errors.New("audio: file is too large")

const (
	suffix   = ".age"
	tempDir  = "tmp"
	cacheDir = "cache"
)

// cacheSize is how many bytes of decoded sound are kept, unless
// [Store.LimitCache] says otherwise.
const cacheSize = 1 << 30

// names are UUIDs in lower case. Nothing else becomes part of a path.
var names = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// A Store keeps sound files in a directory, each encrypted with age while it is
// written. A file appears under its name whole and durable, or not at all. The
// Store may be used concurrently, but by one process alone; of two writers of the
// same name the later one wins, and who reads the earlier file reads on. Writers
// that must not meet [Store.Claim] the name first.
type Store struct {
	dir       string
	identity  *age.X25519Identity
	converter *converter // nil where the machine has no ffmpeg
	cache     *cache     // nil of the store that is a cache's own

	mu      sync.Mutex
	claimed map[string]bool
}

// OpenStore opens the store in dir, which it makes (0700) if need be. The files
// are encrypted to the X25519 identity ("AGE-SECRET-KEY-1…"), never repeated in an
// error.
func OpenStore(dir, identity string) (*Store, error) {
	id, err := age.ParseX25519Identity(identity)
	if err != nil { // age's own error may quote a piece of the key
		return nil, errors.New("audio store: not an X25519 age identity")
	}
	s := newStore(dir, id)
	s.converter = newConverter(filepath.Join(dir, tempDir))
	s.cache = newCache(newStore(filepath.Join(dir, cacheDir), id), cacheSize)
	if err := errors.Join(s.makeDirs(), s.cache.files.makeDirs()); err != nil {
		return nil, err
	}
	return s, nil
}

func newStore(dir string, identity *age.X25519Identity) *Store {
	return &Store{dir: dir, identity: identity, claimed: map[string]bool{}}
}

func (s *Store) makeDirs() error {
	if err := os.MkdirAll(filepath.Join(s.dir, tempDir), 0o700); err != nil {
		return fmt.Errorf("audio store: %w", err)
	}
	return nil
}

// LimitCache changes how many bytes of decoded sound are kept. Call it before the
// store is used.
func (s *Store) LimitCache(bytes int64) { s.cache.max = bytes }

// Claim reserves a name for one writer, from its question whether the file is
// wanted until it has noted that it is there. ok is false while another writer
// holds the name; else release must be called, once.
func (s *Store) Claim(name string) (release func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claimed[name] {
		return nil, false
	}
	s.claimed[name] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.claimed, name)
	}, true
}

// Put stores what r gives, at most max bytes, under a name: [Store.Write] and
// [Pending.Commit] in one, for bytes that need no check.
func (s *Store) Put(ctx context.Context, name string, r io.Reader, max int64) (Stored, error) {
	if !names.MatchString(name) {
		return Stored{}, badName()
	}
	p, err := s.Write(ctx, r, max)
	if err != nil {
		return Stored{}, err
	}
	defer p.Discard()
	return p.Stored, p.Commit(name)
}

// Write encrypts what r gives into a temporary file, to be looked at before it is
// kept. The error wraps [ErrTooLarge] for more than max bytes, ctx's error, or
// what r returned; nothing is left behind then. The caller must Commit or Discard
// what is returned.
func (s *Store) Write(ctx context.Context, r io.Reader, max int64) (*Pending, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, tempDir), "*"+suffix) // mode 0600
	if err != nil {
		return nil, fmt.Errorf("audio store: %w", err)
	}
	p := &Pending{store: s, file: f, key: &fileKey{Recipient: s.identity.Recipient()}}
	if p.Stored, err = encrypt(ctx, f, r, max, p.key); err != nil {
		return nil, errors.Join(fmt.Errorf("audio store: write: %w", err), p.Discard())
	}
	return p, nil
}

func encrypt(ctx context.Context, f io.Writer, r io.Reader, max int64, to age.Recipient) (Stored, error) {
	w, err := age.Encrypt(f, to)
	if err != nil {
		return Stored{}, err
	}
	seen := &witness{hash: sha256.New()}
	limited := &io.LimitedReader{R: r, N: max + 1}
	if _, err := io.Copy(io.MultiWriter(w, seen), contextReader{ctx, limited}); err != nil {
		return Stored{}, err
	}
	if limited.N == 0 {
		return Stored{}, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, max)
	}
	if err := w.Close(); err != nil {
		return Stored{}, err
	}
	return Stored{Size: seen.size, SHA256: hex.EncodeToString(seen.hash.Sum(nil)), Head: seen.head}, nil
}

// Open opens a stored file. The error wraps [fs.ErrNotExist] where there is none.
func (s *Store) Open(name string) (*File, error) {
	if !names.MatchString(name) {
		return nil, badName()
	}
	f, err := os.Open(s.path(name))
	if err != nil {
		return nil, fmt.Errorf("audio store: %w", err)
	}
	return decrypt(f, s.identity)
}

// Delete removes a file, durably, and what was decoded of it. It is no error if
// there is none.
func (s *Store) Delete(name string) error {
	if !names.MatchString(name) {
		return badName()
	}
	path := s.path(name)
	err := os.Remove(path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("audio store: delete: %w", err)
	}
	return errors.Join(err, s.forget(name))
}

// path spreads the files over 256 directories by the end of their names: version 7
// UUIDs of one day begin alike.
func (s *Store) path(name string) string {
	return filepath.Join(s.dir, name[len(name)-2:], name+suffix)
}

// decrypt reads f, which it closes if it cannot.
func decrypt(f *os.File, by age.Identity) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("audio store: %w", err), f.Close())
	}
	plain, size, err := age.DecryptReaderAt(f, info.Size(), by)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("audio store: %s: %w", filepath.Base(f.Name()), err), f.Close())
	}
	return &File{ReaderAt: plain, size: size, file: f}, nil
}

// badName does not repeat the name: it may come from a request.
func badName() error { return fmt.Errorf("audio store: the name is no UUID: %w", fs.ErrInvalid) }

// syncDir makes a new name in dir survive a power cut. Windows cannot and need not
// do it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// A witness notes what passes by on its way to the disk.
type witness struct {
	hash hash.Hash
	size int64
	head []byte
}

func (w *witness) Write(p []byte) (int, error) {
	w.size += int64(len(p))
	w.head = append(w.head, p[:min(len(p), HeadSize-len(w.head))]...)
	return w.hash.Write(p)
}

// A contextReader stops a copy when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
