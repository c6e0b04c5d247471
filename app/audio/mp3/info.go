package mp3

import "encoding/binary"

// Samples by which a decoder is late: those of the transforms.
const decoderDelay = 528 + 1

// An info is what the first frame of a file says of the whole where it is no sound
// but a tag: "Xing" or "Info", with the encoder's own part as LAME writes it, or
// Fraunhofer's "VBRI".
type info struct {
	frames int64 // that follow; 0 where it is not said
	before int   // samples of each channel that are not of the sound
	after  int
}

// readInfo reads the tag. ok is false for a frame of sound.
func readInfo(h header, frame []byte) (i info, ok bool) {
	if at := headerSize + 32; len(frame) >= at+18 && string(frame[at:at+4]) == "VBRI" {
		return info{frames: int64(binary.BigEndian.Uint32(frame[at+14:]))}, true
	}
	at := headerSize + h.sideSize()
	if h.protected() && !isXing(frame, at) { // encoders do not agree whether the checksum counts
		at += 2
	}
	if !isXing(frame, at) {
		return i, false
	}
	flags := frame[at+7]
	at += 8
	if flags&1 != 0 && len(frame) >= at+4 {
		i.frames = int64(binary.BigEndian.Uint32(frame[at:]))
	}
	for bit, size := range []int{4, 4, 100, 4} { // frames, bytes, table of contents, quality
		if flags>>bit&1 == 1 {
			at += size
		}
	}
	i.readEncoder(frame[min(at, len(frame)):])
	return i, true
}

func isXing(frame []byte, at int) bool {
	return len(frame) >= at+8 && (string(frame[at:at+4]) == "Xing" || string(frame[at:at+4]) == "Info")
}

// readEncoder reads how much silence the encoder put before and after the sound:
// two numbers of 12 bits, after its name and ten other things.
func (i *info) readEncoder(tag []byte) {
	if len(tag) < 24 || tag[0] < 'A' || tag[0] > 'z' {
		return
	}
	delay, padding := int(tag[21])<<4|int(tag[22])>>4, int(tag[22]&15)<<8|int(tag[23])
	i.before = delay + decoderDelay
	i.after = max(0, padding-decoderDelay)
}

// samples is how many samples of each channel the tag says there are, or -1.
func (i *info) samples(h header) int64 {
	if i.frames == 0 {
		return -1
	}
	return max(0, i.frames*int64(h.granules()*granuleSize)-int64(i.before+i.after))
}
