package audio_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/matryer/is"

	"crk/app/audio"
	"crk/app/secret"
)

const (
	someName  = "0198c0de-1111-7000-8000-0000000000ab"
	otherName = "0198c0de-2222-7000-8000-0000000000cd"
)

func openStore(t testing.TB, dir string) *audio.Store {
	t.Helper()
	id, err := secret.Generate()
	if err != nil {
		t.Fatal(err)
	}
	s, err := audio.OpenStore(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// files lists the files below dir with their contents.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		found[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func contents(t testing.TB, s *audio.Store, name string) []byte {
	t.Helper()
	f, err := s.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPutAndOpen(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int
	}{
		{"empty", 0},
		{"one byte", 1},
		{"one chunk of age", 64 << 10},
		{"more than one", 200_001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := openStore(t, t.TempDir())
			want := bytes.Repeat([]byte("call "), tt.size/5+1)[:tt.size]
			stored, err := s.Put(t.Context(), someName, bytes.NewReader(want), int64(tt.size))
			is.NoErr(err) // as many bytes as are allowed are taken
			sum := sha256.Sum256(want)
			is.Equal(stored.Size, int64(tt.size))
			is.Equal(stored.SHA256, hex.EncodeToString(sum[:]))                    // of the bytes as they came
			is.True(bytes.Equal(stored.Head, want[:min(tt.size, audio.HeadSize)])) // their beginning, to tell what they are

			f, err := s.Open(someName)
			is.NoErr(err)
			defer f.Close()
			is.Equal(f.Size(), int64(tt.size))
			is.True(bytes.Equal(contents(t, s, someName), want)) // what came is what is kept
			if tt.size > 100 {
				part := make([]byte, 50)
				_, err = f.ReadAt(part, int64(tt.size)-75)
				is.NoErr(err)
				is.True(bytes.Equal(part, want[tt.size-75:tt.size-25])) // and can be read from anywhere
			}
		})
	}
}

func TestNothingReadableOnTheDisk(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	secretWords := bytes.Repeat([]byte("the customer's card number "), 10_000)

	var during int
	spy := readerFunc(func([]byte) (int, error) { // looks at the disk while the file is written
		for path, b := range files(t, dir) {
			during++
			is.True(!bytes.Contains(b, []byte("customer"))) // temporary files are encrypted too
			if runtime.GOOS != "windows" {
				info, err := os.Stat(path)
				is.NoErr(err)
				is.Equal(info.Mode().Perm(), fs.FileMode(0o600)) // and for their owner alone
			}
		}
		return 0, io.EOF
	})
	_, err := s.Put(t.Context(), someName, io.MultiReader(bytes.NewReader(secretWords), spy), 1<<20)
	is.NoErr(err)
	is.Equal(during, 1) // there was one to look at
	for path, b := range files(t, dir) {
		is.True(!bytes.Contains(b, []byte("customer")))   // nor can the file be read
		is.Equal(filepath.Base(filepath.Dir(path)), "ab") // which lies where its name ends
		if runtime.GOOS != "windows" {
			info, err := os.Stat(path)
			is.NoErr(err)
			is.Equal(info.Mode().Perm(), fs.FileMode(0o600))
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestWriteLeavesNothingBehind(t *testing.T) {
	gone := errors.New("client gone")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		r    io.Reader
		want error
	}{
		{"one byte too many", context.Background(), strings.NewReader("12345678901"), audio.ErrTooLarge},
		{"no end", context.Background(), zeros{}, audio.ErrTooLarge},
		{"reader fails", context.Background(), io.MultiReader(strings.NewReader("123"), iotest.ErrReader(gone)), gone},
		{"cancelled", cancelled, strings.NewReader("123"), context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			dir := t.TempDir()
			s := openStore(t, dir)
			_, err := s.Put(tt.ctx, someName, tt.r, 10)
			is.True(errors.Is(err, tt.want)) // the reason
			is.Equal(len(files(t, dir)), 0)  // no file, no temporary file
			_, err = s.Open(someName)
			is.True(errors.Is(err, fs.ErrNotExist)) // nothing under the name
		})
	}
}

func TestPending(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	sound := pcm16(8000, 1, repeat(9000, 16_000))

	p, err := s.Write(t.Context(), bytes.NewReader(sound), 1<<20)
	is.NoErr(err)
	_, err = s.Open(someName)
	is.True(errors.Is(err, fs.ErrNotExist)) // not there before it is committed

	f, err := p.Open()
	is.NoErr(err)
	d, err := audio.NewDecoder(f.Reader())
	is.NoErr(err)
	stats, err := audio.Measure(t.Context(), d)
	is.NoErr(err)
	is.Equal(stats.Duration, 2.0) // but it can be looked at
	is.NoErr(f.Close())

	is.True(p.Commit("../../etc/passwd") != nil) // a bad name commits nothing
	is.NoErr(p.Commit(someName))
	is.NoErr(p.Discard())                                 // does nothing after that
	is.True(bytes.Equal(contents(t, s, someName), sound)) // the file is there
	is.Equal(len(files(t, dir)), 1)

	second, err := s.Write(t.Context(), strings.NewReader("x"), 10)
	is.NoErr(err)
	is.NoErr(second.Discard())
	is.Equal(len(files(t, dir)), 1) // what is discarded is gone
	is.NoErr(second.Discard())      // once and for all
}

func TestCommitFails(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	is.NoErr(os.WriteFile(filepath.Join(dir, "ab"), nil, 0o600)) // in the way of the directory
	_, err := s.Put(t.Context(), someName, strings.NewReader("x"), 10)
	is.True(err != nil)             // said
	is.Equal(len(files(t, dir)), 1) // and nothing left but what was in the way
}

func TestReplaceAndDelete(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	put := func(content string) {
		_, err := s.Put(t.Context(), someName, strings.NewReader(content), 100)
		is.NoErr(err)
	}
	put("first")
	reading, err := s.Open(someName)
	is.NoErr(err)
	defer reading.Close()
	put("second")
	is.Equal(string(contents(t, s, someName)), "second") // the later one wins
	b, err := io.ReadAll(reading.Reader())
	is.NoErr(err)
	is.Equal(string(b), "first") // who was reading reads on

	is.NoErr(s.Delete(someName))
	is.NoErr(s.Delete(someName))    // twice is no error
	is.NoErr(s.Delete(otherName))   // nor is one that never was
	is.Equal(len(files(t, dir)), 0) // nothing is left on the disk
}

func TestClaim(t *testing.T) {
	is := is.New(t)
	s := openStore(t, t.TempDir())
	release, ok := s.Claim(someName)
	is.True(ok)
	_, ok = s.Claim(someName)
	is.True(!ok) // one writer at a time
	_, ok = s.Claim(otherName)
	is.True(ok) // of each name
	release()
	_, ok = s.Claim(someName)
	is.True(ok) // and then the next
}

func TestNamesThatAreRefused(t *testing.T) {
	is := is.New(t)
	s := openStore(t, t.TempDir())
	for _, name := range []string{
		"", ".", "..", "../" + someName, someName + "/..", "/etc/passwd", strings.Repeat("-", 36),
		strings.ToUpper(someName), someName[:35], someName + "0", someName + "\n", "0198c0de/1111-7000-8000-0000000000ab",
	} {
		_, err := s.Put(t.Context(), name, strings.NewReader("x"), 1)
		is.True(errors.Is(err, fs.ErrInvalid)) // no path is made of it when writing
		_, err = s.Open(name)
		is.True(errors.Is(err, fs.ErrInvalid))            // nor when reading
		is.True(errors.Is(s.Delete(name), fs.ErrInvalid)) // nor when deleting
	}
}

func TestDamageIsNoticed(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	if _, err := s.Put(t.Context(), someName, bytes.NewReader(make([]byte, 200_000)), 1<<20); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "ab", someName+".age")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for _, tt := range []struct {
		name    string
		content []byte
	}{
		{"empty", nil},
		{"header only", good[:100]},
		{"a bit in the header", flip(60)},
		{"a bit in the middle", flip(len(good) / 2)},
		{"a bit at the end", flip(len(good) - 1)},
		{"cut off", good[:len(good)-10]},
		{"cut off between chunks", good[:len(good)-200_000%(64<<10)-16]},
		{"no age file", []byte("RIFF....WAVE")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.NoErr(os.WriteFile(path, tt.content, 0o600))
			f, err := s.Open(someName)
			if err == nil {
				defer f.Close()
				_, err = io.ReadAll(f.Reader())
			}
			is.True(err != nil) // an altered file is an error, never sound
		})
	}
}

func TestOpenStore(t *testing.T) {
	is := is.New(t)
	dir := filepath.Join(t.TempDir(), "new", "audio")
	_, err := audio.OpenStore(dir, "AGE-SECRET-KEY-1QQQ")
	is.True(err != nil && !strings.Contains(err.Error(), "QQQ")) // a bad key is refused, not repeated

	id, err := secret.Generate()
	is.NoErr(err)
	first, err := audio.OpenStore(dir, id)
	is.NoErr(err) // directories are made
	_, err = first.Put(t.Context(), someName, strings.NewReader("call"), 10)
	is.NoErr(err)
	again, err := audio.OpenStore(dir, id)
	is.NoErr(err)
	is.Equal(string(contents(t, again, someName)), "call") // the next start reads what this one wrote

	_, err = openStore(t, dir).Open(someName)
	is.True(err != nil) // another key does not
	_, err = audio.OpenStore(filepath.Join(dir, "ab", someName+".age"), id)
	is.True(err != nil) // a file is no directory
}

func TestStoreAtOnce(t *testing.T) {
	is := is.New(t)
	s := openStore(t, t.TempDir())
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			content := bytes.Repeat([]byte{byte(i)}, 100_000)
			name := fmt.Sprintf("0198c0de-0000-7000-8000-0000000000%02x", i/2) // two writers for each name
			if _, err := s.Put(t.Context(), name, bytes.NewReader(content), 1<<20); err != nil {
				errs[i] = err
				return
			}
			f, err := s.Open(name)
			if err != nil {
				errs[i] = err
				return
			}
			defer f.Close()
			b, err := io.ReadAll(f.Reader())
			if err == nil && (len(b) != 100_000 || len(bytes.Trim(b, string(b[0]))) != 0) {
				err = errors.New("the file of two writers is mixed")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	is.NoErr(errors.Join(errs...)) // files are whole, whoever wrote last
}
