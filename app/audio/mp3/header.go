// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "encoding/binary"

// A header is the first four bytes of a frame.
type header uint32

const headerSize = 4

func readHeader(b []byte) header { return header(binary.BigEndian.Uint32(b)) }

// FrameSize returns the length in bytes of the layer III frame that head begins
// with, or 0 if it begins with none. Frames of free bit rate count as none.
func FrameSize(head []byte) int {
	if len(head) < headerSize || !readHeader(head).valid() {
		return 0
	}
	return readHeader(head).size()
}

// valid reports whether h is a header of layer III, with a bit rate.
func (h header) valid() bool {
	bitrate := h >> 12 & 15
	return h>>21 == 0x7FF && h>>19&3 != 1 && h>>17&3 == 1 && bitrate != 0 && bitrate != 15 && h>>10&3 != 3
}

// alike reports whether frames with these headers can belong to one stream.
func (h header) alike(other header) bool {
	return h.valid() && h>>19&3 == other>>19&3 && h>>10&3 == other>>10&3 && h.channels() == other.channels()
}

func (h header) mpeg1() bool { return h>>19&3 == 3 }

// family is 0 for MPEG 1, 1 for MPEG 2 and 2 for MPEG 2.5, which halve the rates
// of the one before.
func (h header) family() int { return [4]int{2, 1, 1, 0}[h>>19&3] }

func (h header) rate() int { return [4]int{44100, 48000, 32000, 1}[h>>10&3] >> h.family() }

// size is the length of the frame in bytes.
func (h header) size() int {
	padding := int(h >> 9 & 1)
	if h.mpeg1() {
		kbit := [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[h>>12&15]
		return 144_000*kbit/h.rate() + padding
	}
	kbit := [16]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[h>>12&15]
	return 72_000*kbit/h.rate() + padding
}

func (h header) channels() int {
	if h>>6&3 == 3 {
		return 1
	}
	return 2
}

// midSide and intensity are the ways in which two channels share their data.
func (h header) midSide() bool   { return h>>6&3 == 1 && h>>5&1 == 1 }
func (h header) intensity() bool { return h>>6&3 == 1 && h>>4&1 == 1 }

// protected reports whether a checksum of two bytes follows the header. It is not
// looked at: programs are known to write it wrong.
func (h header) protected() bool { return h>>16&1 == 0 }

// granules are the parts of a frame, of 576 samples a channel each.
func (h header) granules() int {
	if h.mpeg1() {
		return 2
	}
	return 1
}

// sideSize is the length of the side information in bytes.
func (h header) sideSize() int {
	switch {
	case h.mpeg1() && h.channels() == 2:
		return 32
	case h.mpeg1() || h.channels() == 2:
		return 17
	}
	return 9
}
