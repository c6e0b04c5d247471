package demo_test

import (
	"bytes"
	"io"
	"math"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
	"crk/app/demo"
	"crk/app/phone/phonetest"
)

// decoder opens a sound file.
func decoder(t testing.TB, file []byte) *audio.Decoder {
	t.Helper()
	d, err := audio.NewDecoder(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// record puts a scene together and measures it as the product does.
func record(t testing.TB, s demo.Scene) ([]byte, app.AudioStats) {
	t.Helper()
	file, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	stats, err := audio.Measure(t.Context(), decoder(t, file))
	if err != nil {
		t.Fatal(err)
	}
	return file, stats
}

func TestRecordings(t *testing.T) {
	for _, s := range scenes(t) {
		t.Run(s.Name, func(t *testing.T) {
			is := is.New(t)
			_, stats := record(t, s)
			is.Equal(stats.Codec, "ulaw")                       // as phone systems write, and browsers play
			is.Equal(stats.SampleRate, 8000)                    // likewise
			is.Equal(len(stats.Talk), 2)                        // a channel for each side
			is.True(math.Abs(stats.Duration-s.Seconds) < 0.001) // as long as the script says
			for channel, side := range []string{app.SpeakerAgent, app.SpeakerCustomer} {
				for _, peak := range stats.Peaks[channel] {
					is.True(peak < 0.9) // nothing is clipped
				}
				for _, l := range s.Lines {
					if l.By == side {
						is.True(spoken(stats.Talk[channel], l.At, l.At+l.Length) > 0.6) // somebody speaks when the script says so
					}
				}
			}
			if !s.Ringing {
				is.True(stats.SilenceRatio < 0.6) // and that is most of the call
			}
		})
	}
}

// spoken is the share of a stretch in which somebody speaks.
func spoken(talk []app.Span, from, to float64) (share float64) {
	for _, s := range talk {
		share += max(0, min(to, s.End)-max(from, s.Start)) / (to - from)
	}
	return share
}

// TestEar cuts every scene as the product does and has it recognised.
func TestEar(t *testing.T) {
	hear, err := demo.NewEar(scenes(t))
	is.New(t).NoErr(err) // every scene can be listened to
	for _, s := range scenes(t) {
		t.Run(s.Name, func(t *testing.T) {
			is := is.New(t)
			file, stats := record(t, s)
			for channel, side := range []string{app.SpeakerAgent, app.SpeakerCustomer} {
				var want []int // indices of the side's lines
				for i, l := range s.Lines {
					if l.By == side {
						want = append(want, i)
					}
				}
				for _, piece := range audio.Plan(stats, channel, 8*time.Minute) {
					sound, err := io.ReadAll(audio.Cut(decoder(t, file), piece))
					is.NoErr(err) // the piece can be cut
					lines, times, ok := hear(sound)
					is.True(ok)                      // the piece is known
					is.Equal(len(lines), len(times)) // every line has its time
					for i, l := range lines {
						is.True(len(want) > 0) // no line is heard that was not said
						meant := s.Lines[want[0]]
						want = want[1:]
						is.Equal(l.Text, meant.Text) // in the order of the script
						is.Equal(l.Speaker, side)    // by the right side
						at := piece.InCall(times[i])
						is.True(math.Abs(at.Start-meant.At) < 0.4)            // when it was said
						is.True(math.Abs(at.End-meant.At-meant.Length) < 0.4) // to its end
					}
				}
				is.Equal(len(want), 0) // every line is heard
			}
		})
	}
}

func TestEarDoesNotKnow(t *testing.T) {
	hear, err := demo.NewEar(scenes(t))
	is.New(t).NoErr(err) // every scene can be listened to
	for name, sound := range map[string][]byte{
		"another sound": phonetest.Sound{Encoding: phonetest.PCM, Length: 5 * time.Second, Bursts: []phonetest.Burst{{Until: 5 * time.Second}}}.WAV(),
		"silence":       phonetest.Sound{Encoding: phonetest.PCM, Length: time.Second}.WAV(),
		"no sound":      []byte("RIFF"),
		"nothing":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			_, _, ok := hear(sound)
			is.New(t).True(!ok) // it says so
		})
	}
}
