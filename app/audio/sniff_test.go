package audio_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

// mp3 is so many frames of MPEG 2.5 layer III, 8 kHz, 24 kbit/s: 216 bytes each.
func mp3(frames int) []byte {
	frame := append([]byte{0xFF, 0xE3, 0x38, 0xC4}, make([]byte, 212)...)
	return bytes.Repeat(frame, frames)
}

func TestSniff(t *testing.T) {
	for _, tt := range []struct {
		name string
		head []byte
		want string // content type; empty for no sound
	}{
		{"wav", pcm16(8000, 1, nil), "audio/wav"},
		{"wav over 4 GB", []byte("RF64\xff\xff\xff\xffWAVEds64"), "audio/wav"},
		{"mp3 with a tag", []byte("ID3\x03\x00\x00\x00\x00\x10\x00TIT2"), "audio/mpeg"},
		{"mp3 of a telephone system", mp3(2), "audio/mpeg"},
		{"mp3 of one frame", mp3(1), "audio/mpeg"},
		{"mp3 44.1 kHz 128 kbit/s", append(append([]byte{0xFF, 0xFB, 0x90, 0x64}, make([]byte, 413)...), 0xFF, 0xFB, 0x90, 0x64), "audio/mpeg"},
		{"mp3 22.05 kHz padded", append(append([]byte{0xFF, 0xF3, 0x82, 0xC4}, make([]byte, 205)...), 0xFF, 0xF3, 0x82, 0xC4), "audio/mpeg"},
		{"ogg", []byte("OggS\x00\x02"), "audio/ogg"},
		{"flac", []byte("fLaC\x00"), "audio/flac"},
		{"m4a", []byte("\x00\x00\x00\x1cftypM4A \x00"), "audio/mp4"},
		{"webm", []byte("\x1A\x45\xDF\xA3\x9f\x42\x86\x81\x01\x42\x82\x84webm"), "audio/webm"},
		{"amr", []byte("#!AMR\n"), "audio/amr"},
		{"aac", []byte{0xFF, 0xF1, 0x50, 0x80, 0x02, 0x1F, 0xFC}, "audio/aac"},
		{"aiff", []byte("FORM\x00\x00\x00\x00AIFFCOMM"), "audio/aiff"},
		{"au", []byte(".snd\x00\x00\x00\x18"), "audio/basic"},
		{"wma", []byte("\x30\x26\xB2\x75\x8E\x66\xCF\x11"), "audio/x-ms-wma"},

		{"nothing", nil, ""},
		{"text", []byte("hello, world, this is no sound"), ""},
		{"JSON", []byte(`{"error":"no such file"}`), ""},
		{"page", []byte("<!doctype html><html>"), ""},
		{"UTF-16 text", []byte("\xff\xfeh\x00e\x00l\x00l\x00o\x00"), ""},
		{"JPEG", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"), ""},
		{"PNG", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), ""},
		{"PDF", []byte("%PDF-1.7\n"), ""},
		{"zip", []byte("PK\x03\x04"), ""},
		{"picture in the container of m4a", []byte("\x00\x00\x00\x1cftypheic\x00"), ""},
		{"matroska video", []byte("\x1A\x45\xDF\xA3\x9f\x42\x82\x88matroska"), ""},
		{"AVI", []byte("RIFF\x00\x00\x00\x00AVI LIST"), ""},
		{"one mp3 frame header by chance", append([]byte{0xFF, 0xE3, 0x38, 0xC4}, strings.Repeat("no second frame ", 40)...), ""},
		{"mp3 of a reserved rate", []byte{0xFF, 0xFB, 0x9C, 0x64, 0, 0}, ""},
		{"mp3 of a forbidden bit rate", []byte{0xFF, 0xFB, 0xF0, 0x64, 0, 0}, ""},
		{"mp3 of a reserved version", []byte{0xFF, 0xEB, 0x90, 0x64, 0, 0}, ""},
		{"ID3 by chance", []byte("ID3 is a tag of music files"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			format, ok := audio.Sniff(tt.head)
			is.Equal(ok, tt.want != "")           // sound is told from what is none
			is.Equal(format.ContentType, tt.want) // by its content type
			for n := range min(len(tt.head), 64) {
				audio.Sniff(tt.head[:n]) // and no beginning of it makes it panic
			}
		})
	}
}
