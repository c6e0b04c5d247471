package audio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"crk/app"
)

// Playable reports whether every browser plays a codec as it is stored. Safari
// plays neither G.711 nor Opus in Ogg, and none plays GSM: for those there is
// [Store.OpenPlayable].
func Playable(codec string) bool { return codec == "pcm" || codec == "mp3" }

// light reports whether a codec costs nearly nothing to decode, so that it may be
// decoded again for each piece of a call.
func light(codec string) bool {
	switch codec {
	case "pcm", "float", "float64", "alaw", "ulaw", "gsm":
		return true
	}
	return false
}

// Measure is [Measure] of a file that was written, also where it has to be decoded
// by ffmpeg. The error wraps [ErrUnsupported] where it cannot be decoded on this
// machine.
func (p *Pending) Measure(ctx context.Context) (app.AudioStats, error) {
	f, err := p.Open()
	if err != nil {
		return app.AudioStats{}, err
	}
	defer f.Close()
	return p.store.measure(ctx, f)
}

// Measure is [Measure] of a stored file, as [Pending.Measure].
func (s *Store) Measure(ctx context.Context, name string) (app.AudioStats, error) {
	f, err := s.Open(name)
	if err != nil {
		return app.AudioStats{}, err
	}
	defer f.Close()
	return s.measure(ctx, f)
}

func (s *Store) measure(ctx context.Context, f *File) (app.AudioStats, error) {
	d, done, err := s.decoder(ctx, f)
	if err != nil {
		return app.AudioStats{}, err
	}
	defer done.Close()
	return Measure(ctx, d)
}

// decoder opens the sound of a file, by ffmpeg where need be. What it returns is
// to be closed.
func (s *Store) decoder(ctx context.Context, f *File) (*Decoder, io.Closer, error) {
	d, err := NewDecoder(f.Reader())
	if err == nil {
		return d, io.NopCloser(nil), nil
	}
	if !errors.Is(err, ErrUnsupported) || s.converter == nil {
		return nil, nil, err
	}
	head := make([]byte, min(HeadSize, f.Size()))
	if _, err := io.ReadFull(f.Reader(), head); err != nil {
		return nil, nil, fmt.Errorf("audio: read: %w", err)
	}
	return s.converter.open(ctx, f, head)
}

// OpenSound opens a stored file, of which stats tell, for [NewDecoder]: as it is,
// or decoded where that is dear or is for ffmpeg.
func (s *Store) OpenSound(ctx context.Context, name string, stats app.AudioStats) (*File, error) {
	if light(stats.Codec) {
		return s.Open(name)
	}
	return s.OpenPlayable(ctx, name, stats.Frames)
}

// OpenPlayable opens the sound of a stored file, in which [Measure] counted so many
// frames, as a WAV file of 16-bit PCM. It is decoded once, also where many ask at
// the same time, and kept, encrypted as the original is, until its room is wanted
// for others, the original is deleted or the appliance starts again. The error
// wraps [fs.ErrNotExist] where there is no original.
func (s *Store) OpenPlayable(ctx context.Context, name string, frames int64) (*File, error) {
	if !names.MatchString(name) {
		return nil, badName()
	}
	return s.cache.open(ctx, name, func(ctx context.Context) (*Pending, error) {
		return s.decodeWhole(ctx, name, frames)
	})
}

// decodeWhole writes the decoded sound of a file into the cache's folder.
func (s *Store) decodeWhole(ctx context.Context, name string, frames int64) (*Pending, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, done, err := s.decoder(ctx, f)
	if err != nil {
		return nil, err
	}
	defer done.Close()
	if err := s.cache.files.makeDirs(); err != nil { // somebody may have emptied the folder
		return nil, err
	}
	wav := NewWAV(d, frames)
	return s.cache.files.Write(ctx, wav, wav.Size())
}

// forget removes what was decoded of a file that is replaced or deleted.
func (s *Store) forget(name string) error {
	if s.cache == nil { // this is the store of a cache
		return nil
	}
	return s.cache.remove(name)
}

// clearCache removes all that was decoded.
func (s *Store) clearCache() error {
	if err := os.RemoveAll(s.cache.files.dir); err != nil {
		return fmt.Errorf("audio store: clear the cache: %w", err)
	}
	return s.cache.files.makeDirs()
}
