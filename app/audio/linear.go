package audio

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// A linear source decodes codecs in which every sample has the same number of
// bytes and stands alone.
type linear struct {
	in       io.Reader
	block    int // bytes of a frame
	width    int // bytes of a sample
	channels int // that are kept of a frame
	convert  func(dst []int16, src []byte)
	raw      []byte // whole frames
}

func (l *linear) read(p []int16) (int, error) {
	frames := min(len(p)/l.channels, len(l.raw)/l.block)
	got, err := io.ReadFull(l.in, l.raw[:frames*l.block])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	frames = got / l.block // a last part of a frame is dropped
	raw := l.raw[:frames*l.block]
	if kept := l.channels * l.width; kept < l.block {
		raw = l.narrow(frames, kept)
	}
	p = p[:frames*l.channels]
	l.convert(p, raw)
	return len(p), err
}

// narrow moves the channels that are kept together.
func (l *linear) narrow(frames, kept int) []byte {
	for i := range frames {
		copy(l.raw[i*kept:(i+1)*kept], l.raw[i*l.block:])
	}
	return l.raw[:frames*kept]
}

// codec returns the name, the bytes of a sample and the conversion of a codec that
// is linear; no conversion for one that is not or is not known.
func (f wavFormat) codec() (name string, width int, convert func([]int16, []byte)) {
	switch f.tag {
	case tagPCM:
		width = f.pcmWidth()
		return "pcm", width, pcmConvert(width)
	case tagALaw:
		return "alaw", 1, table(aLaw())
	case tagULaw:
		return "ulaw", 1, table(uLaw())
	case tagFloat:
		switch f.bits {
		case 32:
			return "float", 4, fromFloat32
		case 64:
			return "float64", 8, fromFloat64
		}
	}
	return "", 0, nil
}

// pcmWidth is the bytes of a PCM sample: those it takes up where that is more than
// its bits need (20 bits in three bytes, 24 in four), since they are aligned to
// the most significant bit.
func (f wavFormat) pcmWidth() int {
	width := (f.bits + 7) / 8
	if f.block%f.channels == 0 && f.block/f.channels <= 4 {
		width = max(width, f.block/f.channels)
	}
	return width
}

func pcmConvert(width int) func([]int16, []byte) {
	switch width {
	case 1: // the only width without a sign
		return func(dst []int16, src []byte) {
			for i, b := range src[:len(dst)] {
				dst[i] = (int16(b) - 128) << 8
			}
		}
	case 2:
		return func(dst []int16, src []byte) {
			for i := range dst {
				dst[i] = int16(binary.LittleEndian.Uint16(src[2*i:]))
			}
		}
	case 3, 4:
		return func(dst []int16, src []byte) {
			for i, at := 0, width-2; i < len(dst); i, at = i+1, at+width {
				dst[i] = int16(binary.LittleEndian.Uint16(src[at:]))
			}
		}
	}
	return nil
}

func fromFloat32(dst []int16, src []byte) {
	for i := range dst {
		dst[i] = fromFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))))
	}
}

func fromFloat64(dst []int16, src []byte) {
	for i := range dst {
		dst[i] = fromFloat(math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:])))
	}
}

func fromFloat(v float64) int16 {
	if v != v { // not a number
		return 0
	}
	return int16(max(-32768, min(32767, math.RoundToEven(v*32768))))
}

func table(samples *[256]int16) func([]int16, []byte) {
	return func(dst []int16, src []byte) {
		for i, b := range src[:len(dst)] {
			dst[i] = samples[b]
		}
	}
}

// aLaw expands ITU-T G.711 A-law, of 13 bits, to 16.
func aLaw() *[256]int16 {
	var t [256]int16
	for i := range t {
		b := byte(i) ^ 0x55
		v := int16(b&0x0F)<<4 + 8
		if exponent := b >> 4 & 7; exponent > 0 {
			v = (v + 0x100) << (exponent - 1)
		}
		if b&0x80 == 0 {
			v = -v
		}
		t[i] = v
	}
	return &t
}

// uLaw expands ITU-T G.711 µ-law, of 14 bits, to 16.
func uLaw() *[256]int16 {
	var t [256]int16
	for i := range t {
		b := ^byte(i)
		v := (int16(b&0x0F)<<3+0x84)<<(b>>4&7) - 0x84
		if b&0x80 != 0 {
			v = -v
		}
		t[i] = v
	}
	return &t
}
