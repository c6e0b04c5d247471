package audio_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/matryer/is"

	"crk/app/audio"
)

func floats32(v ...float32) (b []byte) {
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return b
}

func floats64(v ...float64) (b []byte) {
	for _, f := range v {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
	}
	return b
}

// extensible is a fmt chunk of the extensible kind, of 16 bits and one channel.
func extensible(tag byte, guid string) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, 0xFFFE)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 16000)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, 22, 0, 16, 0, 4, 0, 0, 0, tag, 0)
	return append(b, guid...)
}

const pcmGUID = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

func TestDecode(t *testing.T) {
	two := le16([]int16{1, -2, 300, -32768})
	inFour := wav{tag: 1, channels: 1, rate: 8000, bits: 24, data: []byte{9, 9, 0x34, 0x12, 9, 9, 0, 0x80}}.bytes()
	inFour[32] = 4 // bytes of a frame
	for _, tt := range []struct {
		name     string
		file     []byte
		codec    string
		channels int
		frames   int64
		want     []int16
	}{
		{"8 bit", wav{tag: 1, channels: 1, rate: 8000, bits: 8, data: []byte{0, 128, 255}}.bytes(), "pcm", 1, 3, []int16{-32768, 0, 32512}},
		{"16 bit", pcm16(8000, 1, []int16{1, -2, 300, -32768}), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
		{"24 bit", wav{tag: 1, channels: 1, rate: 8000, bits: 24, data: []byte{9, 0x34, 0x12, 9, 0, 0x80}}.bytes(), "pcm", 1, 2, []int16{0x1234, -32768}},
		{"20 bits in three bytes", wav{tag: 1, channels: 1, rate: 8000, bits: 20, data: []byte{0, 0x34, 0x12}}.bytes(), "pcm", 1, 1, []int16{0x1234}},
		{"24 bits in four bytes", inFour, "pcm", 1, 2, []int16{0x1234, -32768}},
		{"32 bit", wav{tag: 1, channels: 1, rate: 8000, bits: 32, data: []byte{9, 9, 0x34, 0x12}}.bytes(), "pcm", 1, 1, []int16{0x1234}},
		{"float", wav{tag: 3, channels: 1, rate: 8000, bits: 32, data: floats32(0, 0.5, -1, 7, float32(math.NaN()), float32(math.Inf(-1)))}.bytes(), "float", 1, 6, []int16{0, 16384, -32768, 32767, 0, -32768}},
		{"double", wav{tag: 3, channels: 1, rate: 8000, bits: 64, data: floats64(0, -0.5, 1e300)}.bytes(), "float64", 1, 3, []int16{0, -16384, 32767}},
		{"A-law", wav{tag: 6, channels: 1, rate: 8000, bits: 8, data: []byte{0x55, 0xD5, 0x2A, 0xAA}}.bytes(), "alaw", 1, 4, []int16{-8, 8, -32256, 32256}},
		{"µ-law", wav{tag: 7, channels: 1, rate: 8000, bits: 8, data: []byte{0x00, 0x80, 0x7F, 0xFF}}.bytes(), "ulaw", 1, 4, []int16{-32124, 32124, 0, 0}},
		{"stereo", pcm16(44100, 2, []int16{1, 2, 3, 4}), "pcm", 2, 2, []int16{1, 2, 3, 4}},
		{"six channels: the first two", pcm16(8000, 6, []int16{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), "pcm", 2, 2, []int16{1, 2, 7, 8}},
		{"three channels of 24 bits", wav{tag: 1, channels: 3, rate: 8000, bits: 24, data: []byte{0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0}}.bytes(), "pcm", 2, 2, []int16{1, 2, 4, 5}},
		{"extensible", wav{data: two}.with(extensible(1, pcmGUID)), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
		{"size 0 of a live file", wav{tag: 1, channels: 1, rate: 8000, bits: 16, data: nil, after: two}.bytes(), "pcm", 1, -1, []int16{1, -2, 300, -32768}},
		{"size -1 of a live file", wav{tag: 1, channels: 1, rate: 8000, bits: 16, data: two, size: 0xFFFFFFFF}.bytes(), "pcm", 1, -1, []int16{1, -2, 300, -32768}},
		{"size of a pipe", wav{tag: 1, channels: 1, rate: 8000, bits: 16, data: two, size: 0x7FFFF000}.bytes(), "pcm", 1, -1, []int16{1, -2, 300, -32768}},
		{"header counted in", wav{tag: 1, channels: 1, rate: 8000, bits: 16, data: two, size: 8 + 44}.bytes(), "pcm", 1, 26, []int16{1, -2, 300, -32768}},
		{"chunks before and after", wav{tag: 1, channels: 1, rate: 8000, bits: 16, before: chunk("LIST", []byte("odd")), data: two, after: chunk("id3 ", []byte("more"))}.bytes(), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
		{"odd chunk without padding", wav{tag: 1, channels: 1, rate: 8000, bits: 16, before: []byte("LIST\x03\x00\x00\x00odd"), data: two}.bytes(), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
		{"fmt chunk of odd length", wav{data: two}.with(append(extensible(1, pcmGUID), 7)), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
		{"part of a frame at the end", wav{tag: 1, channels: 1, rate: 8000, bits: 16, data: append(slices.Clone(two), 9)}.bytes(), "pcm", 1, 4, []int16{1, -2, 300, -32768}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			info, samples, err := decode(t, tt.file)
			is.NoErr(err)                        // the file is decoded
			is.Equal(samples, tt.want)           // to these samples
			is.Equal(info.Codec, tt.codec)       // codec by the header
			is.Equal(info.Channels, tt.channels) // channels that are decoded
			is.Equal(info.Frames, tt.frames)     // frames by the header
			is.Equal(info.Format.Name, "wav")    // container
		})
	}
}

func TestG711(t *testing.T) {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	for _, tt := range []struct {
		name string
		tag  int
		want string // SHA-256 of what sox makes of the 256 codes
	}{
		{"A-law", 6, "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174"},
		{"µ-law", 7, "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, samples, err := decode(t, wav{tag: tt.tag, channels: 1, rate: 8000, bits: 8, data: codes}.bytes())
			is.NoErr(err)
			is.Equal(hash(samples), tt.want) // every code is as in the reference
		})
	}
}

func hash(samples []int16) string {
	sum := sha256.Sum256(le16(samples))
	return hex.EncodeToString(sum[:])
}

func TestRefused(t *testing.T) {
	good := pcm16(8000, 1, []int16{1, 2})
	edit := func(at int, b ...byte) []byte {
		file := slices.Clone(good)
		copy(file[at:], b)
		return file
	}
	for _, tt := range []struct {
		name string
		file []byte
		want error
	}{
		{"empty", nil, audio.ErrNotAudio},
		{"text", []byte("<html>Please log in</html>"), audio.ErrNotAudio},
		{"another RIFF", append([]byte("RIFF\x00\x00\x00\x00AVI "), good[12:]...), audio.ErrNotAudio},
		{"MP3 without a frame", append([]byte("ID3\x04\x00\x00\x00\x00\x00\x00"), 1, 2, 3), audio.ErrNotAudio},
		{"FLAC", []byte("fLaC\x00\x00\x00\x22"), audio.ErrUnsupported},
		{"ADPCM", edit(20, 2), audio.ErrUnsupported},
		{"extensible of another kind", wav{data: []byte{1, 2}}.with(extensible(1, "\x01"+pcmGUID[1:])), audio.ErrUnsupported},
		{"PCM of no bits", edit(32, 0, 0, 0, 0), audio.ErrUnsupported},
		{"float of 16 bits", edit(20, 3), audio.ErrUnsupported},
		{"GSM in two channels", wav{tag: 0x31, channels: 2, rate: 8000, bits: 0}.bytes(), audio.ErrUnsupported},
		{"no codec", edit(20, 0, 0), audio.ErrUnreadable},
		{"no channels", edit(22, 0), audio.ErrUnreadable},
		{"65 channels", edit(22, 65), audio.ErrUnreadable},
		{"999 Hz", edit(24, 0xE7, 0x03), audio.ErrUnreadable},
		{"4 GHz", edit(24, 0xFF, 0xFF, 0xFF, 0xFF), audio.ErrUnreadable},
		{"short fmt chunk", wav{}.with([]byte("short")), audio.ErrUnreadable},
		{"samples before the format", append(slices.Clone(good[:12]), good[36:]...), audio.ErrUnreadable},
		{"ends after the container", good[:12], audio.ErrUnreadable},
		{"ends in the format", good[:30], audio.ErrUnreadable},
		{"ends before the samples", good[:36], audio.ErrUnreadable},
		{"ends in a fact chunk", append(slices.Clone(good[:36]), "fact\x04\x00\x00\x00ab"...), audio.ErrUnreadable},
		{"chunk longer than the file", append(slices.Clone(good[:36]), "LIST\xFF\xFF\xFF\xFFab"...), audio.ErrUnreadable},
		{"chunks without end", append(slices.Clone(good[:36]), bytes.Repeat([]byte("LIST\x00\x00\x00\x00"), 2000)...), audio.ErrUnreadable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := audio.NewDecoder(bytes.NewReader(tt.file))
			is.True(errors.Is(err, tt.want)) // refused for the right reason
		})
	}
}

func TestTruncated(t *testing.T) {
	is := is.New(t)
	file := pcm16(8000, 1, repeat(5, 1000))
	_, samples, err := decode(t, file[:len(file)-100])
	is.True(errors.Is(err, audio.ErrTruncated)) // the end is missing
	is.Equal(len(samples), 950)                 // what is there is decoded
}

func TestTooLong(t *testing.T) {
	is := is.New(t)
	head := wav{tag: 1, channels: 1, rate: 1000, bits: 8, size: 0xFFFFFFFF}.bytes()
	d, err := audio.NewDecoder(io.MultiReader(bytes.NewReader(head), zeros{}))
	is.NoErr(err)
	var frames int
	p := make([]int16, 1<<16)
	for err == nil {
		var n int
		n, err = d.Read(p)
		frames += n
	}
	is.True(errors.Is(err, audio.ErrTooLong)) // a file without end is refused
	is.True(frames <= 6*3600*1000)            // after six hours
	is.True(frames > 6*3600*1000-len(p))      // and not before
	_, err = d.Read(p)
	is.True(errors.Is(err, audio.ErrTooLong)) // for good
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestReaderFails(t *testing.T) {
	is := is.New(t)
	broken := errors.New("disk gone")
	file := pcm16(8000, 1, repeat(5, 100_000))

	_, err := audio.NewDecoder(iotest.ErrReader(broken))
	is.True(errors.Is(err, broken)) // a reader that fails at once is not taken for a bad file

	for _, at := range []int{20, 40, 5000, 150_000} {
		d, err := audio.NewDecoder(io.MultiReader(bytes.NewReader(file[:at]), iotest.ErrReader(broken)))
		if err == nil {
			_, err = readAll(d, 1000)
		}
		is.True(errors.Is(err, broken))               // nor is one that fails later
		is.True(!errors.Is(err, audio.ErrUnreadable)) // the file is not blamed
	}
}

func TestReadInSmallPieces(t *testing.T) {
	is := is.New(t)
	want := []int16{1, 2, 3, 4, 5, 6, 7, 8}
	file := pcm16(8000, 2, want)
	d, err := audio.NewDecoder(iotest.OneByteReader(bytes.NewReader(file)))
	is.NoErr(err)
	_, err = d.Read(make([]int16, 1))
	is.True(errors.Is(err, io.ErrShortBuffer)) // a frame of two samples does not fit
	got, err := readAll(d, 3)
	is.NoErr(err)
	is.Equal(got, want) // whole frames arrive, whatever the buffers
	_, err = d.Read(make([]int16, 2))
	is.True(errors.Is(err, io.EOF)) // the end stays the end
}

func TestSkip(t *testing.T) {
	is := is.New(t)
	samples := make([]int16, 40_000)
	for i := range samples {
		samples[i] = int16(i)
	}
	d := decoder(t, pcm16(8000, 2, samples))
	is.NoErr(d.Skip(12_345))
	rest, err := readAll(d, 4096)
	is.NoErr(err)
	is.Equal(rest, samples[2*12_345:])                // goes on after the skipped frames
	is.True(errors.Is(d.Skip(1), io.EOF))             // nothing is left to skip
	is.NoErr(decoder(t, pcm16(8000, 1, nil)).Skip(0)) // skipping nothing asks for nothing
}
