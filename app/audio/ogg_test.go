package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

// pages takes an Ogg file apart.
func pages(file []byte) (out [][]byte) {
	for len(file) > 27 {
		n := 27 + int(file[26])
		for _, s := range file[27:n] {
			n += int(s)
		}
		out = append(out, file[:n:n])
		file = file[n:]
	}
	return out
}

// reseal gives every page the checksum that it should have.
func reseal(file []byte) []byte {
	for _, p := range pages(file) {
		clear(p[22:26])
		var sum uint32
		for _, b := range p {
			sum ^= uint32(b) << 24
			for range 8 {
				if sum&(1<<31) != 0 {
					sum = sum<<1 ^ 0x04C11DB7
				} else {
					sum <<= 1
				}
			}
		}
		binary.LittleEndian.PutUint32(p[22:], sum)
	}
	return file
}

// repaged puts the packets of a file on pages of one segment each, so that most
// packets are continued.
func repaged(file []byte) (out []byte) {
	sequence, open := uint32(0), false
	for _, p := range pages(file) {
		body := p[27+int(p[26]):]
		for i, n := range p[27 : 27+int(p[26])] {
			page := append([]byte{}, p[:27]...)
			last := i == int(p[26])-1
			page[5] &^= 5
			if open {
				page[5] |= 1
			}
			if open = n == 255; open || !last {
				binary.LittleEndian.PutUint64(page[6:], ^uint64(0)) // nothing is said of where it ends
			}
			if last {
				page[5] |= p[5] & 4
			}
			binary.LittleEndian.PutUint32(page[18:], sequence)
			sequence++
			page[26] = 1
			out = append(append(append(out, page...), n), body[:n]...)
			body = body[n:]
		}
	}
	return reseal(out)
}

// relabelled gives the stream of a file another number.
func relabelled(file []byte, serial uint32) []byte {
	file = slices.Clone(file)
	for _, p := range pages(file) {
		binary.LittleEndian.PutUint32(p[14:], serial)
	}
	return reseal(file)
}

// interleaved puts the pages of two streams by turns.
func interleaved(a, b []byte) (out []byte) {
	x, y := pages(a), pages(b)
	for i := range max(len(x), len(y)) {
		out = append(out, slices.Concat(slices.Concat(x[min(i, len(x)):min(i+1, len(x))]...), slices.Concat(y[min(i, len(y)):min(i+1, len(y))]...))...)
	}
	return out
}

func TestOgg(t *testing.T) {
	file := fixture(t, "stereo-celt.opus")
	parts := pages(file)
	head, tags, sound := parts[0], parts[1], bytes.Join(parts[2:], nil)
	_, whole, err := decode(t, file)
	if err != nil {
		t.Fatal(err)
	}
	louder := slices.Clone(file)
	louder[28+17] = 6 // 6 dB, in 1/256
	many := repaged(file)
	damaged := slices.Clone(many)
	damaged[len(damaged)-1000] ^= 1
	later := slices.Clone(many) // cut out of a longer stream: positions do not begin at 0
	position := uint64(480_000)
	for _, p := range pages(later)[2:] {
		if p[27] == 255 { // no packet ends here
			continue
		}
		if position += 480; p[5]&4 != 0 { // the last page, whose packet ends beyond the sound
			position = 480_000 + binary.LittleEndian.Uint64(p[6:])
		}
		binary.LittleEndian.PutUint64(p[6:], position)
	}
	for _, tt := range []struct {
		name    string
		file    []byte
		samples int
	}{
		{"as it is", file, len(whole)},
		{"on other pages", repaged(file), len(whole)},
		{"chained", slices.Concat(file, relabelled(file, 77)), 2 * len(whole)},
		{"beside another stream", interleaved(file, relabelled(fixture(t, "mono-silk.opus"), 77)), len(whole)},
		{"garbage between the pages", slices.Concat(head, []byte("garbage OggS garbage"), tags, sound, []byte("OggS\x00")), len(whole)},
		{"cut out of a longer stream", reseal(later), len(whole)},
		{"comments with a picture", slices.Concat(head, longTags(tags), sound), len(whole)},
		{"louder", reseal(louder), len(whole)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, got, err := decode(t, tt.file)
			is.NoErr(err)
			is.Equal(len(got), tt.samples) // all of it
			if tt.name == "louder" {
				ratio := loudness(got) / loudness(whole)
				is.True(ratio > 1.9 && ratio < 2.1) // by the gain that the header says
				return
			}
			is.Equal(got[:len(whole)], whole) // the same sound
		})
	}
	is := is.New(t)
	_, got, err := decode(t, damaged)
	is.NoErr(err)                                    // a damaged page is left out
	is.True(len(got) > 0 && len(got) < len(whole))   // alone
	_, got, err = decode(t, many[:len(many)*2/3])    // a file that is cut off
	is.NoErr(err)                                    // is heard as far as it goes
	is.True(len(got) > 0 && len(got) < len(whole))   // and no further
	_, _, err = decode(t, slices.Concat(head, tags)) // no sound
	is.True(errors.Is(err, audio.ErrUnreadable))     // is no call
	_, _, err = decode(t, file[:20])                 // half a page
	is.True(errors.Is(err, audio.ErrUnreadable))     // is no file
	_, _, err = decode(t, bytes.Repeat([]byte("OggS\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 5000))
	is.True(errors.Is(err, audio.ErrUnreadable)) // nor are pages whose checksums are wrong
}

// longTags are comments that go over many pages.
func longTags(page []byte) (out []byte) {
	const segments = 200
	for i := range 5 {
		p := append([]byte{}, page[:27]...)
		p[5], p[26] = min(1, byte(i)), segments
		p = append(p, bytes.Repeat([]byte{255}, segments-1)...)
		if i < 4 {
			p = append(p, 255)
		} else {
			p = append(p, 0)
		}
		body := make([]byte, 255*segments)
		if i == 0 {
			copy(body, "OpusTags")
		}
		if i == 4 {
			body = body[255:]
		}
		out = append(out, append(p, body...)...)
	}
	return reseal(out)
}

func TestOggOfOtherKinds(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(head []byte)
	}{
		{"Vorbis", func(h []byte) { copy(h, "\x01vorbis\x00") }},
		{"a later version", func(h []byte) { h[8] = 16 }},
		{"surround", func(h []byte) { h[9], h[18] = 6, 1 }},
		{"no channels", func(h []byte) { h[9] = 0 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			file := fixture(t, "mono-silk.opus")
			tt.edit(file[28:])
			_, _, err := decode(t, reseal(file))
			is.True(errors.Is(err, audio.ErrUnsupported)) // it is sound, but not for us
		})
	}
}
