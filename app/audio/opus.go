package audio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pion/opus"

	"crk/app/audio/ogg"
)

const (
	opusClock    = 48_000             // of positions in an Ogg file, whatever the sound's rate
	opusLongest  = opusClock / 25 * 3 // samples of a packet: 120 ms
	opusHeadSize = 19
)

// openOgg finds out what an Ogg file holds.
func openOgg(in *bufio.Reader) (Info, source, error) {
	r := ogg.NewReader(in)
	p, err := r.Next()
	if err != nil {
		return Info{}, nil, oggError(err, "holds no packet")
	}
	head, err := readOpusHead(p.Data)
	if err != nil {
		return Info{}, nil, err
	}
	s := &opusSource{in: r, head: head, out: make([]float32, opusLongest*head.channels)}
	if err := s.restart(); err != nil {
		return Info{}, nil, err
	}
	return Info{Codec: "opus", Rate: head.rate, Channels: head.channels, Frames: -1}, s, nil
}

func oggError(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, ogg.ErrBroken) {
		return fmt.Errorf("%w: Ogg: %s", ErrUnreadable, what)
	}
	return fmt.Errorf("audio: read: %w", err)
}

// An opusHead is the first packet of a stream: RFC 7845, 5.1.
type opusHead struct {
	channels int
	rate     int // at which it is decoded
	lead     int // samples before the sound, of opusClock
	gain     float32
}

func readOpusHead(b []byte) (h opusHead, err error) {
	le := binary.LittleEndian
	if len(b) < opusHeadSize || string(b[:8]) != "OpusHead" {
		return h, fmt.Errorf("%w: Ogg without Opus", ErrUnsupported)
	}
	if b[8]>>4 != 0 || b[18] != 0 || b[9] < 1 || b[9] > 2 {
		return h, fmt.Errorf("%w: Opus version %d, mapping %d, %d channels", ErrUnsupported, b[8], b[18], b[9])
	}
	gain := float64(int16(le.Uint16(b[16:]))) / 256 // dB
	return opusHead{
		channels: int(b[9]), rate: opusRate(le.Uint32(b[12:])), lead: int(le.Uint16(b[10:])),
		gain: float32(math.Pow(10, gain/20) * 32768),
	}, nil
}

// opusRate is the rate at which sound is decoded that had the given one before it
// was encoded: the lowest of Opus's that loses nothing of it. For a telephone
// call that is a sixth of the samples.
func opusRate(original uint32) int {
	for _, rate := range []int{8000, 12_000, 16_000, 24_000} {
		if original > 0 && original <= uint32(rate) {
			return rate
		}
	}
	return opusClock
}

// An opusSource decodes Opus in Ogg.
type opusSource struct {
	in      *ogg.Reader
	head    opusHead
	decoder opus.Decoder
	out     []float32
	ready   []float32 // the part of out that is not given yet
	skip    int       // samples of each channel before the sound
	at      int64     // samples so far, of opusClock, with the lead
	page    int64     // of them, those on the first page
	start   int64     // the position of the first sample; -1 while it is not known
	heard   bool      // some packet could be decoded
}

// restart begins a stream.
func (s *opusSource) restart() (err error) {
	s.decoder, err = opus.NewDecoderWithOutput(s.head.rate, s.head.channels)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	s.skip = s.head.lead * s.head.rate / opusClock
	s.at, s.page, s.start = 0, 0, -1
	return nil
}

func (s *opusSource) read(p []int16) (int, error) {
	for len(s.ready) == 0 {
		packet, err := s.in.Next()
		switch {
		case errors.Is(err, io.EOF) && s.heard:
			return 0, io.EOF
		case err != nil:
			return 0, oggError(err, "holds no sound that can be decoded")
		}
		if err := s.take(packet); err != nil {
			return 0, err
		}
	}
	n := min(len(p), len(s.ready))
	for i, v := range s.ready[:n] {
		p[i] = int16(max(-32768, min(32767, math.RoundToEven(float64(v*s.head.gain)))))
	}
	s.ready = s.ready[n:]
	return n, nil
}

// take decodes a packet. One that is damaged is silence.
func (s *opusSource) take(p ogg.Packet) error {
	if p.First {
		return s.chain(p.Data)
	}
	length := opusLength(p.Data)
	if length == 0 || string(p.Data[:min(8, len(p.Data))]) == "OpusTags" {
		return nil
	}
	samples := length * s.head.rate / opusClock
	out := s.out[:samples*s.head.channels]
	if n, err := s.decode(p.Data, out); err != nil || n != samples {
		clear(out)
	} else {
		s.heard = true
	}
	samples = s.trim(p, int64(length), samples)
	skipped := min(s.skip, samples)
	s.skip -= skipped
	s.ready = out[skipped*s.head.channels : samples*s.head.channels]
	return nil
}

// chain begins the next stream of a chained file.
func (s *opusSource) chain(data []byte) error {
	head, err := readOpusHead(data)
	if err != nil {
		return err
	}
	head.rate, head.channels = s.head.rate, s.head.channels // the decoder gives what it is asked for
	s.head = head
	return s.restart()
}

// decode keeps a panic of the decoder, which faces what strangers send, from
// ending more than a packet.
func (s *opusSource) decode(data []byte, out []float32) (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(fmt.Errorf("audio: opus: %v", r), s.decoder.Init(s.head.rate, s.head.channels))
		}
	}()
	return s.decoder.DecodeToFloat32(data, out)
}

// trim counts a packet and returns how many of its samples are of the sound: the
// position of a stream's last page may end within its packets. RFC 7845, 4.4.
func (s *opusSource) trim(p ogg.Packet, length int64, samples int) int {
	before := s.at
	s.at += length
	if s.start < 0 {
		s.page += length
	}
	if s.start < 0 && p.PageEnd { // positions of a stream that was cut out of a longer one do not begin at 0
		s.start = max(0, p.Position-s.page)
	}
	if !p.LastPage || p.Position == ogg.Unknown {
		return samples
	}
	left := p.Position - max(0, s.start) - before
	return int(max(0, min(int64(samples), left*int64(s.head.rate)/opusClock)))
}

// opusLength is the length of a packet in samples of opusClock, or 0 if it is
// none: RFC 6716, 3.1.
func opusLength(p []byte) int {
	if len(p) == 0 {
		return 0
	}
	config := int(p[0] >> 3)
	frame := opusClock / 400 << (config & 3) // 2.5 ms and its doubles
	switch {
	case config < 12:
		frame = [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16:
		frame = 480 << (config & 1)
	}
	count := 2
	switch p[0] & 3 {
	case 0:
		count = 1
	case 3:
		if len(p) < 2 {
			return 0
		}
		count = int(p[1] & 63)
	}
	if frame*count > opusLongest {
		return 0
	}
	return frame * count
}
