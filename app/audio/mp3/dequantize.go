// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "math"

// dequantize makes spectral lines of the values of a granule: each to the power of
// 4/3, times what its band's scale factor says.
func (d *Decoder) dequantize(g *granule, s *scaleFactors, values *[granuleSize]int32, count int, lines *[granuleSize]float32) {
	l := d.layouts.of(g)
	at := 0
	for band, width := range l.widths {
		if at >= count {
			break
		}
		gain := float32(math.Exp2(exponent(l, g, s, band) / 4))
		for i := at; i < at+width; i++ {
			lines[i] = gain * d.power(values[i])
		}
		at += width
	}
	clear(lines[min(at, granuleSize):])
}

// exponent is the logarithm of a band's gain, in quarters of a power of two.
func exponent(l *layout, g *granule, s *scaleFactors, band int) float64 {
	factor := s.values[band]
	base := g.gain - 210
	if band >= l.long {
		base -= 8 * g.windowGain[(band-l.long)%3]
	} else if g.preEmphasis && !g.short() {
		factor += [22]int{11: 1, 1, 1, 1, 2, 2, 3, 3, 3, 2}[band]
	}
	step := 2
	if g.coarse {
		step = 4
	}
	return float64(base - step*factor)
}

// power returns v to the power of 4/3, with v's sign.
func (d *Decoder) power(v int32) float32 {
	switch {
	case v < 0:
		return -d.power(-v)
	case int(v) < len(d.powers):
		return d.powers[v]
	}
	return float32(math.Pow(float64(v), 4.0/3))
}

// reorder puts the lines of short blocks, which come window after window, next to
// each other by frequency.
func (d *Decoder) reorder(g *granule, lines *[granuleSize]float32) {
	if !g.short() {
		return
	}
	l := d.layouts.of(g)
	at := 0
	for _, w := range l.widths[:l.long] {
		at += w
	}
	var sorted [granuleSize]float32
	for band := l.long; band < len(l.widths); band += 3 {
		w := l.widths[band]
		from, to := lines[at:at+3*w], sorted[at:at+3*w]
		for i := range w {
			to[3*i], to[3*i+1], to[3*i+2] = from[i], from[w+i], from[2*w+i]
		}
		at += 3 * w
	}
	start := granuleSize - sum(l.widths[l.long:])
	copy(lines[start:], sorted[start:])
}

func sum(widths []int) (n int) {
	for _, w := range widths {
		n += w
	}
	return n
}
