// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

// noPan marks a band whose position between the channels is none.
const noPan = -1

// scaleFactors are those of one granule of one channel, in the order of its
// layout's bands. In the right channel of intensity stereo they are positions.
type scaleFactors struct {
	values [maxBands]int
	pans   [maxBands]int
}

// readMPEG1 reads the scale factors of a granule of MPEG 1. first are those of the
// frame's first granule, of which the second one may share parts.
func (s *scaleFactors) readMPEG1(b *bits, g *granule, first *scaleFactors, share [4]bool) {
	lengths := [16][2]int{
		{0, 0}, {0, 1}, {0, 2}, {0, 3}, {3, 0}, {1, 1}, {1, 2}, {1, 3},
		{2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}, {4, 2}, {4, 3},
	}[g.compress]
	groups := [4]int{6, 5, 5, 5}
	switch {
	case g.short() && g.mixed:
		groups, share = [4]int{8, 9, 18, 0}, [4]bool{}
	case g.short():
		groups, share = [4]int{9, 9, 18, 0}, [4]bool{}
	}
	if first == nil {
		share = [4]bool{}
	}
	at := 0
	for i, n := range groups {
		for range n {
			if share[i] {
				s.values[at] = first.values[at]
			} else {
				s.values[at] = b.take(lengths[i/2])
			}
			at++
		}
	}
	for i, v := range s.values {
		if s.pans[i] = v; v >= 7 {
			s.pans[i] = noPan
		}
	}
}

// readMPEG2 reads the scale factors of a granule of MPEG 2 and 2.5, and sets its
// pre-emphasis. ISO 13818-3, 2.4.3.2.
func (s *scaleFactors) readMPEG2(b *bits, g *granule, positions bool) {
	lengths, row := lengthsMPEG2(g, positions)
	sizes := [3][6][4]int{
		{{6, 5, 5, 5}, {6, 5, 7, 3}, {11, 10, 0, 0}, {7, 7, 7, 0}, {6, 6, 6, 3}, {8, 8, 5, 0}},
		{{9, 9, 9, 9}, {9, 9, 12, 6}, {18, 18, 0, 0}, {12, 12, 12, 0}, {12, 9, 9, 6}, {15, 12, 9, 0}},
		{{6, 9, 9, 9}, {6, 9, 12, 6}, {15, 18, 0, 0}, {6, 15, 12, 0}, {6, 12, 9, 6}, {6, 18, 9, 0}},
	}[kindOf(g)][row]
	at := 0
	for i, n := range sizes {
		for range n {
			v := b.take(lengths[i])
			s.values[at], s.pans[at] = v, v
			if positions && lengths[i] > 0 && v == 1<<lengths[i]-1 {
				s.pans[at] = noPan
			}
			at++
		}
	}
}

// kindOf tells long, short and mixed blocks.
func kindOf(g *granule) int {
	switch {
	case !g.short():
		return 0
	case !g.mixed:
		return 1
	}
	return 2
}

// lengthsMPEG2 takes apart the number that holds the lengths of four groups.
func lengthsMPEG2(g *granule, positions bool) (lengths [4]int, row int) {
	c := g.compress
	if positions {
		switch c >>= 1; {
		case c < 180:
			return [4]int{c / 36, c % 36 / 6, c % 6}, 3
		case c < 244:
			c -= 180
			return [4]int{c >> 4, c >> 2 & 3, c & 3}, 4
		}
		c -= 244
		return [4]int{c / 3, c % 3}, 5
	}
	switch {
	case c < 400:
		return [4]int{(c >> 4) / 5, (c >> 4) % 5, c >> 2 & 3, c & 3}, 0
	case c < 500:
		c -= 400
		return [4]int{(c >> 2) / 5, (c >> 2) % 5, c & 3}, 1
	}
	g.preEmphasis = true
	c -= 500
	return [4]int{c / 3, c % 3}, 2
}
