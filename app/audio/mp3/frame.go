// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "math"

// maxBack is how far before a frame its data may begin.
const maxBack = 511

func powers() (p [256]float32) {
	for i := range p {
		p[i] = float32(math.Pow(float64(i), 4.0/3))
	}
	return p
}

// frame decodes a frame and appends its sound to pcm.
func (d *Decoder) frame(h header, frame []byte) {
	at := headerSize
	if h.protected() {
		at += 2
	}
	end := min(len(frame), at+h.sideSize())
	d.side.read(h, frame[min(at, end):end])
	data, whole := d.collect(frame[end:])
	b := &bits{data: data}
	channels := h.channels()
	out := d.room(h.granules() * granuleSize * channels)
	for g := range h.granules() {
		if whole {
			d.granule(h, g, b)
		} else { // the frame before is not there: nothing to begin with
			d.lines = [2][granuleSize]float32{}
		}
		for c := range channels {
			d.subbands(&d.side.granules[g][c], c)
			d.synth.synthesize(c, &d.lines[c], out[c:], channels)
		}
		out = out[granuleSize*channels:]
	}
	skipped := min(d.skip, len(d.pcm))
	d.pcm, d.skip = d.pcm[skipped:], d.skip-skipped
}

// collect adds the data of a frame to the store and returns what the frame is to
// be read from; whole is false where it begins before what there is.
func (d *Decoder) collect(data []byte) (from []byte, whole bool) {
	if n := len(d.store); n > maxBack {
		d.store = d.store[:copy(d.store, d.store[n-maxBack:])]
	}
	begin := len(d.store) - d.side.back
	d.store = append(d.store, data...)
	if begin < 0 {
		return nil, false
	}
	return d.store[begin:], true
}

// granule reads the spectral lines of both channels.
func (d *Decoder) granule(h header, n int, b *bits) {
	for c := range h.channels() {
		g, s := &d.side.granules[n][c], &d.factors[n][c]
		*s = scaleFactors{}
		end := b.pos + g.length
		switch {
		case !h.mpeg1():
			s.readMPEG2(b, g, c == 1 && h.intensity())
		case n == 1:
			s.readMPEG1(b, g, &d.factors[0][c], d.side.share[c])
		default:
			s.readMPEG1(b, g, nil, d.side.share[c])
		}
		count := d.readValues(b, g, end, &d.values)
		b.pos = end
		d.dequantize(g, s, &d.values, count, &d.lines[c])
	}
	if h.channels() == 2 {
		d.stereo(h, &d.side.granules[n][1], &d.factors[n][1], &d.lines)
	}
	for c := range h.channels() {
		d.reorder(&d.side.granules[n][c], &d.lines[c])
	}
}

// subbands makes the samples of the subbands of a channel from its lines.
func (d *Decoder) subbands(g *granule, channel int) {
	lines := &d.lines[channel]
	used := granuleSize
	for used > 0 && lines[used-1] == 0 {
		used--
	}
	long := 0
	if g.short() && g.mixed {
		l := &d.layouts.mixed
		long = sum(l.widths[:l.long]) / perBand
	}
	d.hybrid.synthesize(g, channel, long, (used+perBand-1)/perBand, lines)
}

// room appends n samples to pcm and returns them.
func (d *Decoder) room(n int) []int16 {
	rest := copy(d.buf, d.pcm)
	if len(d.buf) < rest+n {
		d.buf = append(d.buf[:rest], make([]int16, n)...)
	}
	d.pcm = d.buf[:rest+n]
	return d.pcm[rest:]
}
