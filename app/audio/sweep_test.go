package audio_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

func TestNames(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	for i := range 20 {
		_, err := s.Put(t.Context(), fmt.Sprintf("0198c0de-0000-7000-8000-0000000000%02x", i), strings.NewReader("x"), 1)
		is.NoErr(err)
	}
	_, err := s.Write(t.Context(), strings.NewReader("pending"), 10)
	is.NoErr(err)
	is.NoErr(os.WriteFile(filepath.Join(dir, "00", "README"), nil, 0o600)) // not ours
	found := maps.Collect(s.Names())
	is.Equal(len(found), 20) // each file and nothing else
	for name, err := range found {
		is.NoErr(err)
		is.NoErr(s.Delete(name)) // by the name it is known by
	}
	for range s.Names() {
		t.Fatal("a deleted file is still listed")
	}
	is.NoErr(os.RemoveAll(dir))
	for _, err := range s.Names() {
		is.True(err != nil) // a store that is gone is an error, not an empty store
	}
}

func TestSweep(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	_, err := s.Put(t.Context(), someName, strings.NewReader("kept"), 10)
	is.NoErr(err)
	for range 3 { // three writes that a crash cut off
		_, err := s.Write(t.Context(), strings.NewReader("lost"), 10)
		is.NoErr(err)
	}
	n, err := s.Sweep()
	is.NoErr(err)
	is.Equal(n, 3)                                     // what they left is removed
	is.Equal(string(contents(t, s, someName)), "kept") // what was kept is not
	is.Equal(len(files(t, dir)), 1)
}

// fill puts so many files into a store and returns their names.
func fill(t testing.TB, s *audio.Store, n int) (names []string) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("0198c0de-0000-7000-8000-%012x", i)
		if _, err := s.Put(t.Context(), name, strings.NewReader("x"), 1); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func TestRemoveOrphans(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	names := fill(t, s, 10)
	release, ok := s.Claim(names[1])
	is.True(ok)
	asked := map[string]int{}
	n, err := s.RemoveOrphans(t.Context(), func(name string) (bool, error) {
		asked[name]++
		switch name {
		case names[0], names[1]:
			return false, nil // nobody has them, but the second one is being written
		case names[2]:
			return asked[name] > 1, nil // its recording was noted just now
		}
		return true, nil
	})
	is.NoErr(err)
	is.Equal(n, 1) // the first one is an orphan
	is.Equal(len(files(t, dir)), 9)
	release()
	_, err = s.Open(names[0])
	is.True(err != nil) // and it is gone
	_, ok = s.Claim(names[0])
	is.True(ok) // its name is free again
}

func TestRemoveOrphansOfAWrongDatabase(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	fill(t, s, 101)
	_, err := s.RemoveOrphans(t.Context(), func(string) (bool, error) { return false, nil })
	is.True(errors.Is(err, audio.ErrManyOrphans)) // an empty database does not cost every call
	is.Equal(len(files(t, dir)), 101)

	lookup := errors.New("database gone")
	_, err = s.RemoveOrphans(t.Context(), func(string) (bool, error) { return false, lookup })
	is.True(errors.Is(err, lookup)) // nor does one that cannot answer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.RemoveOrphans(ctx, func(string) (bool, error) { return true, nil })
	is.True(errors.Is(err, context.Canceled)) // and it stops when asked to
	is.Equal(len(files(t, dir)), 101)
}
