package audio_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"
	"testing"

	"crk/app"
	"crk/app/audio"
)

// A wav is a WAV file to be written as a test wants it.
type wav struct {
	tag, channels, rate, bits int
	before                    []byte // chunks before the samples
	data                      []byte
	size                      int64  // that the header gives; 0 for the real one
	after                     []byte // the samples
}

func (w wav) bytes() []byte {
	le := binary.LittleEndian
	block := w.channels * ((w.bits + 7) / 8)
	format := le.AppendUint16(nil, uint16(w.tag))
	format = le.AppendUint16(format, uint16(w.channels))
	format = le.AppendUint32(format, uint32(w.rate))
	format = le.AppendUint32(format, uint32(w.rate*block))
	format = le.AppendUint16(format, uint16(block))
	format = le.AppendUint16(format, uint16(w.bits))
	return w.with(format)
}

// with writes the file with another fmt chunk.
func (w wav) with(format []byte) []byte {
	size := w.size
	if size == 0 {
		size = int64(len(w.data))
	}
	b := append([]byte("RIFF\x00\x00\x00\x00WAVE"), chunk("fmt ", format)...)
	b = append(b, w.before...)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = append(b, w.data...)
	return append(b, w.after...)
}

func chunk(id string, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32([]byte(id), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// pcm16 is a file of 16-bit PCM.
func pcm16(rate, channels int, samples []int16) []byte {
	return wav{tag: 1, channels: channels, rate: rate, bits: 16, data: le16(samples)}.bytes()
}

func le16(samples []int16) []byte {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// decode reads a whole file.
func decode(t testing.TB, file []byte) (audio.Info, []int16, error) {
	t.Helper()
	d, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		return audio.Info{}, nil, err
	}
	samples, err := readAll(d, 999)
	return d.Info(), samples, err
}

// readAll reads with a buffer of so many samples; io.EOF is no error.
func readAll(d *audio.Decoder, size int) (all []int16, err error) {
	p := make([]int16, size)
	for {
		n, err := d.Read(p)
		all = append(all, p[:n]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func measure(t testing.TB, file []byte) app.AudioStats {
	t.Helper()
	stats, err := audio.Measure(t.Context(), decoder(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

func decoder(t testing.TB, file []byte) *audio.Decoder {
	t.Helper()
	d, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// call makes the sound of one channel: a tone of the given amplitude in each span,
// a faint line noise elsewhere.
func call(rate int, seconds float64, amplitude float64, talk ...app.Span) []int16 {
	out := make([]int16, int(seconds*float64(rate)))
	for i := range out {
		out[i] = int16(i % 3)
	}
	for _, s := range talk {
		for i := int(s.Start * float64(rate)); i < int(s.End*float64(rate)) && i < len(out); i++ {
			out[i] = int16(amplitude * math.Sin(2*math.Pi*440*float64(i)/float64(rate)))
		}
	}
	return out
}

// stereo interleaves two channels of the same length.
func stereo(left, right []int16) []int16 {
	out := make([]int16, 0, 2*len(left))
	for i := range left {
		out = append(out, left[i], right[i])
	}
	return out
}

func near(a, b, within float64) bool { return math.Abs(a-b) <= within }

func repeat(s int16, n int) []int16 { return slices.Repeat([]int16{s}, n) }
