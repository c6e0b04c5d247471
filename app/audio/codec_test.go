package audio_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/matryer/is"

	"crk/app/audio"
)

// fixture is a file of testdata.
func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// samplesOf reads 16-bit little-endian samples.
func samplesOf(b []byte) (s []int16) {
	for i := 0; i+1 < len(b); i += 2 {
		s = append(s, int16(binary.LittleEndian.Uint16(b[i:])))
	}
	return s
}

// likeness is the ratio of what is wanted to what got differs from it, in dB.
func likeness(t testing.TB, got, want []int16) float64 {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%d samples, want %d", len(got), len(want))
	}
	var signal, noise float64
	for i, w := range want {
		e := float64(w) - float64(got[i])
		signal += float64(w) * float64(w)
		noise += e * e
	}
	return 10 * math.Log10(signal/max(noise, 1e-9))
}

func TestCodecs(t *testing.T) {
	for _, tt := range []struct {
		name     string
		codec    string
		rate     int
		channels int
		frames   int64 // by the header
	}{
		{"8000-mono.mp3", "mp3", 8000, 1, 6000},
		{"12000-stereo.mp3", "mp3", 12000, 2, 9000},
		{"16000-mono-bare.mp3", "mp3", 16000, 1, -1},
		{"22050-mono.mp3", "mp3", 22050, 1, 16538},
		{"44100-stereo-vbr.mp3", "mp3", 44100, 2, 33075},
		{"mono-silk.opus", "opus", 48000, 1, -1},
		{"mono-hybrid.opus", "opus", 48000, 1, -1},
		{"stereo-celt.opus", "opus", 48000, 2, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			info, got, err := decode(t, fixture(t, tt.name))
			is.NoErr(err)
			is.Equal(info.Codec, tt.codec)
			is.Equal(info.Rate, tt.rate)
			is.Equal(info.Channels, tt.channels) // one channel stays one
			is.Equal(info.Frames, tt.frames)
			want := samplesOf(fixture(t, tt.name[:len(tt.name)-len(filepath.Ext(tt.name))]+".pcm"))
			if db := likeness(t, got, want); db < 50 { // to the sample as long as the reference
				t.Errorf("%.1f dB like the reference, want 50", db)
			}
			_, short, err := decodeIn(fixture(t, tt.name), 2*tt.channels)
			is.NoErr(err)
			is.Equal(short, got) // whatever the buffers
		})
	}
}

// decodeIn decodes with a buffer of so many samples.
func decodeIn(file []byte, size int) (audio.Info, []int16, error) {
	d, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		return audio.Info{}, nil, err
	}
	samples, err := readAll(d, size)
	return d.Info(), samples, err
}

// ffmpeg runs it, or skips the test where there is none.
func ffmpeg(t testing.TB, in []byte, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("there is no ffmpeg on this machine: only the stored references are compared with")
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-nostdin", "-loglevel", "error"}, args...)...)
	cmd.Stdin = bytes.NewReader(in)
	var out, failure bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &failure
	if err := cmd.Run(); err != nil {
		t.Skipf("ffmpeg %v: %v: %s", args, err, failure.String())
	}
	return out.Bytes()
}

// TestAgainstFFmpeg encodes speech of every rate that a codec has, and compares.
func TestAgainstFFmpeg(t *testing.T) {
	speech := fixture(t, "44100-stereo-vbr.pcm")
	for _, codec := range []struct {
		name, decoder string
		encoder       []string
		rates         []int
	}{
		{"mp3", "mp3", []string{"-c:a", "libmp3lame", "-b:a", "48k", "-f", "mp3"}, []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}},
		{"opus", "libopus", []string{"-c:a", "libopus", "-b:a", "40k", "-f", "ogg"}, []int{48000}},
	} {
		for _, rate := range codec.rates {
			for _, channels := range []string{"1", "2"} {
				t.Run(codec.name+" "+strconv.Itoa(rate)+" "+channels, func(t *testing.T) {
					is := is.New(t)
					raw := []string{"-f", "s16le", "-ar", "44100", "-ac", "2", "-i", "pipe:0", "-ar", strconv.Itoa(rate), "-ac", channels}
					file := ffmpeg(t, speech, append(append(raw, codec.encoder...), "pipe:1")...)
					want := samplesOf(ffmpeg(t, file, "-c:a", codec.decoder, "-i", "pipe:0", "-f", "s16le", "pipe:1"))
					info, got, err := decode(t, file)
					is.NoErr(err)
					is.Equal(info.Rate, rate)
					n := min(len(got), len(want)) // into a pipe the encoder cannot write what it added at the end
					if db := likeness(t, got[:n], want[:n]); db < 38 || len(got) < len(want) {
						t.Errorf("%.1f dB and %d of %d samples", db, len(got), len(want))
					}
				})
			}
		}
	}
}

// TestOpusRates decodes calls that were recorded at lower rates: at those rates,
// with the same sound.
func TestOpusRates(t *testing.T) {
	for _, tt := range []struct {
		original uint32
		rate     int
	}{{0, 48000}, {8000, 8000}, {11025, 12000}, {16000, 16000}, {22050, 24000}, {32000, 48000}, {44100, 48000}, {96000, 48000}} {
		t.Run(strconv.Itoa(int(tt.original)), func(t *testing.T) {
			is := is.New(t)
			file := fixture(t, "mono-silk.opus")
			binary.LittleEndian.PutUint32(file[28+12:], tt.original)
			reseal(file)
			info, got, err := decode(t, file)
			is.NoErr(err)
			is.Equal(info.Rate, tt.rate)
			is.Equal(len(got), 36000*tt.rate/48000) // as long
			want := samplesOf(fixture(t, "mono-silk.pcm"))
			ratio := loudness(got) / loudness(want)
			is.True(ratio > 0.97 && ratio < 1.03) // and as loud: there is nothing above 4 kHz in it
		})
	}
}

func loudness(s []int16) float64 {
	var sum float64
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum / float64(len(s)))
}
