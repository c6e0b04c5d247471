package audio_test

import (
	"bytes"
	"errors"
	"testing"

	"crk/app/audio"
)

// drain decodes a file, and holds what every decoder promises: one of the errors
// of the package, and no more sound than so many frames for each byte.
func drain(t *testing.T, file []byte, framesPerByte int) {
	d, err := audio.NewDecoder(bytes.NewReader(file))
	frames := 0
	p := make([]int16, 4096)
	for err == nil {
		var n int
		n, err = d.Read(p)
		frames += n / d.Info().Channels
	}
	if frames > (len(file)+64)*framesPerByte {
		t.Fatalf("%d frames of %d bytes", frames, len(file))
	}
	for _, known := range []error{audio.ErrNotAudio, audio.ErrUnreadable, audio.ErrUnsupported, audio.ErrTruncated} {
		if errors.Is(err, known) {
			return
		}
	}
	if err.Error() != "EOF" {
		t.Fatalf("ends with %v", err)
	}
}

// FuzzMP3 has broken frames decoded. A frame of 1152 samples has 24 bytes or more.
func FuzzMP3(f *testing.F) {
	for _, name := range []string{"8000-mono.mp3", "12000-stereo.mp3", "16000-mono-bare.mp3", "22050-mono.mp3", "44100-stereo-vbr.mp3"} {
		file := fixture(f, name)
		f.Add(file[:min(len(file), 1500)])
	}
	f.Fuzz(func(t *testing.T, file []byte) { drain(t, file, 48) })
}

// FuzzOgg has broken pages put together. Their checksums are right where the rest
// of the page lets them be, or nothing would get past these. A packet of one byte
// is 60 ms.
func FuzzOgg(f *testing.F) {
	for _, name := range []string{"mono-silk.opus", "mono-hybrid.opus", "stereo-celt.opus"} {
		file := fixture(f, name)
		f.Add(file[:min(len(file), 3000)])
		f.Add(repaged(file)[:3000])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if sealable(file) {
			reseal(file)
		}
		drain(t, file, 48*120)
	})
}

// sealable reports whether a file can be taken apart into pages.
func sealable(file []byte) bool {
	for len(file) > 27 {
		n := 27 + int(file[26])
		if n > len(file) {
			return false
		}
		for _, s := range file[27:n] {
			n += int(s)
		}
		if n > len(file) {
			return false
		}
		file = file[n:]
	}
	return true
}

// FuzzOpus puts one packet into an otherwise right file: the decoder alone.
func FuzzOpus(f *testing.F) {
	heads := map[byte][]byte{1: fixture(f, "mono-silk.opus"), 2: fixture(f, "stereo-celt.opus")}
	for _, name := range []string{"mono-silk.opus", "mono-hybrid.opus", "stereo-celt.opus"} {
		page := pages(fixture(f, name))[2]
		at := 27 + int(page[26])
		f.Add(page[at:at+int(page[27])], page[at+int(page[27]):][:int(page[28])])
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		for channels, file := range heads {
			out := relabelled(bytes.Join(pages(file)[:2], nil), 0)
			for _, packet := range [][]byte{first, second, first} {
				out = append(out, onPage(packet[:min(len(packet), 60_000)], 1)...)
			}
			drain(t, append(out, onPage([]byte{byte(channels)}, 5)...), 48*120)
		}
	})
}

// onPage puts a packet on a page of its own.
func onPage(packet []byte, kind byte) []byte {
	p := append([]byte("OggS\x00"), make([]byte, 22)...)
	p[5] = kind &^ 1
	for i := range 8 {
		p[6+i] = 0xFF
	}
	n := len(packet)
	for ; n >= 255; n -= 255 {
		p = append(p, 255)
	}
	p = append(p, byte(n))
	p[26] = byte(len(p) - 27)
	return reseal(append(p, packet...))
}
