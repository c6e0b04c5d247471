// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "math"

// stereo makes left and right of two channels that share their data.
func (d *Decoder) stereo(h header, g *granule, right *scaleFactors, lines *[2][granuleSize]float32) {
	switch {
	case h.intensity():
		d.intensity(h, g, right, lines)
	case h.midSide():
		for i := range lines[0] {
			midSide(&lines[0][i], &lines[1][i])
		}
	}
}

func midSide(a, b *float32) {
	mid, side := *a, *b
	*a, *b = (mid+side)*(math.Sqrt2/2), (mid-side)*(math.Sqrt2/2)
}

// intensity places the bands above the last one that the right channel has of its
// own: they are in the left one, and the right one's scale factors are their
// positions.
func (d *Decoder) intensity(h header, g *granule, right *scaleFactors, lines *[2][granuleSize]float32) {
	l := d.layouts.of(g)
	top := topBands(l, &lines[1])
	pans := positions(h, l, right, top)
	at := 0
	for band, width := range l.widths {
		left, right := lines[0][at:at+width], lines[1][at:at+width]
		at += width
		switch {
		case band > top[band%3] && pans[band] != noPan:
			toLeft, toRight := pan(h, pans[band], g.compress&1 == 1)
			for i, v := range left {
				left[i], right[i] = toLeft*v, toRight*v
			}
		case h.midSide():
			for i := range left {
				midSide(&left[i], &right[i])
			}
		}
	}
}

// topBands returns the last band of each window that is not silent; of long
// blocks, the same three times.
func topBands(l *layout, lines *[granuleSize]float32) (top [3]int) {
	top = [3]int{-1, -1, -1}
	at := 0
	for band, width := range l.widths {
		for _, v := range lines[at : at+width] {
			if v != 0 {
				top[band%3] = band
				break
			}
		}
		at += width
	}
	if l.long > 0 {
		last := max(top[0], top[1], top[2])
		top = [3]int{last, last, last}
	}
	return top
}

// positions are those of the bands. The uppermost band, which has no scale factor,
// takes over that of the one below.
func positions(h header, l *layout, right *scaleFactors, top [3]int) [maxBands]int {
	pans := right.pans
	windows := 1
	if l.long < len(l.widths) {
		windows = 3
	}
	for w := range windows {
		last := len(l.widths) - windows + w
		below := last - windows
		switch {
		case top[w] < below:
			pans[last] = pans[below]
		case h.mpeg1():
			pans[last] = 3 // the middle
		default:
			pans[last] = 0
		}
	}
	return pans
}

// pan returns how much of a band goes to the left and to the right.
func pan(h header, position int, finer bool) (left, right float32) {
	if h.mpeg1() {
		ratio := math.Tan(float64(position) * math.Pi / 12)
		if position == 6 {
			return 1, 0
		}
		return float32(ratio / (1 + ratio)), float32(1 / (1 + ratio))
	}
	step := -0.25
	if finer {
		step = -0.5
	}
	less := float32(math.Exp2(step * float64((position+1)/2)))
	if position%2 == 1 {
		return less, 1
	}
	return 1, less
}
