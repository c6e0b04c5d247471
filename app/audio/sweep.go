package audio

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// ErrManyOrphans is returned by [Store.RemoveOrphans] where so much would be
// removed that the list of what is wanted must be wrong.
var ErrManyOrphans = errors.New("audio store: most files belong to no recording: is this the right database?")

// fewOrphans are removed without a doubt: what crashes leave behind.
const fewOrphans = 100

// Sweep removes the temporary files that a crash left behind, returns how many they
// were, and clears the cache. Call it at start, before anything is written.
func (s *Store) Sweep() (removed int, err error) {
	dir := filepath.Join(s.dir, tempDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("audio store: sweep: %w", err)
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return removed, fmt.Errorf("audio store: sweep: %w", err)
		}
		removed++
	}
	return removed, s.clearCache()
}

// RemoveOrphans removes the files that wanted says nobody has: what is left where
// a crash came between a file and its note in the database. It may run beside
// writers: it claims a name before it asks a second time and removes the file. It
// removes nothing and returns ErrManyOrphans where more than 100 files and more
// than half of all are wanted by nobody.
func (s *Store) RemoveOrphans(ctx context.Context, wanted func(name string) (bool, error)) (removed int, err error) {
	var orphans []string
	var files int
	for name, err := range s.Names() {
		if err != nil {
			return 0, err
		}
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		files++
		ok, err := wanted(name)
		if err != nil {
			return 0, err
		}
		if !ok {
			orphans = append(orphans, name)
		}
	}
	if len(orphans) > fewOrphans && len(orphans) > files/2 {
		return 0, ErrManyOrphans
	}
	for _, name := range orphans {
		gone, err := s.removeOrphan(name, wanted)
		if err != nil {
			return removed, err
		}
		if gone {
			removed++
		}
	}
	return removed, nil
}

func (s *Store) removeOrphan(name string, wanted func(string) (bool, error)) (removed bool, err error) {
	release, ok := s.Claim(name)
	if !ok {
		return false, nil // it is being written
	}
	defer release()
	if ok, err := wanted(name); ok || err != nil {
		return false, err
	}
	return true, s.Delete(name)
}

// Names yields the names of all files, in no order, to find those that no call
// has. It stops at the first error, which it yields.
func (s *Store) Names() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		shards, err := os.ReadDir(s.dir)
		if err != nil {
			yield("", fmt.Errorf("audio store: %w", err))
			return
		}
		for _, shard := range shards {
			if len(shard.Name()) == 2 && shard.IsDir() && !s.namesIn(shard.Name(), yield) {
				return
			}
		}
	}
}

func (s *Store) namesIn(shard string, yield func(string, error) bool) bool {
	entries, err := os.ReadDir(filepath.Join(s.dir, shard))
	if err != nil {
		yield("", fmt.Errorf("audio store: %w", err))
		return false
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), suffix)
		if ok && names.MatchString(name) && !yield(name, nil) {
			return false
		}
	}
	return true
}
