package audio_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"crk/app"
	"crk/app/audio"
)

// tenMinutes is a stereo call in the codec that a tag and a width name.
func tenMinutes(tag, bits int) []byte {
	talk := call(8000, 600, 8000, app.Span{Start: 5, End: 200}, app.Span{Start: 300, End: 580})
	data := le16(stereo(talk, talk))
	if bits == 8 {
		data = data[:len(data)/2]
	}
	return wav{tag: tag, channels: 2, rate: 8000, bits: bits, data: data}.bytes()
}

// The floor is a copy of the same bytes: what reading them costs at all.
func BenchmarkMeasure(b *testing.B) {
	for _, bb := range []struct {
		name string
		file []byte
	}{
		{"pcm", tenMinutes(1, 16)},
		{"ulaw", tenMinutes(7, 8)},
		{"gsm", gsm(randomBlocks(600*25), -1)},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.file)))
			b.ReportAllocs()
			for b.Loop() {
				d, err := audio.NewDecoder(bytes.NewReader(bb.file))
				if err != nil {
					b.Fatal(err)
				}
				if _, err := audio.Measure(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	file := tenMinutes(1, 16)
	b.Run("floor", func(b *testing.B) {
		b.SetBytes(int64(len(file)))
		to := make([]byte, 32<<10)
		for b.Loop() {
			io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{bytes.NewReader(file)}, to)
		}
	})
}

// hourOf is an hour of a stereo call: a fixture again and again.
func hourOf(b *testing.B, name string) (file []byte, seconds float64) {
	b.Helper()
	part := fixture(b, name)
	const each = 0.75
	n := int(3600 / each)
	return bytes.Repeat(part, n), float64(n) * each
}

// BenchmarkHour decodes an hour of two channels and measures it. The allocations
// are those of the whole hour: they do not grow with it but for the statistics.
func BenchmarkHour(b *testing.B) {
	for _, name := range []string{"12000-stereo.mp3", "44100-stereo-vbr.mp3", "stereo-celt.opus"} {
		b.Run(name, func(b *testing.B) {
			file, seconds := hourOf(b, name)
			b.ReportAllocs()
			for b.Loop() {
				d, err := audio.NewDecoder(bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				s, err := audio.Measure(b.Context(), d)
				if err != nil || s.Duration < seconds-1 {
					b.Fatalf("%.0f s: %v", s.Duration, err)
				}
			}
			b.ReportMetric(seconds*float64(b.N)/b.Elapsed().Seconds(), "times-real")
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	s := openStore(b, b.TempDir())
	file := tenMinutes(1, 16)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		p, err := s.Write(b.Context(), bytes.NewReader(file), 1<<30)
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Discard(); err != nil {
			b.Fatal(err)
		}
	}
}

// What a browser's Range requests cost, beside the same from a plain file.
func BenchmarkRange(b *testing.B) {
	dir := b.TempDir()
	s := openStore(b, dir)
	file := tenMinutes(1, 16)
	if _, err := s.Put(b.Context(), someName, bytes.NewReader(file), 1<<30); err != nil {
		b.Fatal(err)
	}
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, file, 0o600); err != nil {
		b.Fatal(err)
	}
	ranges := func(b *testing.B, open func() (io.ReaderAt, io.Closer, error)) {
		r := rand.New(rand.NewPCG(1, 2))
		part := make([]byte, 256<<10)
		b.SetBytes(int64(len(part)))
		for b.Loop() {
			f, closer, err := open()
			if err != nil {
				b.Fatal(err)
			}
			if _, err := f.ReadAt(part, r.Int64N(int64(len(file)-len(part)))); err != nil {
				b.Fatal(err)
			}
			closer.Close()
		}
	}
	b.Run("age", func(b *testing.B) {
		ranges(b, func() (io.ReaderAt, io.Closer, error) {
			f, err := s.Open(someName)
			return f, f, err
		})
	})
	b.Run("floor", func(b *testing.B) {
		ranges(b, func() (io.ReaderAt, io.Closer, error) {
			f, err := os.Open(plain)
			return f, f, err
		})
	})
}
