// Package audio reads the sound files of calls, says what is in them without any
// AI, cuts them for transcription and keeps them encrypted.
//
// A [Decoder] turns a file into 16-bit samples while it is read, in constant
// memory, so that a call of hours costs no more than one of seconds. [Measure]
// makes the waveform and finds who speaks when in one pass over it. [Plan] says
// which stretches of a channel are worth transcribing and [Cut] gives one of them
// as a WAV file. A [Store] holds the original bytes, age-encrypted from the first
// byte on: sound never lies readable on the disk, not even in a temporary file.
//
// Files come from strangers. Whatever is in them, nothing here panics, waits or
// grows beyond stated bounds: a file is decoded, or refused with one of the
// errors below.
//
// WAV, MP3 and Ogg Opus are decoded here. Other kinds are for ffmpeg, if the machine
// has it when the Store is opened; without it they are kept all the same, and told
// by [ErrUnsupported]. What browsers do not play they get decoded, from a cache that
// is encrypted as well.
//
// The package knows neither phone systems nor the database, and it does not
// transcode: what is stored is byte for byte what came.
package audio

import (
	"errors"
	"io"
	"time"
)

// Bounds of what is decoded, whatever a file's header says.
const (
	MaxDuration = 6 * time.Hour
	MaxDecoded  = 2 << 30 // bytes of 16-bit samples
)

var (
	// ErrNotAudio is returned for a file that is no sound file at all.
	ErrNotAudio = errors.New("audio: not a sound file")

	// ErrUnsupported is returned for a sound file of a kind that cannot be
	// decoded here.
	ErrUnsupported = errors.New("audio: unsupported kind of sound file")

	// ErrUnreadable is returned for a sound file that is broken or empty.
	ErrUnreadable = errors.New("audio: unreadable sound file")

	// ErrTruncated is returned at the end of a file that is shorter than its
	// header says. What came before it was decoded.
	ErrTruncated = errors.New("audio: sound file is cut off")

	// ErrTooLong is returned once more than MaxDuration or MaxDecoded was decoded.
	ErrTooLong = errors.New("audio: sound file is too long")
)

// Info is what a file's header says.
type Info struct {
	Format   Format
	Codec    string // "pcm", "float", "float64", "alaw", "ulaw", "gsm", "mp3" or "opus"; of what ffmpeg decoded, the format's name
	Rate     int    // frames a second
	Channels int    // that are decoded: 1 or 2; of more, the first two
	Frames   int64  // in the whole file, or -1 where the header does not say
}

// A source decodes the samples of one file. read fills p, whose length is a
// multiple of the channels, with whole interleaved frames, as many as it likes
// but at least one unless it returns an error. Like io.Reader it may return both.
type source interface {
	read(p []int16) (n int, err error)
}

// A Decoder reads the samples of a sound file. It is for one goroutine.
type Decoder struct {
	info  Info
	src   source
	left  int64 // frames until the file is too long
	err   error // what to return once src is exhausted
	spare []int16
}

// NewDecoder reads the header of a file. The error wraps [ErrNotAudio],
// [ErrUnsupported], [ErrUnreadable] or what r returned. It reads ahead of what is
// asked for; it never closes r.
func NewDecoder(r io.Reader) (*Decoder, error) {
	info, src, err := open(r)
	if err != nil {
		return nil, err
	}
	limit := min(int64(MaxDuration/time.Second)*int64(info.Rate), MaxDecoded/int64(2*info.Channels))
	return &Decoder{info: info, src: src, left: limit}, nil
}

// Info returns what the header says.
func (d *Decoder) Info() Info { return d.info }

// Read fills p with interleaved samples and returns how many. It gives whole
// frames only, so p must have room for at least one. The error is io.EOF at the
// end of the sound, else it wraps [ErrTruncated], [ErrTooLong], [ErrUnreadable]
// or what the reader returned; like io.EOF it comes after the last samples,
// alone.
func (d *Decoder) Read(p []int16) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	whole := len(p) / d.info.Channels * d.info.Channels
	if whole == 0 {
		return 0, io.ErrShortBuffer
	}
	n, err := d.src.read(p[:whole])
	d.err = err
	if d.left -= int64(n / d.info.Channels); d.left < 0 {
		d.err = ErrTooLong
		return 0, d.err
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

// Skip passes over n frames. It decodes them: some codecs cannot do without.
func (d *Decoder) Skip(n int64) error {
	if d.spare == nil {
		d.spare = make([]int16, 8192)
	}
	channels := int64(d.info.Channels)
	for n > 0 {
		want := min(n*channels, int64(len(d.spare)))
		got, err := d.Read(d.spare[:want])
		if err != nil {
			return err
		}
		n -= int64(got) / channels
	}
	return nil
}
