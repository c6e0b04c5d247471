package secret_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/matryer/is"

	"crk/app/secret"
)

func keyFile(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadOrCreate(t *testing.T) {
	is := is.New(t)
	path := filepath.Join(t.TempDir(), "new", "keys", "key")
	box, created, err := secret.LoadOrCreate(path)
	is.NoErr(err)
	is.True(created) // first start makes the file

	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		is.NoErr(err)
		is.Equal(info.Mode().Perm(), fs.FileMode(0o600)) // the owner alone reads it
		info, err = os.Stat(filepath.Dir(path))
		is.NoErr(err)
		is.Equal(info.Mode().Perm(), fs.FileMode(0o700)) // and its directory
	}
	again, created, err := secret.LoadOrCreate(path)
	is.NoErr(err)
	is.True(!created)                            // second start makes nothing
	is.Equal(again.Recipient(), box.Recipient()) // and has the same key

	entries, err := os.ReadDir(filepath.Dir(path))
	is.NoErr(err)
	is.Equal(len(entries), 1) // no temporary file is left behind
	content, err := os.ReadFile(path)
	is.NoErr(err)
	is.True(strings.Contains(string(content), box.Recipient())) // the file shows its public key
}

func TestLoadOrCreateAtOnce(t *testing.T) {
	is := is.New(t)
	path := filepath.Join(t.TempDir(), "key")
	var wg sync.WaitGroup
	var made atomic.Int32
	boxes := make([]*secret.Box, 16)
	errs := make([]error, len(boxes))
	for n := range boxes {
		wg.Go(func() {
			var created bool
			boxes[n], created, errs[n] = secret.LoadOrCreate(path)
			if created {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	is.NoErr(errors.Join(errs...))  // every start succeeds
	is.Equal(made.Load(), int32(1)) // one makes the file
	for _, box := range boxes {
		is.Equal(box.Recipient(), boxes[0].Recipient()) // all have its key
	}
}

func TestLoad(t *testing.T) {
	one, two := identity(t), identity(t)
	for _, tt := range []struct {
		name    string
		content string
		want    string // part of the error; empty for none
	}{
		{"one identity", one + "\n", ""},
		{"no line end", one, ""},
		{"comments, spaces, CRLF", "# old keys\r\n\r\n  " + one + " \r\n# older\r\n" + two + "\r\n", ""},
		{"empty", "", "no identity"},
		{"comments only", "# nothing\n", "no identity"},
		{"public key by mistake", "# a\nage1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n", "line 2"},
		{"mistyped", one + "\n" + two[:40] + "\n", "line 2"},
		{"too long", strings.Repeat("# filler\n", 10_000), "too long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := secret.Load(keyFile(t, tt.content))
			if tt.want == "" {
				is.NoErr(err) // the file is read
				return
			}
			is.True(err != nil)                                   // the file is refused
			is.True(strings.Contains(err.Error(), tt.want))       // the reason is said
			is.True(!strings.Contains(err.Error(), "SECRET-KEY")) // no key in the error
		})
	}
}

func TestLoadKeepsTheOrder(t *testing.T) {
	is := is.New(t)
	newID, oldID := identity(t), identity(t)
	box, err := secret.Load(keyFile(t, newID+"\n"+oldID+"\n"))
	is.NoErr(err)
	newest, err := secret.New(newID)
	is.NoErr(err)
	is.Equal(box.Recipient(), newest.Recipient()) // the first line seals
	old, err := secret.New(oldID)
	is.NoErr(err)
	sealed, err := old.Seal("p", "row", []byte("v"))
	is.NoErr(err)
	_, err = box.Open("p", "row", sealed)
	is.NoErr(err) // the second line still opens
}

func TestLoadRefusesAFileOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("windows has no such mode bits")
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o644} {
		t.Run(mode.String(), func(t *testing.T) {
			is := is.New(t)
			path := keyFile(t, identity(t))
			is.NoErr(os.Chmod(path, mode))
			_, err := secret.Load(path)
			is.True(err != nil)                                       // refused
			is.True(strings.Contains(err.Error(), "chmod 600 "+path)) // with the command that mends it
			_, created, err := secret.LoadOrCreate(path)
			is.True(err != nil && !created) // and not replaced by a new one
		})
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	is := is.New(t)
	_, err := secret.Load(t.TempDir())
	is.True(err != nil && strings.Contains(err.Error(), "regular")) // a directory is said to be none
	_, err = secret.Load(filepath.Join(t.TempDir(), "none"))
	is.True(errors.Is(err, fs.ErrNotExist)) // a missing file can be told apart
}

func TestLoadOrCreateWithoutRights(t *testing.T) {
	is := is.New(t)
	blocked := keyFile(t, "a file where a directory should be")
	_, created, err := secret.LoadOrCreate(filepath.Join(blocked, "key"))
	is.True(err != nil && !created) // the reason comes back instead of a box
}
