package audio_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
	mp3codec "crk/app/audio/mp3"
)

// id3 is a tag of version 2 with so many bytes, some of which look like a frame.
func id3(n int, footer bool) []byte {
	flags := byte(0)
	if footer {
		flags = 0x10
	}
	b := []byte{'I', 'D', '3', 4, 0, flags, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}
	b = append(b, bytes.Repeat([]byte{0xFF, 0xFB, 0x90, 0x64}, n/4)...)
	b = append(b, make([]byte, n-n/4*4)...)
	if footer {
		b = append(b, "3DI\x04\x00\x10\x00\x00\x00\x00"...)
	}
	return b
}

// sizes are the lengths of the frames of a bare file of 16 kHz and 32 kbit/s.
const bareFrame = 144

func TestMP3InTheWild(t *testing.T) {
	file := fixture(t, "16000-mono-bare.mp3")
	_, whole, err := decode(t, file)
	if err != nil {
		t.Fatal(err)
	}
	frames := len(file) / bareFrame
	half := frames / 2 * bareFrame
	for _, tt := range []struct {
		name    string
		file    []byte
		samples int
	}{
		{"a tag before", slices.Concat(id3(1000, false), file), len(whole)},
		{"tags before, one with a footer", slices.Concat(id3(300_000, true), id3(7, false), file), len(whole)},
		{"a tag behind", slices.Concat(file, []byte("TAG"), make([]byte, 125)), len(whole)},
		{"garbage between the frames", slices.Concat(file[:half], []byte("\xFF\xFBgarbage\xFF\xF3\x48"), file[half:]), len(whole)},
		{"cut off within a frame", file[:len(file)-20], len(whole) - 576},
		{"cut off within the first frame", append(id3(10, false), file[:100]...), 0},
		{"two files behind each other", slices.Concat(file, file), 2 * len(whole)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, got, err := decode(t, tt.file)
			is.NoErr(err)                  // it is read
			is.Equal(len(got), tt.samples) // to the frame
			same := min(len(got), half/bareFrame*576)
			is.True(slices.Equal(got[:same], whole[:same])) // with the same sound
		})
	}
	t.Run("the beginning is missing", func(t *testing.T) {
		is := is.New(t)
		_, got, err := decode(t, file[10*bareFrame:])
		is.NoErr(err)
		is.Equal(len(got), len(whole)-10*576)                  // no frame is lost
		is.True(likeness(t, got[4*576:], whole[14*576:]) > 60) // and after a few it sounds as it should
	})
	t.Run("a tag alone", func(t *testing.T) {
		is := is.New(t)
		_, _, err := decode(t, append(id3(40, false), "<html>not found</html>"...))
		is.True(errors.Is(err, audio.ErrNotAudio)) // what only begins like sound is none
	})
	t.Run("damaged", func(t *testing.T) {
		is := is.New(t)
		broken := slices.Clone(file)
		for i := half + 20; i < half+120; i++ {
			broken[i] ^= 0x5A
		}
		_, got, err := decode(t, broken)
		is.NoErr(err)
		is.Equal(len(got), len(whole)) // a damaged frame does not shorten the call
		end := half/bareFrame*576 + 6*576
		is.True(likeness(t, got[end:], whole[end:]) > 60) // and does not spoil what follows
	})
}

// TestMP3Stereo turns the channels of a file into intensity stereo, which the
// encoders of today do not write, and compares with ffmpeg. The file is nonsense
// then: where a frame's data does not suffice each decoder makes of it what it
// likes, so that not all of the frames are alike.
func TestMP3Stereo(t *testing.T) {
	for _, name := range []string{"44100-stereo-vbr.mp3", "12000-stereo.mp3"} {
		for _, mode := range []byte{0x50, 0x70} { // intensity alone, and with middle and side
			t.Run(name, func(t *testing.T) {
				is := is.New(t)
				file := fixture(t, name)
				begin := 10 + int(file[8])<<7 + int(file[9])
				first := true
				for at := begin; at+4 < len(file); {
					n := mp3codec.FrameSize(file[at:])
					is.True(n > 0) // a frame
					if !first {
						file[at+3] = file[at+3]&0x0F | mode
					}
					first, at = false, at+n
				}
				want := samplesOf(ffmpeg(t, file, "-i", "pipe:0", "-f", "s16le", "pipe:1"))
				_, got, err := decode(t, file)
				is.NoErr(err)
				is.True(len(got) > 0 && len(got) <= len(want)) // what the encoder added at the end ffmpeg keeps here
				var same, all int
				for ; len(got) >= 1152; got, want = got[1152:], want[1152:] {
					all++
					if closeTo(got[:1152], want[:1152]) {
						same++
					}
				}
				if same*3 < all {
					t.Errorf("%d of %d stretches are those of ffmpeg", same, all)
				}
			})
		}
	}
}

func closeTo(a, b []int16) bool {
	for i := range a {
		if d := int(a[i]) - int(b[i]); d > 2 || d < -2 {
			return false
		}
	}
	return true
}
