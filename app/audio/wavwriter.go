package audio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A WAV is a file of 16-bit PCM that is made while it is read, from what a
// [Decoder] gives. It is for one goroutine and keeps nothing but a small buffer.
type WAV struct {
	d       *Decoder
	channel int   // the one that is taken, or -1 for all
	parts   []cut // still to be written
	at      int64 // frames that d has given
	size    int64
	out     []byte // made, not yet read
	buf     []byte // that out is a part of
	pcm     []int16
	err     error
}

// A cut is a stretch of a sound, in frames.
type cut struct{ from, to int64 }

const wavHead = 44 // bytes before the samples

// NewWAV returns the whole sound of d, which must be unread, as a WAV file with
// the same rate and channels. frames is how many there are, as [Measure] counted
// them.
func NewWAV(d *Decoder, frames int64) *WAV {
	return newWAV(d, -1, []cut{{0, frames}})
}

// WritePCM16WAV writes the sound of d as [NewWAV] gives it.
func WritePCM16WAV(w io.Writer, d *Decoder, frames int64) error {
	_, err := io.Copy(w, NewWAV(d, frames))
	return err
}

func newWAV(d *Decoder, channel int, parts []cut) *WAV {
	channels := d.info.Channels
	if channel >= 0 {
		channels = 1
	}
	var frames int64
	for _, p := range parts {
		frames += p.to - p.from
	}
	w := &WAV{d: d, channel: channel, parts: parts, buf: make([]byte, 16<<10)}
	w.pcm = make([]int16, len(w.buf)/2/channels*d.info.Channels)
	w.size = wavHead + frames*int64(2*channels)
	w.out = w.head(channels)
	return w
}

// Size is how many bytes Read gives in all.
func (w *WAV) Size() int64 { return w.size }

// Read implements io.Reader. Where the sound ends before it should, the error
// wraps io.ErrUnexpectedEOF.
func (w *WAV) Read(p []byte) (int, error) {
	for len(w.out) == 0 && w.err == nil {
		w.err = w.fill()
	}
	n := copy(p, w.out)
	w.out = w.out[n:]
	if n == 0 && len(p) > 0 {
		return 0, w.err
	}
	return n, nil
}

// fill makes the next bytes.
func (w *WAV) fill() error {
	for len(w.parts) > 0 && w.parts[0].from == w.parts[0].to {
		w.parts = w.parts[1:]
	}
	if len(w.parts) == 0 {
		return io.EOF
	}
	part := &w.parts[0]
	err := w.d.Skip(part.from - w.at)
	w.at = max(w.at, part.from)
	if err != nil {
		return short(err)
	}
	channels := int64(w.d.info.Channels)
	n, err := w.d.Read(w.pcm[:min(int64(len(w.pcm)), (part.to-part.from)*channels)])
	if err != nil {
		return short(err)
	}
	w.at += int64(n) / channels
	part.from = w.at
	w.encode(w.pcm[:n])
	return nil
}

func short(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("audio: cut: %w", err)
}

func (w *WAV) encode(pcm []int16) {
	first, step := 0, 1
	if w.channel >= 0 {
		first, step = w.channel, w.d.info.Channels
	}
	out := w.buf[:0]
	for i := first; i < len(pcm); i += step {
		out = binary.LittleEndian.AppendUint16(out, uint16(pcm[i]))
	}
	w.out = out
}

func (w *WAV) head(channels int) []byte {
	le := binary.LittleEndian
	rate, block := uint32(w.d.info.Rate), uint32(2*channels)
	b := append(make([]byte, 0, wavHead), "RIFF"...)
	b = le.AppendUint32(b, uint32(w.size-8))
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, tagPCM)
	b = le.AppendUint16(b, uint16(channels))
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*block)
	b = le.AppendUint16(b, uint16(block))
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	return le.AppendUint32(b, uint32(w.size-wavHead))
}
