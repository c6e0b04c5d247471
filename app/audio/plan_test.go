package audio_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
)

// talking is what Measure says of a channel with these turns.
func talking(duration float64, turns ...app.Span) app.AudioStats {
	s := app.AudioStats{SampleRate: 8000, Duration: duration, Talk: [][]app.Span{turns}}
	for _, t := range turns {
		s.Sound += t.End - t.Start
	}
	return s
}

// turns are speech of the given length with the given pause after each.
func turns(n int, speech, pause float64) (out []app.Span) {
	for i := range n {
		at := float64(i) * (speech + pause)
		out = append(out, app.Span{Start: at, End: at + speech})
	}
	return out
}

func TestPlan(t *testing.T) {
	minute := time.Minute
	for _, tt := range []struct {
		name   string
		stats  app.AudioStats
		target time.Duration
		want   []audio.Piece
	}{
		{"nobody speaks", talking(60), minute, nil},
		{"under a second of sound", talking(60, app.Span{Start: 3, End: 3.9}), minute, nil},
		{"one turn", talking(60, app.Span{Start: 3, End: 5}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 2.7, End: 5.3}}}}},
		{"at the edges", talking(10, app.Span{Start: 0, End: 10}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 10}}}}},
		{"a pause of two seconds stays", talking(60, app.Span{Start: 1, End: 5}, app.Span{Start: 7, End: 9}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0.7, End: 9.3}}}}},
		{"a longer one is left out", talking(60, app.Span{Start: 1, End: 5}, app.Span{Start: 7.1, End: 9}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0.7, End: 5.3}, {Start: 6.8, End: 9.3}}}}},
		{"just over the target is one piece", talking(100, app.Span{Start: 10, End: 88}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 9.7, End: 88.3}}}}},
		{"cut at the pause nearest to the target", talking(200, app.Span{Start: 0, End: 45}, app.Span{Start: 46, End: 55}, app.Span{Start: 56, End: 110}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 55.5}}}, {Spans: []app.Span{{Start: 55.5, End: 110.3}}}}},
		{"a pause after the target", talking(200, app.Span{Start: 0, End: 63}, app.Span{Start: 63.4, End: 110}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 63.2}}}, {Spans: []app.Span{{Start: 63.2, End: 110.3}}}}},
		{"a pause too short for a cut", talking(200, app.Span{Start: 0, End: 62.7}, app.Span{Start: 63, End: 110}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 60}}}, {Spans: []app.Span{{Start: 58, End: 110.3}}, Overlap: 2}}},
		{"pauses too far from the target", talking(200, app.Span{Start: 0, End: 30}, app.Span{Start: 31, End: 110}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 60}}}, {Spans: []app.Span{{Start: 58, End: 110.3}}, Overlap: 2}}},
		{"cut in a silence that is left out", talking(300, app.Span{Start: 0, End: 50}, app.Span{Start: 100, End: 150}), minute,
			[]audio.Piece{{Spans: []app.Span{{Start: 0, End: 50.3}}}, {Spans: []app.Span{{Start: 99.7, End: 150.3}}}}},
		{"no channel of that number", app.AudioStats{SampleRate: 8000, Sound: 9}, minute, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(audio.Plan(tt.stats, 0, tt.target), tt.want) // these pieces
		})
	}
}

func TestPlanKeepsSpeechAndBounds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		turns   []app.Span
		rate    int
		target  time.Duration
		longest float64 // seconds of a piece
	}{
		{"two hours of turns", turns(1000, 5, 2.2), 8000, 10 * time.Minute, 620},
		{"two hours without a breath", turns(1, 7200, 0), 8000, 10 * time.Minute, 620},
		{"an hour of short turns", turns(1200, 1, 2), 8000, 5 * time.Minute, 320},
		{"24 kHz: 20 MB come first", turns(300, 8, 0.5), 24000, 10 * time.Minute, 416.7},
		{"no target", turns(100, 5, 1), 8000, 0, 42},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			stats := talking(tt.turns[len(tt.turns)-1].End, tt.turns...)
			stats.SampleRate = tt.rate
			pieces := audio.Plan(stats, 0, tt.target)
			var sent []app.Span
			for _, p := range pieces {
				is.True(p.Duration() <= tt.longest+0.01)           // no piece is longer
				is.True(p.Duration()*float64(tt.rate)*2 <= 20.1e6) // nor larger
				sent = append(sent, p.Spans...)
			}
			for _, turn := range tt.turns {
				is.True(covered(turn, sent)) // every word is sent
			}
		})
	}
}

// covered reports whether a turn lies within the spans, which may meet or overlap.
func covered(turn app.Span, spans []app.Span) bool {
	at := turn.Start
	for _, s := range spans {
		if s.Start <= at+0.002 && s.End > at {
			at = s.End
		}
	}
	return at >= turn.End-0.002
}

func TestInCall(t *testing.T) {
	p := audio.Piece{Spans: []app.Span{{Start: 10, End: 14}, {Start: 30, End: 33}, {Start: 50, End: 51}}}
	for _, tt := range []struct {
		name     string
		in, want app.Span
	}{
		{"first stretch", app.Span{Start: 1, End: 2}, app.Span{Start: 11, End: 12}},
		{"second stretch", app.Span{Start: 4.5, End: 6}, app.Span{Start: 30.5, End: 32}},
		{"over a seam", app.Span{Start: 3, End: 5}, app.Span{Start: 13, End: 31}},
		{"ends at a seam", app.Span{Start: 3, End: 4}, app.Span{Start: 13, End: 14}},
		{"begins at a seam", app.Span{Start: 4, End: 5}, app.Span{Start: 30, End: 31}},
		{"all of it", app.Span{Start: 0, End: 8}, app.Span{Start: 10, End: 51}},
		{"beyond the end", app.Span{Start: 7.5, End: 60}, app.Span{Start: 50.5, End: 51}},
		{"wholly beyond the end", app.Span{Start: 20, End: 60}, app.Span{Start: 51, End: 51}},
		{"before the beginning", app.Span{Start: -3, End: 1}, app.Span{Start: 10, End: 11}},
		{"turned round", app.Span{Start: 5, End: 1}, app.Span{Start: 31, End: 31}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(p.InCall(tt.in), tt.want) // where it is in the call
		})
	}
	is := is.New(t)
	is.Equal(p.Duration(), 8.0) // silence between the stretches is not counted
}

// readWAV reads a file and checks that it is as long as it said.
func readWAV(t testing.TB, w *audio.WAV) []byte {
	t.Helper()
	file, err := io.ReadAll(w)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(file)) != w.Size() {
		t.Fatalf("file of %d bytes said that it has %d", len(file), w.Size())
	}
	return file
}

// checkCut compares a piece with the samples it is of.
func checkCut(t testing.TB, file []byte, p audio.Piece) {
	t.Helper()
	info, all, err := decode(t, file)
	if err != nil && !errors.Is(err, audio.ErrTruncated) {
		t.Fatal(err)
	}
	var want []int16
	for _, s := range p.Spans {
		from := int(math.Round(s.Start * float64(info.Rate)))
		to := int(math.Round(s.End * float64(info.Rate)))
		for i := from; i < to; i++ {
			want = append(want, all[i*info.Channels+p.Channel])
		}
	}
	cut := readWAV(t, audio.Cut(decoder(t, file), p))
	got, samples, err := decode(t, cut)
	if err != nil {
		t.Fatal(err)
	}
	if got.Rate != info.Rate || got.Channels != 1 || !slices.Equal(samples, want) {
		t.Fatalf("piece %v: %d frames of %d Hz, want %d of %d Hz or other samples", p, len(samples), got.Rate, len(want), info.Rate)
	}
}

func TestCut(t *testing.T) {
	is := is.New(t)
	left := call(8000, 30, 8000, app.Span{Start: 2, End: 6}, app.Span{Start: 20, End: 22})
	right := call(8000, 30, 3000, app.Span{Start: 6, End: 19})
	file := pcm16(8000, 2, stereo(left, right))
	stats := measure(t, file)
	for channel := range 2 {
		pieces := audio.Plan(stats, channel, time.Minute)
		is.Equal(len(pieces), 1)
		checkCut(t, file, pieces[0]) // the stretches of that channel and nothing else
	}
	first := audio.Plan(stats, 0, time.Minute)[0]
	is.True(near(first.Duration(), 7.2, 0.1)) // with the silence left out
	silent := audio.Plan(measure(t, pcm16(8000, 1, make([]int16, 80_000))), 0, time.Minute)
	is.Equal(len(silent), 0) // of a silent call nothing is cut
}

func TestCutToTheLastFrame(t *testing.T) {
	is := is.New(t)
	for frames := 16_000; frames < 16_020; frames++ { // which end between two milliseconds
		file := pcm16(8000, 1, repeat(9000, frames))
		pieces := audio.Plan(measure(t, file), 0, time.Minute)
		is.Equal(len(pieces), 1)
		checkCut(t, file, pieces[0])                               // no piece reaches beyond the sound
		is.True(pieces[0].Duration() > float64(frames)/8000-0.001) // nor leaves out more than a millisecond
	}
}

func TestCutWhereTheSoundIsMissing(t *testing.T) {
	is := is.New(t)
	file := pcm16(8000, 1, repeat(100, 8000))
	for _, p := range []audio.Piece{
		{Spans: []app.Span{{Start: 0.5, End: 1.5}}}, // beyond the end
		{Spans: []app.Span{{Start: 3, End: 4}}},     // wholly so
	} {
		_, err := io.ReadAll(audio.Cut(decoder(t, file), p))
		is.True(errors.Is(err, io.ErrUnexpectedEOF)) // a piece that cannot be whole is an error
	}
}

func TestNewWAV(t *testing.T) {
	for _, tt := range []struct {
		name string
		file []byte
	}{
		{"GSM", gsm(randomBlocks(50), 15_900)},
		{"stereo", pcm16(16000, 2, stereo(repeat(7, 9000), repeat(-7, 9000)))},
		{"live µ-law", wav{tag: 7, channels: 1, rate: 8000, bits: 8, data: make([]byte, 5001), size: 0xFFFFFFFF}.bytes()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			info, want, err := decode(t, tt.file)
			is.NoErr(err)
			var out bytes.Buffer
			is.NoErr(audio.WritePCM16WAV(&out, decoder(t, tt.file), measure(t, tt.file).Frames))
			got, samples, err := decode(t, out.Bytes())
			is.NoErr(err)
			is.Equal(got.Codec, "pcm")            // which browsers play
			is.Equal(got.Rate, info.Rate)         // at the same rate
			is.Equal(got.Channels, info.Channels) // with the same channels
			is.True(slices.Equal(samples, want))  // and the same sound
		})
	}
}
