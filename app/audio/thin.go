package audio

import (
	"errors"
	"io"
	"math"
)

// speechRate is a rate that loses nothing of speech, and that recognisers work at.
const speechRate = 16_000

// thinning is by how much the rate of sound may be divided that is sent to be
// transcribed: requests that are a third as long.
func thinning(rate int) int { return max(1, rate/speechRate) }

// thin returns the sound of d, which must be unread, at a fraction of its rate.
func thin(d *Decoder) *Decoder {
	factor := thinning(d.info.Rate)
	if factor == 1 {
		return d
	}
	taps := lowPass(factor)
	info := d.info
	info.Rate /= factor
	info.Frames = -1
	return &Decoder{info: info, left: d.left, src: &thinned{
		d: d, factor: factor, taps: taps, in: make([]int16, len(taps)/2*info.Channels), // silence before the sound
	}}
}

// lowPass is a filter that lets pass what fits into a fraction of the rate: a sinc
// in a Hann window, symmetric, so that nothing is delayed.
func lowPass(factor int) []float32 {
	half := 16 * factor
	taps := make([]float32, 2*half+1)
	var sum float64
	weights := make([]float64, len(taps))
	for i := range taps {
		x := float64(i - half)
		w := 1.0
		if x != 0 {
			at := math.Pi * x * 0.92 / float64(factor)
			w = math.Sin(at) / at
		}
		weights[i] = w * (0.5 + 0.5*math.Cos(math.Pi*x/float64(half+1)))
		sum += weights[i]
	}
	for i, w := range weights {
		taps[i] = float32(w / sum)
	}
	return taps
}

// A thinned source gives every so-many-th frame of what is left of a sound by a
// low-pass filter.
type thinned struct {
	d      *Decoder
	factor int
	taps   []float32
	in     []int16 // from the first frame on that the next one is made of
	err    error   // of d
}

func (t *thinned) read(p []int16) (int, error) {
	channels := t.d.info.Channels
	want := min(len(p)/channels, 1024)
	t.fill(((want-1)*t.factor + len(t.taps)) * channels)
	ready := 0
	if have := len(t.in) / channels; have >= len(t.taps) {
		ready = min(want, (have-len(t.taps))/t.factor+1)
	}
	for i := range ready {
		for c := range channels {
			p[i*channels+c] = t.frame(i*t.factor*channels+c, channels)
		}
	}
	t.in = t.in[:copy(t.in, t.in[min(len(t.in), ready*t.factor*channels):])]
	if ready == 0 {
		return 0, t.err
	}
	return ready * channels, nil
}

// fill reads until there are n samples or the sound ends, after which there is
// silence.
func (t *thinned) fill(n int) {
	for len(t.in) < n && t.err == nil {
		var more [4096]int16
		got, err := t.d.Read(more[:])
		t.in = append(t.in, more[:got]...)
		if t.err = err; errors.Is(err, io.EOF) || errors.Is(err, ErrTruncated) {
			t.in = append(t.in, make([]int16, len(t.taps)/2*t.d.info.Channels)...)
		}
	}
}

// frame is the filter's output for the sample that is in the middle of it.
func (t *thinned) frame(at, stride int) int16 {
	var sum float32
	for i, w := range t.taps {
		sum += w * float32(t.in[at+i*stride])
	}
	return int16(max(-32768, min(32767, math.Round(float64(sum)))))
}
