// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

const maxBands = 39 // 13 bands of three windows each

// A layout is how the 576 values of a granule fall into scale factor bands.
type layout struct {
	widths []int
	long   int // so many of them are of long blocks, the rest of three windows each
}

// layouts are those of one sample rate.
type layouts struct{ long, short, mixed layout }

// newLayouts makes the layouts of ISO 11172-3, table B.8, and ISO 13818-3, table
// B.2; those of MPEG 2.5 are of Fraunhofer's encoder. In a mixed block the lowest
// values are of a long one, up to where the fourth band of short ones begins.
func newLayouts(h header) layouts {
	long, short := bandWidths(h)
	l := layouts{long: layout{widths: long[:], long: len(long)}}
	for _, w := range short {
		l.short.widths = append(l.short.widths, w, w, w)
	}
	for at := 0; at < 3*(short[0]+short[1]+short[2]); l.mixed.long++ {
		at += long[l.mixed.long]
	}
	l.mixed.widths = append(append([]int{}, long[:l.mixed.long]...), l.short.widths[9:]...)
	return l
}

// of returns the layout of a granule.
func (l *layouts) of(g *granule) *layout {
	switch {
	case !g.short():
		return &l.long
	case g.mixed:
		return &l.mixed
	}
	return &l.short
}

// regions returns where the second and the third region of the big values begin.
func (l *layouts) regions(g *granule) (second, third int) {
	if !g.switched {
		return l.longStart(g.regions[0] + 1), l.longStart(g.regions[0] + g.regions[1] + 2)
	}
	if g.short() {
		for _, w := range l.short.widths[:9] {
			second += w
		}
		return second, granuleSize
	}
	return l.longStart(8), granuleSize
}

// longStart is where a long band begins.
func (l *layouts) longStart(band int) (at int) {
	for _, w := range l.long.widths[:min(band, len(l.long.widths))] {
		at += w
	}
	return at
}

func bandWidths(h header) (long [22]int, short [13]int) {
	switch h.rate() {
	case 44100:
		return [22]int{4, 4, 4, 4, 4, 4, 6, 6, 8, 8, 10, 12, 16, 20, 24, 28, 34, 42, 50, 54, 76, 158},
			[13]int{4, 4, 4, 4, 6, 8, 10, 12, 14, 18, 22, 30, 56}
	case 48000:
		return [22]int{4, 4, 4, 4, 4, 4, 6, 6, 6, 8, 10, 12, 16, 18, 22, 28, 34, 40, 46, 54, 54, 192},
			[13]int{4, 4, 4, 4, 6, 6, 10, 12, 14, 16, 20, 26, 66}
	case 32000:
		return [22]int{4, 4, 4, 4, 4, 4, 6, 6, 8, 10, 12, 16, 20, 24, 30, 38, 46, 56, 68, 84, 102, 26},
			[13]int{4, 4, 4, 4, 6, 8, 12, 16, 20, 26, 34, 42, 12}
	case 22050:
		return [22]int{6, 6, 6, 6, 6, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 38, 46, 52, 60, 68, 58, 54},
			[13]int{4, 4, 4, 6, 6, 8, 10, 14, 18, 26, 32, 42, 18}
	case 24000:
		return [22]int{6, 6, 6, 6, 6, 6, 8, 10, 12, 14, 16, 18, 22, 26, 32, 38, 46, 54, 62, 70, 76, 36},
			[13]int{4, 4, 4, 6, 8, 10, 12, 14, 18, 24, 32, 44, 12}
	case 8000:
		return [22]int{12, 12, 12, 12, 12, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 76, 90, 2, 2, 2, 2, 2},
			[13]int{8, 8, 8, 12, 16, 20, 24, 28, 36, 2, 2, 2, 26}
	}
	return [22]int{6, 6, 6, 6, 6, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32, 38, 46, 52, 60, 68, 58, 54}, // 16, 12 and 11.025 kHz
		[13]int{4, 4, 4, 6, 8, 10, 12, 14, 18, 24, 30, 40, 18}
}
