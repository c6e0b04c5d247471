package audio_test

import (
	"bytes"
	"math"
	"strconv"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/audio"
)

// tones is a stereo file of that many frames: a tone on the left, another on the
// right.
func tones(rate, frames int, left, right float64) []byte {
	s := make([]int16, 0, 2*frames)
	for i := range frames {
		at := 2 * math.Pi * float64(i) / float64(rate)
		s = append(s, int16(10_000*math.Sin(left*at)), int16(10_000*math.Sin(right*at)))
	}
	return pcm16(rate, 2, s)
}

func TestCutThinsHighRates(t *testing.T) {
	for _, tt := range []struct{ rate, want int }{
		{8000, 8000}, {16000, 16000}, {22050, 22050}, {24000, 24000}, {32000, 16000}, {44100, 22050}, {48000, 16000}, {96000, 16000},
	} {
		t.Run(strconv.Itoa(tt.rate), func(t *testing.T) {
			is := is.New(t)
			high := float64(tt.want) * 0.7 // would be heard as another tone where it is not filtered out
			if tt.rate == tt.want {
				high = 100
			}
			file := tones(tt.rate, 2*tt.rate, 1000, high)
			span := []app.Span{{Start: 0.5, End: 1.25}, {Start: 1.5, End: 2}}
			info, got, err := decode(t, readWAV(t, audio.Cut(decoder(t, file), audio.Piece{Channel: 0, Spans: span})))
			is.NoErr(err)
			is.Equal(info.Rate, tt.want)
			is.True(len(got) >= tt.want*5/4 && len(got) <= tt.want*5/4+1) // half a frame is rounded
			want := make([]int16, tt.want*3/4)
			for i := range want {
				want[i] = int16(10_000 * math.Sin(2*math.Pi*1000*(float64(i)/float64(tt.want)+0.5)))
			}
			is.True(likeness(t, got[:len(want)], want) > 50) // the same tone, at the same time
			_, got, err = decode(t, readWAV(t, audio.Cut(decoder(t, file), audio.Piece{Channel: 1, Spans: span})))
			is.NoErr(err)
			if tt.rate > tt.want {
				is.True(loudness(got) < 20) // what does not fit is gone
			}
		})
	}
}

func TestThinnedToTheLastFrame(t *testing.T) {
	is := is.New(t)
	for frames := range 200 {
		file := pcm16(48000, 1, repeat(1000, frames+1))
		n := (frames + 3) / 3
		span := []app.Span{{Start: 0, End: float64(n) / 16000}}
		wav := audio.Cut(decoder(t, file), audio.Piece{Spans: span})
		is.Equal(len(readWAV(t, wav)), 44+2*n) // a part of a last frame counts
	}
	_, err := bytes.NewBuffer(nil).ReadFrom(audio.Cut(decoder(t, pcm16(48000, 1, repeat(1, 99))), audio.Piece{Spans: []app.Span{{Start: 0, End: 1}}}))
	is.True(err != nil) // and there is nothing beyond
}
