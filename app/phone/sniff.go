package phone

import "bytes"

// SniffLen is how many of a file's first bytes [Sniff] looks at.
const SniffLen = 12

// Sniff tells a sound file by its first bytes and returns its content type. Phone
// systems answer with a login page or an error in JSON where a recording should
// be, and name any of them audio.
func Sniff(head []byte) (contentType string, ok bool) {
	switch {
	case len(head) >= 12 && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:12]) == "WAVE":
		return "audio/wav", true
	case bytes.HasPrefix(head, []byte("OggS")):
		return "audio/ogg", true
	case bytes.HasPrefix(head, []byte("fLaC")):
		return "audio/flac", true
	case len(head) >= 8 && string(head[4:8]) == "ftyp":
		return "audio/mp4", true
	case bytes.HasPrefix(head, []byte("ID3")), mpegFrame(head):
		return "audio/mpeg", true
	}
	return "", false
}

// mpegFrame reports whether head begins with the header of an MPEG layer III
// frame. The sync word alone is too weak a sign: UTF-16 text begins with 0xFF 0xFE.
func mpegFrame(head []byte) bool {
	return len(head) >= 4 && head[0] == 0xFF && head[1]&0xE0 == 0xE0 &&
		head[1]>>3&3 != 1 && // version 1 is reserved
		head[1]>>1&3 == 1 && // layer III
		head[2]>>4 != 0xF && head[2]>>2&3 != 3 // bit rate and sample rate are valid
}
