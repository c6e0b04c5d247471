package audio

import (
	"errors"
	"io"
	"math"
)

// GSM 06.10 in WAV ("WAV49"): two frames of 160 samples packed into 65 bytes, the
// least significant bit first.
const (
	gsmBlock  = 65
	gsmFrames = 320
)

// A gsmSource decodes blocks. A part of a block at the end is dropped.
type gsmSource struct {
	in   io.Reader
	left int64 // frames still to give; negative: until the end
	dec  gsmDecoder
	raw  [gsmBlock]byte
	pcm  [gsmFrames]int16
	have int // samples at the end of pcm that were not given yet
}

func (g *gsmSource) read(p []int16) (int, error) {
	if g.left == 0 {
		return 0, io.EOF
	}
	if g.have == 0 {
		if _, err := io.ReadFull(g.in, g.raw[:]); errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, io.EOF
		} else if err != nil {
			return 0, err
		}
		bits := bitReader{b: g.raw[:]}
		for half := range 2 {
			g.dec.frame(&bits, g.pcm[half*160:][:160])
		}
		g.have = gsmFrames
	}
	n := copy(p, g.pcm[gsmFrames-g.have:])
	g.have -= n
	if g.left > 0 {
		n = int(min(int64(n), g.left))
		g.left -= int64(n)
	}
	return n, nil
}

// A bitReader reads numbers of a few bits, least significant first. There must be
// as many as are asked for.
type bitReader struct {
	b    []byte
	held uint
	n    int
}

func (r *bitReader) next(bits int) int16 {
	for r.n < bits && len(r.b) > 0 {
		r.held |= uint(r.b[0]) << r.n
		r.b = r.b[1:]
		r.n += 8
	}
	v := r.held & (1<<bits - 1)
	r.held >>= bits
	r.n -= bits
	return int16(v)
}

// A gsmDecoder is the full rate decoder of ETSI EN 300 961 (GSM 06.10). The names
// and the order of the operations are the standard's, whose 16-bit saturating
// arithmetic makes the result the same in every decoder, bit for bit.
type gsmDecoder struct {
	lar     [2][8]int16      // decoded log area ratios: of the frame before, of this one
	v       [9]int16         // state of the short term filter
	drp     [120 + 160]int16 // residual: of the three subframes before, then of this frame
	lag     int16            // of the subframe before
	msr     int16            // state of the de-emphasis
	started bool
}

// frame decodes 260 bits into 160 samples.
func (d *gsmDecoder) frame(bits *bitReader, out []int16) {
	if !d.started {
		d.started, d.lag = true, 40
	}
	d.readLAR(bits)
	for sub := range 4 {
		d.subframe(bits, 120+40*sub)
	}
	d.shortTerm(d.drp[120:], out)
	copy(d.drp[:120], d.drp[160:])
	for i, s := range out { // 4.3.5–4.3.7: de-emphasis, upscaling, truncation
		d.msr = addSat(s, mulRound(28180, d.msr))
		out[i] = addSat(d.msr, d.msr) &^ 7
	}
}

// readLAR decodes the coded log area ratios (4.2.8, table 4.1).
func (d *gsmDecoder) readLAR(bits *bitReader) {
	steps := [8]struct {
		bits             int
		b, mic, inverseA int16
	}{
		{6, 0, -32, 13107}, {6, 0, -32, 13107}, {5, 2048, -16, 13107}, {5, -2560, -16, 13107},
		{4, 94, -8, 19223}, {4, -1792, -8, 17476}, {3, -341, -4, 31454}, {3, -1144, -4, 29708},
	}
	d.lar[0] = d.lar[1]
	for i, s := range steps {
		t := (bits.next(s.bits) + s.mic) << 10
		t = mulRound(s.inverseA, subSat(t, s.b<<1))
		d.lar[1][i] = addSat(t, t)
	}
}

// subframe decodes 40 samples of the residual into drp[at:]: the pulses, and what
// the long term filter adds from up to 120 samples before (4.2.15–4.2.17, 4.3.1,
// 4.3.2).
func (d *gsmDecoder) subframe(bits *bitReader, at int) {
	gains := [4]int16{3277, 11469, 21299, 32767}
	lag, gain, grid, scale := bits.next(7), gains[bits.next(2)], int(bits.next(2)), bits.next(6)
	var pulses [40]int16
	exponent, mantissa := blockScale(scale)
	factor := [8]int16{18431, 20479, 22527, 24575, 26623, 28671, 30719, 32767}[mantissa]
	shift := 6 - exponent
	round := int16(1) << shift >> 1
	for i := range 13 {
		pulse := (bits.next(3)<<1 - 7) << 12
		pulses[grid+3*i] = addSat(mulRound(factor, pulse), round) >> shift
	}
	if lag < 40 || lag > 120 {
		lag = d.lag
	}
	d.lag = lag
	for k := range 40 {
		d.drp[at+k] = addSat(pulses[k], mulRound(gain, d.drp[at+k-int(lag)]))
	}
}

// blockScale splits the coded maximum of a block into exponent and mantissa
// (4.2.15).
func blockScale(coded int16) (exponent int, mantissa int16) {
	mantissa = coded
	if coded > 15 {
		exponent = int(coded>>3) - 1
		mantissa = coded - int16(exponent)<<3
	}
	if mantissa == 0 {
		return -4, 7
	}
	for ; mantissa <= 7; exponent-- {
		mantissa = mantissa<<1 | 1
	}
	return exponent, mantissa - 8
}

// shortTerm filters the residual with the log area ratios, which go from those of
// the frame before to this one's in three steps (4.2.9, 4.3.3, 4.3.4).
func (d *gsmDecoder) shortTerm(residual, out []int16) {
	before, now := &d.lar[0], &d.lar[1]
	for _, part := range [4]struct{ from, to int }{{0, 13}, {13, 27}, {27, 40}, {40, 160}} {
		var r [8]int16
		for i := range r {
			switch part.from {
			case 0:
				r[i] = addSat(addSat(before[i]>>2, now[i]>>2), before[i]>>1)
			case 13:
				r[i] = addSat(before[i]>>1, now[i]>>1)
			case 27:
				r[i] = addSat(addSat(before[i]>>2, now[i]>>2), now[i]>>1)
			case 40:
				r[i] = now[i]
			}
			r[i] = reflection(r[i])
		}
		d.lattice(&r, residual[part.from:part.to], out[part.from:part.to])
	}
}

// lattice runs the synthesis filter (4.3.4).
func (d *gsmDecoder) lattice(r *[8]int16, residual, out []int16) {
	v := d.v
	for k, s := range residual {
		for i := 7; i >= 0; i-- {
			s = subSat(s, mulRound(r[i], v[i]))
			v[i+1] = addSat(v[i], mulRound(r[i], s))
		}
		v[0] = s
		out[k] = s
	}
	d.v = v
}

// reflection turns a log area ratio into a reflection coefficient (4.2.9.2).
func reflection(lar int16) int16 {
	size := lar
	if lar < 0 {
		size = subSat(0, lar)
	}
	switch {
	case size < 11059:
		size <<= 1
	case size < 20070:
		size += 11059
	default:
		size = addSat(size>>2, 26112)
	}
	if lar < 0 {
		return -size
	}
	return size
}

func addSat(a, b int16) int16 { return saturate(int32(a) + int32(b)) }

func subSat(a, b int16) int16 { return saturate(int32(a) - int32(b)) }

// mulRound multiplies two fractions of 15 bits and rounds. Only -1 times -1 would
// not fit, and no coefficient of the standard, nor any that reflection returns, is -1.
func mulRound(coefficient, v int16) int16 {
	return int16((int32(coefficient)*int32(v) + 1<<14) >> 15)
}

func saturate(v int32) int16 { return int16(max(math.MinInt16, min(math.MaxInt16, v))) }
