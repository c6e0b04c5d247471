package demo

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"crk/app"
	"crk/app/ai/aitest"
)

// printLength is how many samples are enough to look for a line by: 8 ms.
const printLength = 64

// An ear is the simulated speech recognition. It understands nothing: it finds
// each line by the samples at its loudest, which the product sends on exactly as
// they were recorded, whatever it cuts off around them. Where lines begin with the
// same words, and so with the same samples, the one that has most of the sound
// was said.
type ear []known

// A known line is one with what it sounds like.
type known struct {
	spoken aitest.Line
	sound  []int16
	print  []byte // its loudest samples, as a WAV file holds them
	at     int    // the sample of the line at which they are
}

// newEar listens to every recorded scene once.
func newEar(scenes []scene, recorded map[string][]byte) (ear, error) {
	var e ear
	for _, s := range scenes {
		all, err := decode(recorded[s.Name])
		if err != nil {
			return nil, fmt.Errorf("demo: listen to %s: %w", s.Name, err)
		}
		for _, l := range s.Lines {
			channel := slices.Index(sides(), l.By)
			e = append(e, newKnown(l.spoken(), pick(all, channel, samples(l.At), samples(l.Length))))
		}
		if s.Ringing { // heard, but nothing is said
			e = append(e, newKnown(aitest.Line{}, pick(all, 1, 0, rate)))
		}
	}
	return e, nil
}

// pick takes a stretch of one channel.
func pick(mix []int16, channel, from, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = mix[(from+i)*channels+channel]
	}
	return out
}

func newKnown(l aitest.Line, sound []int16) known {
	sound = trim(sound)
	at, best := 0, int64(-1)
	for i := 0; i+printLength <= len(sound); i += printLength {
		var energy int64
		for _, v := range sound[i : i+printLength] {
			energy += int64(v) * int64(v)
		}
		if energy > best {
			at, best = i, energy
		}
	}
	return known{l, sound, raw(sound[at : at+printLength]), at}
}

// trim cuts the soft edges off, which the product may cut off too.
func trim(sound []int16) []int16 {
	const soft = 400
	loud := func(v int16) bool { return v > soft || v < -soft }
	first := max(0, slices.IndexFunc(sound, loud))
	last := len(sound)
	for last > first && !loud(sound[last-1]) {
		last--
	}
	return sound[first:last]
}

// raw is how a WAV file of 16-bit PCM holds samples.
func raw(sound []int16) []byte {
	b := make([]byte, 0, 2*len(sound))
	for _, v := range sound {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

// A match is a line that may have been said, from one sample to before another.
type match struct {
	line     aitest.Line
	from, to int
	same     int // samples that are as recorded
}

// hear is an [aitest.Ear].
func (e ear) hear(sound []byte) (lines []aitest.Line, times []app.Span, ok bool) {
	pcm, err := decode(sound)
	if err != nil {
		return nil, nil, false
	}
	b := raw(pcm)
	var matches []match
	for _, k := range e {
		if m, found := k.in(pcm, b); found {
			matches = append(matches, m)
		}
	}
	for _, m := range said(matches) {
		if m.line.Text != "" {
			lines = append(lines, m.line)
			times = append(times, app.Span{Start: float64(m.from) / rate, End: float64(m.to) / rate})
		}
	}
	return lines, times, len(matches) > 0
}

// in looks for the line in a sound, which is given in both forms.
func (k known) in(pcm []int16, b []byte) (match, bool) {
	for from := 0; ; {
		i := bytes.Index(b[from:], k.print)
		if i < 0 {
			return match{}, false
		}
		if (from+i)%2 == 0 {
			return k.from(pcm, (from+i)/2-k.at), true
		}
		from += i + 1 // between two samples: not the line
	}
}

// from is the match of a line that begins at a sample, which may be before the
// first.
func (k known) from(pcm []int16, begin int) match {
	m := match{line: k.spoken, from: max(0, begin), to: min(len(pcm), begin+len(k.sound))}
	for i := m.from; i < m.to; i++ {
		if pcm[i] == k.sound[i-begin] {
			m.same++
		}
	}
	return m
}

// said are the matches that are not another's beginning, in order.
func said(matches []match) (out []match) {
	slices.SortStableFunc(matches, func(a, b match) int { return cmp.Compare(b.same, a.same) })
	for _, m := range matches {
		if !slices.ContainsFunc(out, func(o match) bool { return m.from < o.to && o.from < m.to }) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b match) int { return cmp.Compare(a.from, b.from) })
	return out
}
