package audio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"crk/app"
)

// Measure reads d to its end and says what the sound itself tells: how long it is,
// its waveform, who speaks when. It keeps one byte for each channel and 20 ms.
//
// A file that is cut off is measured as far as it goes and the error wraps
// [ErrTruncated]; with any other error the statistics are empty. A file without a
// single frame is [ErrUnreadable].
func Measure(ctx context.Context, d *Decoder) (app.AudioStats, error) {
	m := newMeter(d.Info())
	p := make([]int16, 8192)
	for {
		if err := ctx.Err(); err != nil {
			return app.AudioStats{}, err
		}
		n, err := d.Read(p)
		m.add(p[:n])
		switch {
		case err == nil:
		case m.frames == 0 && (errors.Is(err, io.EOF) || errors.Is(err, ErrTruncated)):
			return app.AudioStats{}, fmt.Errorf("%w: holds no sound", ErrUnreadable)
		case errors.Is(err, io.EOF):
			return m.stats(), nil
		case errors.Is(err, ErrTruncated):
			return m.stats(), err
		default:
			return app.AudioStats{}, err
		}
	}
}

// A meter gathers what Measure tells.
type meter struct {
	info     Info
	frames   int64
	same     bool // so far
	channels []channelMeter
}

func newMeter(info Info) *meter {
	m := &meter{info: info, same: info.Channels == 2, channels: make([]channelMeter, info.Channels)}
	for c := range m.channels {
		m.channels[c].rate = int64(info.Rate)
		m.channels[c].peaks.width = 1
	}
	return m
}

// add takes interleaved frames.
func (m *meter) add(p []int16) {
	for c := range m.channels {
		m.channels[c].add(p, c, len(m.channels))
	}
	for i := 0; m.same && i < len(p); i += 2 {
		m.same = p[i] == p[i+1]
	}
	m.frames += int64(len(p) / len(m.channels))
}

func (m *meter) stats() app.AudioStats {
	seconds := float64(m.frames) / float64(m.info.Rate)
	s := app.AudioStats{
		Codec: m.info.Codec, SampleRate: m.info.Rate, Frames: m.frames,
		Duration: float64(m.frames*1000/int64(m.info.Rate)) / 1000, Same: m.same, // not beyond the last frame
	}
	var talks [][]run
	for c := range m.channels {
		levels := m.channels[c].finish()
		talk := speech(levels)
		talks = append(talks, talk)
		s.Peaks = append(s.Peaks, m.channels[c].peaks.buckets(m.frames))
		s.Talk = append(s.Talk, spans(talk, s.Duration))
		s.TalkRatio = append(s.TalkRatio, round(min(1, total(talk).seconds()/seconds)))
	}
	steps := step(math.Ceil(seconds * stepsPerSecond))
	anybody := union(talks)
	sound := min(seconds, total(anybody).seconds())
	s.Sound = round(sound)
	s.SilenceRatio = round(1 - sound/seconds)
	s.LongestSilence = round(min(seconds, longestGap(anybody, steps).seconds()))
	s.Overlap = round(overlap(talks).seconds())
	return s
}

// A channelMeter measures one channel.
type channelMeter struct {
	rate   int64
	peaks  tape
	levels []byte // of each step, see level
	seen   int64  // samples
	energy uint64 // of the step under way
	filled int    // its samples
}

// add takes every stride-th sample of p from the given one on.
func (m *channelMeter) add(p []int16, from, stride int) {
	for i := from; i < len(p); {
		end := (int64(len(m.levels)) + 1) * m.rate / stepsPerSecond // of the step under way
		n := min(int(end-m.seen), m.peaks.room(), (len(p)-i+stride-1)/stride)
		var energy uint64
		var peak int32
		for range n {
			v := int32(p[i])
			energy += uint64(v * v)
			peak = max(peak, v, -v)
			i += stride
		}
		m.seen += int64(n)
		m.filled += n
		m.energy += energy
		m.peaks.add(peak, n)
		if m.seen == end {
			m.close()
		}
	}
}

// close ends the step under way.
func (m *channelMeter) close() {
	m.levels = append(m.levels, level(m.energy, m.filled))
	m.energy, m.filled = 0, 0
}

func (m *channelMeter) finish() []byte {
	if m.filled > 0 {
		m.close()
	}
	return m.levels
}

// level is the loudness of n samples (root mean square) in half decibels below
// full scale: 0 is as loud as can be, 255 is silence.
func level(energy uint64, n int) byte {
	if energy == 0 {
		return 255
	}
	db := 10 * math.Log10(float64(energy)/float64(n)/(32768*32768))
	return byte(min(255, max(0, math.Round(-2*db))))
}

// round keeps three decimals: milliseconds, thousandths. More would only make the
// stored JSON longer.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }
