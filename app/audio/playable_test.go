package audio_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

func TestPlayable(t *testing.T) {
	is := is.New(t)
	for _, codec := range []string{"pcm", "mp3"} {
		is.True(audio.Playable(codec)) // every browser plays it as it is
	}
	for _, codec := range []string{"gsm", "alaw", "ulaw", "opus", "float", "flac", ""} {
		is.True(!audio.Playable(codec)) // some browser does not
	}
}

// keepSound stores a file under a name and returns how many frames it has.
func keepSound(t testing.TB, s *audio.Store, name string, file []byte) int64 {
	t.Helper()
	p := written(t, s, file)
	stats, err := p.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(name); err != nil {
		t.Fatal(err)
	}
	return stats.Frames
}

// playable is the whole file that a browser gets.
func playable(t testing.TB, s *audio.Store, name string, frames int64) []byte {
	t.Helper()
	f, err := s.OpenPlayable(t.Context(), name, frames)
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

func TestOpenPlayable(t *testing.T) {
	for _, name := range []string{"speech-gsm.wav", "mono-silk.opus", "stereo-celt.opus", "22050-mono.mp3"} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			dir := t.TempDir()
			s := openStore(t, dir)
			file := fixture(t, name)
			frames := keepSound(t, s, someName, file)
			wav := playable(t, s, someName, frames)
			_, want, err := decode(t, file)
			is.NoErr(err)
			info, got, err := decode(t, wav)
			is.NoErr(err)
			is.Equal(info.Codec, "pcm") // every browser plays that
			is.Equal(info.Frames, frames)
			is.Equal(got, want)                             // and it is the sound of the original
			is.Equal(playable(t, s, someName, frames), wav) // again and again
			is.Equal(contents(t, s, someName), file)        // which stays as it came
			for path, b := range files(t, dir) {
				is.True(!bytes.Contains(b, wav[60:100])) // nothing lies readable on the disk
				is.True(filepath.Ext(path) == ".age")
			}
		})
	}
}

// TestDecodedOnce has many ask for the same call at once.
func TestDecodedOnce(t *testing.T) {
	is := is.New(t)
	out := fakeFFmpeg(t, `echo x >>"$OUT/runs"; cat >/dev/null; cat "$OUT/sound.wav"`)
	s := openStore(t, t.TempDir())
	keepSound(t, s, someName, []byte("fLaC"))
	keepSound(t, s, otherName, []byte("fLaC"))
	is.NoErr(os.Remove(filepath.Join(out, "runs"))) // measuring ran it as well
	var wg sync.WaitGroup
	sizes := make([]int64, 20)
	for i := range sizes {
		wg.Go(func() {
			f, err := s.OpenPlayable(t.Context(), []string{someName, otherName}[i%2], 4000)
			if err != nil {
				t.Error(err)
				return
			}
			sizes[i] = f.Size()
			f.Close()
		})
	}
	wg.Wait()
	for _, n := range sizes {
		is.Equal(n, int64(44+8000)) // everybody gets the whole
	}
	runs, err := os.ReadFile(filepath.Join(out, "runs"))
	is.NoErr(err)
	is.Equal(string(runs), "x\nx\n") // each was decoded once
}

// TestWhoWaitsTakesOver ends the request that decodes.
func TestWhoWaitsTakesOver(t *testing.T) {
	is := is.New(t)
	out := fakeFFmpeg(t, `[ -e "$OUT/first" ] && { cat >/dev/null; cat "$OUT/sound.wav"; exit; }; : >"$OUT/first"; mkfifo "$OUT/never"; cat "$OUT/never"`)
	s := openStore(t, t.TempDir())
	_, err := s.Put(t.Context(), someName, bytes.NewReader([]byte("fLaC")), 100)
	is.NoErr(err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.OpenPlayable(ctx, someName, 4000); !errors.Is(err, context.Canceled) {
			t.Errorf("the first request: %v", err)
		}
	})
	for { // until the first one decodes
		if _, err := os.Stat(filepath.Join(out, "never")); err == nil {
			break
		}
	}
	wg.Go(func() {
		f, err := s.OpenPlayable(t.Context(), someName, 4000)
		if err != nil {
			t.Errorf("the second request: %v", err)
			return
		}
		f.Close()
	})
	cancel()
	wg.Wait()
}

func TestCacheIsBounded(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	file := gsm(randomBlocks(10), -1)
	frames := keepSound(t, s, someName, file)
	one := int64(len(playable(t, s, someName, frames)))
	s.LimitCache(one * 2)
	third := "0198c0de-3333-7000-8000-0000000000ef"
	keepSound(t, s, otherName, file)
	keepSound(t, s, third, file)
	cached := func() (names []string) {
		for path := range files(t, filepath.Join(dir, "cache")) {
			names = append(names, filepath.Base(path)[:36])
		}
		return names
	}
	playable(t, s, otherName, frames)
	is.Equal(len(cached()), 2)
	open, err := s.OpenPlayable(t.Context(), otherName, frames)
	is.NoErr(err)
	playable(t, s, someName, frames)
	playable(t, s, third, frames)
	is.Equal(len(cached()), 2) // the bound holds
	for _, name := range cached() {
		is.True(name != otherName) // what was not used for the longest time is gone
	}
	b, err := io.ReadAll(open.Reader())
	is.NoErr(err) // who listens to it listens on
	is.Equal(int64(len(b)), one)
	open.Close()
	is.Equal(int64(len(playable(t, s, otherName, frames))), one) // and it comes back when it is wanted

	s.LimitCache(1)
	is.Equal(int64(len(playable(t, s, someName, frames))), one) // what is larger than the bound is kept alone
	is.Equal(cached(), []string{someName})
}

func TestCacheForgetsWithTheOriginal(t *testing.T) {
	is := is.New(t)
	dir := t.TempDir()
	s := openStore(t, dir)
	cached := func() int { return len(files(t, filepath.Join(dir, "cache"))) }
	frames := keepSound(t, s, someName, gsm(randomBlocks(10), -1))
	first := playable(t, s, someName, frames)
	is.Equal(cached(), 1)
	is.NoErr(s.Delete(someName))
	is.Equal(cached(), 0) // no sound of a deleted call stays
	_, err := s.OpenPlayable(t.Context(), someName, frames)
	is.True(errors.Is(err, fs.ErrNotExist))

	keepSound(t, s, someName, gsm(randomBlocks(10), -1))
	playable(t, s, someName, frames)
	is.NoErr(os.RemoveAll(filepath.Join(dir, "cache")))
	playable(t, s, someName, frames) // a cache that somebody emptied is filled again
	keepSound(t, s, someName, pcm16(8000, 1, repeat(9, int(frames))))
	is.True(!bytes.Equal(playable(t, s, someName, frames), first)) // a new file's sound is its own

	is.Equal(cached(), 1)
	_, err = s.Sweep()
	is.NoErr(err)
	is.Equal(cached(), 0) // the cache begins anew with the appliance
	for name := range s.Names() {
		is.Equal(name, someName) // and is no part of what is kept
	}
}

// TestDeletedWhileItIsDecoded deletes a call that is being decoded.
func TestDeletedWhileItIsDecoded(t *testing.T) {
	is := is.New(t)
	out := fakeFFmpeg(t, `mkfifo "$OUT/go"; cat "$OUT/go"; cat >/dev/null; cat "$OUT/sound.wav"`)
	dir := t.TempDir()
	s := openStore(t, dir)
	_, err := s.Put(t.Context(), someName, bytes.NewReader([]byte("fLaC")), 100)
	is.NoErr(err)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.OpenPlayable(t.Context(), someName, 4000); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a deleted call: %v", err)
		}
	})
	for {
		if _, err := os.Stat(filepath.Join(out, "go")); err == nil {
			break
		}
	}
	is.NoErr(s.Delete(someName))
	is.NoErr(os.WriteFile(filepath.Join(out, "go"), nil, 0))
	wg.Wait()
	is.Equal(len(files(t, dir)), 0) // nothing of it is left
}
