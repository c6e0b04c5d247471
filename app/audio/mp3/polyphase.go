// Copyright 2017 Hajime Hoshi. Licensed under the Apache License, Version 2.0:
// see LICENSE. Changed for CRK: see mp3.go.

package mp3

import "math"

// A polyphase makes sound of the samples of 32 subbands. ISO 11172-3, figure A.2,
// with its matrix as a fast cosine transform.
type polyphase struct {
	halves [subbands]float32 // 1/(2·cos) of the transform's steps: of 2 from 1 on, of 4 from 2 on, …
	past   [2][16 * 64]float32
	at     [2]int // where the newest 64 of past begin
}

func newPolyphase() *polyphase {
	p := &polyphase{}
	for n := 2; n <= subbands; n *= 2 {
		for i := range n / 2 {
			p.halves[n/2+i] = float32(0.5 / math.Cos(math.Pi*(float64(i)+0.5)/float64(n)))
		}
	}
	return p
}

// synthesize makes 576 samples of a channel of what [hybrid.synthesize] gives, and
// writes each to out[i*stride].
func (p *polyphase) synthesize(channel int, lines *[granuleSize]float32, out []int16, stride int) {
	var in, scratch [subbands]float32
	for i := range perBand {
		for sb := range in {
			in[sb] = lines[sb*perBand+i]
		}
		p.cosines(in[:], scratch[:])
		p.remember(channel, &in)
		p.window(channel, out[i*subbands*stride:], stride)
	}
}

// cosines replaces v by its cosine transform (DCT-II), by Lee's method.
func (p *polyphase) cosines(v, scratch []float32) {
	n := len(v)
	if n == 1 {
		return
	}
	half := n / 2
	low, high, scale := scratch[:half], scratch[half:n], p.halves[half:n]
	for i := range half {
		a, b := v[i], v[n-1-i]
		low[i], high[i] = a+b, (a-b)*scale[i]
	}
	p.cosines(low, v[:half])
	p.cosines(high, v[half:])
	for i := range half - 1 {
		v[2*i], v[2*i+1] = low[i], high[i]+high[i+1]
	}
	v[n-2], v[n-1] = low[half-1], high[half-1]
}

// remember extends the transform to the 64 values of the standard's matrix.
func (p *polyphase) remember(channel int, c *[subbands]float32) {
	at := (p.at[channel] + 15*64) % (16 * 64)
	p.at[channel] = at
	v := p.past[channel][at : at+64]
	copy(v, c[16:])
	v[16], v[48] = 0, -c[0]
	for i := 1; i < 32; i++ {
		v[48-i] = -c[i]
	}
	for i := 1; i < 16; i++ {
		v[48+i] = -c[i]
	}
}

// window adds up the next 32 samples.
func (p *polyphase) window(channel int, out []int16, stride int) {
	var sum [subbands]float32
	past := &p.past[channel]
	for i := range 8 {
		near := (p.at[channel] + 128*i) % (16 * 64)
		far := (near + 96) % (16 * 64)
		a, b := past[near:near+32], past[far:far+32]
		wa, wb := synthesisWindow[64*i:64*i+32], synthesisWindow[64*i+32:64*i+64]
		for j := range sum {
			sum[j] += a[j]*wa[j] + b[j]*wb[j]
		}
	}
	for j, v := range sum {
		out[j*stride] = sample(v)
	}
}

// sample rounds to 16 bits.
func sample(v float32) int16 {
	v *= 32768
	switch {
	case v >= 32767:
		return 32767
	case v <= -32768:
		return -32768
	case v < 0:
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}
