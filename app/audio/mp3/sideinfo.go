// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

// A granule is the side information of 576 samples of one channel.
type granule struct {
	length      int // bits of the scale factors and the values
	bigValues   int // pairs
	gain        int
	compress    int // how long the scale factors are
	switched    bool
	block       int // 0 long, 1 start, 2 short, 3 stop
	mixed       bool
	tables      [3]int
	windowGain  [3]int
	regions     [2]int // bands of the first two regions, as they are counted in the file
	preEmphasis bool
	coarse      bool // scale factors count double
	smallTable  int
}

// short reports whether the values are those of three short blocks.
func (g *granule) short() bool { return g.block == 2 }

// A sideInfo says how the data of a frame is to be read.
type sideInfo struct {
	back     int // bytes before the frame where its data begins
	share    [2][4]bool
	granules [2][2]granule // of a frame, of a channel
}

// read reads the side information that follows the header (and its checksum).
func (s *sideInfo) read(h header, data []byte) {
	b := &bits{data: data}
	*s = sideInfo{}
	channels := h.channels()
	if h.mpeg1() {
		s.back = b.take(9)
		b.take(7 - 2*channels) // private bits
		for c := range channels {
			for i := range s.share[c] {
				s.share[c][i] = b.bit() == 1
			}
		}
	} else {
		s.back = b.take(8)
		b.take(channels)
	}
	for g := range h.granules() {
		for c := range channels {
			s.granules[g][c].read(h, b)
		}
	}
}

func (g *granule) read(h header, b *bits) {
	g.length = b.take(12)
	g.bigValues = min(b.take(9), granuleSize/2)
	g.gain = b.take(8)
	if h.mpeg1() {
		g.compress = b.take(4)
	} else {
		g.compress = b.take(9)
	}
	if g.switched = b.bit() == 1; g.switched {
		g.block = b.take(2)
		g.mixed = b.bit() == 1
		g.tables[0], g.tables[1] = b.take(5), b.take(5)
		for i := range g.windowGain {
			g.windowGain[i] = b.take(3)
		}
	} else {
		for i := range g.tables {
			g.tables[i] = b.take(5)
		}
		g.regions[0], g.regions[1] = b.take(4), b.take(3)
	}
	if h.mpeg1() {
		g.preEmphasis = b.bit() == 1
	}
	g.coarse = b.bit() == 1
	g.smallTable = b.bit()
}
