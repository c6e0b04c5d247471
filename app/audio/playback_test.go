package audio_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

func TestPlayback(t *testing.T) {
	is := is.New(t)
	file := gsm(randomBlocks(200), -1)
	frames := measure(t, file).Frames
	want := readWAV(t, audio.NewWAV(decoder(t, file), frames))

	p, err := audio.NewPlayback(bytes.NewReader(file), int64(len(file)), frames)
	is.NoErr(err)
	is.Equal(p.Size(), int64(len(want))) // the length is known before anything is read

	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		off := r.Int64N(p.Size())
		b := make([]byte, 1+r.IntN(9000))
		n, err := p.ReadAt(b, off)
		is.True(bytes.Equal(b[:n], want[off:min(off+int64(len(b)), p.Size())])) // any part is as in the whole
		is.Equal(errors.Is(err, io.EOF), n < len(b))                            // short only at the end
	}
	whole, err := io.ReadAll(io.NewSectionReader(p, 0, p.Size()))
	is.NoErr(err)
	is.True(bytes.Equal(whole, want)) // and so is all of it

	_, err = p.ReadAt(make([]byte, 1), p.Size())
	is.True(errors.Is(err, io.EOF)) // nothing is behind the end
	_, err = p.ReadAt(make([]byte, 1), -1)
	is.True(err != nil && !errors.Is(err, io.EOF)) // nor before the beginning
}

func TestPlaybackAtOnce(t *testing.T) {
	is := is.New(t)
	file := gsm(randomBlocks(50), -1)
	frames := measure(t, file).Frames
	want := readWAV(t, audio.NewWAV(decoder(t, file), frames))
	p, err := audio.NewPlayback(bytes.NewReader(file), int64(len(file)), frames)
	is.NoErr(err)
	parts := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			parts[i], _ = io.ReadAll(io.NewSectionReader(p, int64(i)*1000, 1000))
		})
	}
	wg.Wait()
	is.True(bytes.Equal(bytes.Join(parts, nil), want[:8000])) // readers do not disturb each other
}

func TestPlaybackOfABrokenFile(t *testing.T) {
	is := is.New(t)
	_, err := audio.NewPlayback(bytes.NewReader([]byte("no sound")), 8, 1)
	is.True(errors.Is(err, audio.ErrNotAudio)) // said when it is opened
	file := gsm(randomBlocks(2), -1)
	p, err := audio.NewPlayback(bytes.NewReader(file), int64(len(file)), 10_000)
	is.NoErr(err)
	_, err = p.ReadAt(make([]byte, 1), 15_000)
	is.True(errors.Is(err, io.ErrUnexpectedEOF)) // said where the sound ends too early
}
