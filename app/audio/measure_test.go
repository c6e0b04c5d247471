package audio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
)

func TestMeasureACall(t *testing.T) {
	is := is.New(t)
	// The agent speaks 0–4 and 8–10, the customer 4–7 and 9–11; the last 9 s are silence.
	agent := call(8000, 20, 8000, app.Span{Start: 0, End: 4}, app.Span{Start: 8, End: 10})
	customer := call(8000, 20, 4000, app.Span{Start: 4, End: 7}, app.Span{Start: 9, End: 11})
	s := measure(t, pcm16(8000, 2, stereo(agent, customer)))

	is.Equal(s.Codec, "pcm")
	is.Equal(s.SampleRate, 8000)
	is.Equal(s.Frames, int64(160_000))
	is.Equal(s.Duration, 20.0)
	is.Equal(len(s.Peaks), 2)
	is.Equal(len(s.Talk[0]), 2)                // the agent speaks twice
	is.True(near(s.Talk[0][1].Start, 8, 0.03)) // from here
	is.True(near(s.Talk[0][1].End, 10, 0.03))  // to here
	is.True(near(s.TalkRatio[0], 0.30, 0.01))  // agent's share
	is.True(near(s.TalkRatio[1], 0.25, 0.01))  // customer's share
	is.True(near(s.Sound, 10, 0.1))            // somebody speaks 0–7 and 8–11
	is.True(near(s.SilenceRatio, 0.5, 0.01))   // the rest is silence
	is.True(near(s.LongestSilence, 9, 0.05))   // at the end
	is.True(near(s.Overlap, 1, 0.05))          // both speak 9–10
	is.True(!s.Same)                           // the channels differ
}

func TestTalk(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []int16
		want []app.Span
	}{
		{"silence", call(8000, 3, 0), nil},
		{"digital silence", make([]int16, 24_000), nil},
		{"a pause within speech", call(8000, 5, 8000, app.Span{Start: 1, End: 2}, app.Span{Start: 2.25, End: 3}), []app.Span{{Start: 1, End: 3}}},
		{"a pause between two turns", call(8000, 5, 8000, app.Span{Start: 1, End: 2}, app.Span{Start: 2.4, End: 3}), []app.Span{{Start: 1, End: 2}, {Start: 2.4, End: 3}}},
		{"a click", call(8000, 5, 8000, app.Span{Start: 1, End: 1.1}), nil},
		{"a click, then speech", call(8000, 5, 8000, app.Span{Start: 1, End: 1.1}, app.Span{Start: 3, End: 4}), []app.Span{{Start: 3, End: 4}}},
		{"a short yes", call(8000, 5, 8000, app.Span{Start: 1, End: 1.12}), []app.Span{{Start: 1, End: 1.12}}},
		{"to the very end", call(8000, 5, 8000, app.Span{Start: 4, End: 5}), []app.Span{{Start: 4, End: 5}}},
		{"hum under -50 dBFS", call(8000, 5, 100, app.Span{Start: 1, End: 4}), nil},
		{"noise of the line", call(8000, 5, 300, app.Span{Start: 0, End: 5}), nil},
		{"speech over noise", append(call(8000, 3, 300, app.Span{Start: 0, End: 3}), call(8000, 1, 8000, app.Span{Start: 0, End: 1})...), []app.Span{{Start: 3, End: 4}}},
		{"loud from end to end", call(8000, 5, 8000, app.Span{Start: 0, End: 5}), []app.Span{{Start: 0, End: 5}}},
		{"a rate that 50 does not divide", call(11025, 3, 8000, app.Span{Start: 1, End: 2}), []app.Span{{Start: 1, End: 2}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			rate := 8000
			if len(tt.in) == 3*11025 {
				rate = 11025
			}
			s := measure(t, pcm16(rate, 1, tt.in))
			is.Equal(len(s.Talk[0]), len(tt.want)) // so many turns
			for i, span := range tt.want {
				is.True(near(s.Talk[0][i].Start, span.Start, 0.021)) // each from here
				is.True(near(s.Talk[0][i].End, span.End, 0.021))     // to here
			}
		})
	}
}

func TestOverlapLeavesOutAShortYes(t *testing.T) {
	is := is.New(t)
	agent := call(8000, 10, 8000, app.Span{Start: 1, End: 8})
	customer := call(8000, 10, 8000, app.Span{Start: 2, End: 2.18}, app.Span{Start: 4, End: 5}, app.Span{Start: 7, End: 9})
	s := measure(t, pcm16(8000, 2, stereo(agent, customer)))
	is.Equal(len(s.Talk[1]), 3)       // the yes is speech
	is.True(near(s.Overlap, 2, 0.06)) // but no interruption
	mono := measure(t, pcm16(8000, 1, agent))
	is.Equal(mono.Overlap, 0.0) // one channel cannot overlap
}

func TestPeaks(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rate    int
		seconds float64
	}{
		{"shorter than a cell for each bucket", 8000, 0.05},
		{"short", 8000, 3},
		{"fills the cells exactly", 8000, 8.192},
		{"folded once", 8000, 9},
		{"folded often", 8000, 700},
		{"44.1 kHz", 44100, 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			n := int(tt.seconds * float64(tt.rate))
			samples := make([]int16, n)
			for i := range samples { // grows from silence to full scale, below zero
				samples[i] = int16(-32768 * i / n)
			}
			peaks := measure(t, pcm16(tt.rate, 1, samples)).Peaks[0]
			is.Equal(len(peaks), 800) // as many as are drawn
			for i, p := range peaks {
				is.True(near(float64(p), float64(i+1)/800, 0.004)) // each is its part's peak
			}
		})
	}
}

func TestPeaksOfAClick(t *testing.T) {
	is := is.New(t)
	samples := make([]int16, 8000*600)
	samples[len(samples)/2+8000] = -32768
	peaks := measure(t, pcm16(8000, 1, samples)).Peaks[0]
	var seen int
	for i, p := range peaks {
		if p > 0 {
			seen++
			is.Equal(p, float32(1))       // one sample at full scale is a peak of 1
			is.True(i >= 400 && i <= 402) // where it is
		}
	}
	is.True(seen == 1 || seen == 2) // and nowhere else
}

func TestSame(t *testing.T) {
	is := is.New(t)
	sound := call(8000, 2, 8000, app.Span{Start: 0, End: 1})
	is.True(measure(t, pcm16(8000, 2, stereo(sound, sound))).Same) // mono written twice
	other := append([]int16(nil), sound...)
	other[15_999]++
	is.True(!measure(t, pcm16(8000, 2, stereo(sound, other))).Same) // one sample makes two channels
	is.True(!measure(t, pcm16(8000, 1, sound)).Same)                // one channel is like no other
}

func TestMeasureBrokenFiles(t *testing.T) {
	is := is.New(t)
	file := pcm16(8000, 1, call(8000, 4, 8000, app.Span{Start: 0, End: 4}))

	s, err := audio.Measure(t.Context(), decoder(t, file[:len(file)/2]))
	is.True(errors.Is(err, audio.ErrTruncated)) // the missing half is reported
	is.True(near(s.Duration, 2, 0.01))          // and the other half measured

	for _, empty := range [][]byte{pcm16(8000, 1, nil), file[:44], file[:45]} {
		_, err = audio.Measure(t.Context(), decoder(t, empty))
		is.True(errors.Is(err, audio.ErrUnreadable)) // a file without sound is no recording
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = audio.Measure(ctx, decoder(t, file))
	is.True(errors.Is(err, context.Canceled)) // stops when asked to
}

func TestStatsAreValidJSON(t *testing.T) {
	for _, samples := range [][]int16{{0}, {-32768}, repeat(0, 159), repeat(32767, 161)} {
		is := is.New(t)
		s := measure(t, pcm16(8000, 1, samples))
		b, err := json.Marshal(s)
		is.NoErr(err) // no number that JSON has not, however short the sound
		var again app.AudioStats
		is.NoErr(json.Unmarshal(b, &again))
		is.Equal(again, s) // what is stored is what was measured
		for _, v := range []float64{s.SilenceRatio, s.TalkRatio[0]} {
			is.True(v >= 0 && v <= 1 && !math.IsNaN(v)) // shares are shares
		}
	}
}

// FuzzDecode throws any bytes at the decoders and everything that follows them.
func FuzzDecode(f *testing.F) {
	speech := call(8000, 3, 8000, app.Span{Start: 1, End: 2})
	f.Add(pcm16(8000, 2, stereo(speech, speech)))
	f.Add(gsm(randomBlocks(4), 1000))
	f.Add(wav{tag: 3, channels: 1, rate: 8000, bits: 64, data: floats64(1, 0, math.Inf(1))}.bytes())
	f.Add(wav{tag: 7, channels: 3, rate: 8000, bits: 8, before: chunk("LIST", []byte("odd")), data: make([]byte, 900), size: 0xFFFFFFFF}.bytes())
	f.Add(wav{data: []byte{1, 2}}.with(extensible(6, pcmGUID)))
	for _, name := range []string{"8000-mono.mp3", "12000-stereo.mp3", "44100-stereo-vbr.mp3", "mono-silk.opus", "mono-hybrid.opus", "stereo-celt.opus"} {
		file := fixture(f, name)
		f.Add(file[:min(len(file), 3000)])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		audio.Sniff(file)
		d, err := audio.NewDecoder(bytes.NewReader(file))
		if err != nil {
			return
		}
		s, err := audio.Measure(t.Context(), d)
		if err != nil && !errors.Is(err, audio.ErrTruncated) {
			return
		}
		if _, err := json.Marshal(s); err != nil {
			t.Fatal("statistics are no JSON:", err)
		}
		for c := range s.Talk {
			for _, p := range audio.Plan(s, c, 0) {
				checkCut(t, file, p)
			}
		}
		whole := readWAV(t, audio.NewWAV(decoder(t, file), s.Frames))
		if again := measure(t, whole); again.Frames != s.Frames {
			t.Fatalf("%d frames, written and read again %d", s.Frames, again.Frames)
		}
	})
}
