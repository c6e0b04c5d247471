// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

// Package mp3 decodes MPEG audio layer III: MPEG 1, 2 and 2.5, 8 to 48 kHz, one
// and two channels, constant and variable bit rate.
//
// A [Decoder] reads its file while it decodes, a frame at a time, in constant
// memory. It promises to end, without a panic and without an error of its own,
// whatever the file holds: tags, garbage between the frames and a frame that is cut
// off at the end are passed over, and what of a frame is damaged is silent. Silence
// that an encoder adds before and after the sound is taken away where the file says
// how much it is.
//
// It does not decode layers I and II, nor streams of free bit rate.
//
// The package is made of github.com/hajimehoshi/go-mp3 v0.3.4 (Apache-2.0, see
// LICENSE), which follows PDMP3. Of it are the tables of the Huffman codes and of
// the synthesis window, and the order of the steps. Changed for CRK: MPEG 2.5; the
// padding of MPEG 2; the positions of intensity stereo, which are those of the
// right channel; mixed blocks below 32 kHz; one channel stays one; frames that
// begin in data which is not there; no global state, no allocation for each
// frame, and transforms that take a quarter of the time. Left out: seeking.
package mp3

import (
	"bufio"
	"errors"
	"io"
)

// ErrNoFrame is returned by [NewDecoder] for a file that holds no frame.
var ErrNoFrame = errors.New("mp3: no frame")

const granuleSize = 576 // samples of a channel

// A Decoder decodes one file. It is for one goroutine.
type Decoder struct {
	stream   stream
	info     info
	layouts  layouts
	huffman  [34]huffmanTable
	powers   [256]float32
	hybrid   *hybrid
	synth    *polyphase
	side     sideInfo
	store    []byte // the data of the frames before, at most maxBack of it, and of this one
	values   [granuleSize]int32
	factors  [2][2]scaleFactors
	lines    [2][granuleSize]float32
	pcm      []int16 // decoded, not yet given
	buf      []int16 // that pcm is a part of
	skip     int     // samples before the sound
	finished bool
}

// NewDecoder reads up to the first frame. The error is [ErrNoFrame] or what r
// returned. r must have a buffer of at least 4 KiB.
func NewDecoder(r *bufio.Reader) (*Decoder, error) {
	d := &Decoder{stream: stream{in: r}}
	h, err := d.stream.first()
	if err != nil {
		return nil, err
	}
	d.layouts, d.huffman = newLayouts(h), huffmanTables()
	d.hybrid, d.synth = newHybrid(), newPolyphase()
	d.powers = powers()
	frame, err := d.stream.next()
	if errors.Is(err, io.EOF) {
		d.finished = true
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	if tag, ok := readInfo(h, frame); ok {
		d.info, d.skip = tag, tag.before*h.channels()
	} else {
		d.frame(h, frame)
	}
	return d, nil
}

// Rate is the number of samples a second.
func (d *Decoder) Rate() int { return d.stream.head.rate() }

// Channels is 1 or 2.
func (d *Decoder) Channels() int { return d.stream.head.channels() }

// Samples is how many samples of each channel the file says it has, or -1.
func (d *Decoder) Samples() int64 { return d.info.samples(d.stream.head) }

// Read fills p, whose length is a multiple of the channels, with interleaved
// samples and returns how many. The error is io.EOF at the end of the file, or
// what the reader returned.
func (d *Decoder) Read(p []int16) (int, error) {
	for {
		held := d.info.after * d.Channels() // may be what the encoder added
		if ready := len(d.pcm) - held; ready > 0 {
			n := copy(p, d.pcm[:ready])
			d.pcm = d.pcm[n:]
			return n, nil
		}
		if d.finished {
			return 0, io.EOF
		}
		frame, err := d.stream.next()
		if errors.Is(err, io.EOF) {
			d.finished = true
			continue
		}
		if err != nil {
			return 0, err
		}
		d.frame(readHeader(frame), frame)
	}
}
