// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "math"

const (
	subbands = 32
	perBand  = 18 // lines of a subband in a granule
)

// A hybrid makes samples of subbands from spectral lines, by an inverse modified
// cosine transform whose halves overlap.
type hybrid struct {
	long     [18][18]float32 // cosines of the half of the outputs that are not mirrored
	short    [12][6]float32
	windows  [4][36]float32
	cs, ca   [8]float32
	overlaps [2][subbands][perBand]float32
}

func newHybrid() *hybrid {
	h := &hybrid{}
	for i := range h.long {
		p := i // of outputs 0 to 8 and 18 to 26; see transformLong
		if i >= 9 {
			p = i + 9
		}
		for k := range h.long[i] {
			h.long[i][k] = float32(math.Cos(math.Pi / 72 * float64((2*p+19)*(2*k+1))))
		}
	}
	for p := range h.short {
		for k := range h.short[p] {
			h.short[p][k] = float32(math.Cos(math.Pi / 24 * float64((2*p+7)*(2*k+1))))
		}
	}
	for i := range 36 {
		long := float32(math.Sin(math.Pi / 36 * (float64(i) + 0.5)))
		steep := float32(math.Sin(math.Pi / 12 * (float64(i) + 0.5)))
		h.windows[0][i] = long
		switch {
		case i < 18:
			h.windows[1][i] = long
		case i < 24:
			h.windows[1][i] = 1
		case i < 30:
			h.windows[1][i] = float32(math.Sin(math.Pi / 12 * (float64(i-18) + 0.5)))
		}
		h.windows[3][35-i] = h.windows[1][i]
		if i < 12 {
			h.windows[2][i] = steep
		}
	}
	for i, c := range [8]float64{-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037} {
		h.cs[i], h.ca[i] = float32(1/math.Sqrt(1+c*c)), float32(c/math.Sqrt(1+c*c))
	}
	return h
}

// antialias undoes the mixing of neighbouring subbands, of the first n of them.
func (h *hybrid) antialias(lines *[granuleSize]float32, n int) {
	for sb := 1; sb < n; sb++ {
		for i := range h.cs {
			low, high := &lines[perBand*sb-1-i], &lines[perBand*sb+i]
			*low, *high = *low*h.cs[i]-*high*h.ca[i], *high*h.cs[i]+*low*h.ca[i]
		}
	}
}

// synthesize replaces the lines of a channel by the samples of its subbands: 18
// of the first one, 18 of the second one and so on. long says how many subbands of
// a granule with short blocks are of a long one; used, of how many subbands some
// lines are not 0.
func (h *hybrid) synthesize(g *granule, channel, long, used int, lines *[granuleSize]float32) {
	if g.short() {
		h.antialias(lines, long)
	} else {
		h.antialias(lines, subbands)
	}
	for sb := range subbands {
		overlap := &h.overlaps[channel][sb]
		band := (*[perBand]float32)(lines[sb*perBand:])
		if sb > used {
			*band, *overlap = *overlap, [perBand]float32{}
		} else {
			block := g.block
			if sb < long {
				block = 0
			}
			h.transform(block, band, overlap)
		}
		if sb%2 == 1 { // every other subband is mirrored
			for i := 1; i < perBand; i += 2 {
				band[i] = -band[i]
			}
		}
	}
}

// transform replaces the lines of a subband by its samples, adding the second half
// of what the block before gave.
func (h *hybrid) transform(block int, band, overlap *[perBand]float32) {
	var out [36]float32
	if block == 2 {
		h.transformShort(band, &out)
	} else {
		h.transformLong(&h.windows[block], band, &out)
	}
	for i := range band {
		band[i] = out[i] + overlap[i]
		overlap[i] = out[perBand+i]
	}
}

// transformLong calculates half of the outputs: the first quarter is mirrored with
// its sign changed, the third one as it is.
func (h *hybrid) transformLong(window *[36]float32, in *[perBand]float32, out *[36]float32) {
	for i := range 9 {
		var a, b float32
		for k, v := range in {
			a += v * h.long[i][k]
			b += v * h.long[i+9][k]
		}
		out[i], out[17-i] = a*window[i], -a*window[17-i]
		out[18+i], out[35-i] = b*window[18+i], b*window[35-i]
	}
}

func (h *hybrid) transformShort(in *[perBand]float32, out *[36]float32) {
	for w := range 3 {
		for p := range h.short {
			var a float32
			for k, c := range h.short[p] {
				a += in[w+3*k] * c
			}
			out[6+6*w+p] += a * h.windows[2][p]
		}
	}
}
