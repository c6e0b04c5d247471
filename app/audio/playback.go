package audio

import (
	"fmt"
	"io"
	"sync"
)

// A Playback is a sound file as a WAV file of 16-bit PCM, for browsers that cannot
// play the original, readable from any offset. Reading on from where the last read
// ended costs the decoding of that part; going back decodes from the beginning,
// which for an hour of GSM takes about half a second. It may be used concurrently.
type Playback struct {
	src    io.ReaderAt
	length int64 // of src, bytes
	frames int64
	size   int64

	mu  sync.Mutex
	wav *WAV
	at  int64 // bytes that wav has given
}

// NewPlayback returns the sound of the file in src, of the given length in bytes,
// in which [Measure] counted so many frames. It does not close src.
func NewPlayback(src io.ReaderAt, length, frames int64) (*Playback, error) {
	p := &Playback{src: src, length: length, frames: frames}
	if err := p.rewind(); err != nil {
		return nil, err
	}
	p.size = p.wav.Size()
	return p, nil
}

// Size is the length of the WAV file in bytes.
func (p *Playback) Size() int64 { return p.size }

// ReadAt implements io.ReaderAt.
func (p *Playback) ReadAt(b []byte, off int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if off < 0 {
		return 0, fmt.Errorf("audio: playback: offset %d", off)
	}
	if off >= p.size {
		return 0, io.EOF
	}
	if off < p.at {
		if err := p.rewind(); err != nil {
			return 0, err
		}
	}
	skipped, err := io.CopyN(io.Discard, p.wav, off-p.at)
	p.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(p.wav, b[:min(int64(len(b)), p.size-off)])
	p.at += int64(n)
	if err == nil && n < len(b) {
		err = io.EOF
	}
	return n, err
}

func (p *Playback) rewind() error {
	d, err := NewDecoder(io.NewSectionReader(p.src, 0, p.length))
	if err != nil {
		return err
	}
	p.wav, p.at = NewWAV(d, p.frames), 0
	return nil
}
