package views

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"crk/app"
)

// The waveform is drawn in a box of its own units: as many across as there are
// bars, 100 down, the agent above the middle and the customer below.
const (
	waveBars   = 200
	waveMiddle = 50.0
)

// fold brings values down to n by keeping the largest of each group, so that
// no peak is lost.
func fold(values []float32, n int) []float64 {
	n = min(n, len(values))
	out := make([]float64, n)
	for i, v := range values {
		j := i * n / len(values)
		out[j] = max(out[j], math.Abs(float64(v)))
	}
	return out
}

// scale returns the factor that makes the loudest of all channels fill its
// half. What is all but silence is not blown up.
func scale(channels [][]float32) float64 {
	loudest := 0.05
	for _, c := range channels {
		for _, v := range c {
			loudest = max(loudest, math.Abs(float64(v)))
		}
	}
	return 1 / loudest
}

// A lane says where a channel's bars stand.
type lane struct{ up, down bool }

// laneOf is the lane of a channel: the agent's above, the customer's below, and
// both where one channel holds both voices.
func laneOf(channel, channels int) lane {
	if channels == 1 {
		return lane{up: true, down: true}
	}
	return lane{up: channel == 0, down: channel == 1}
}

// bars returns the path of a channel's bars: one unit apart, each as high as
// its value times half, on its side of the middle, gap away from it.
func bars(values []float64, factor, middle, half, gap, step float64, l lane) string {
	var b strings.Builder
	for i, v := range values {
		h := min(v*factor, 1) * (half - gap)
		if h < half*0.03 {
			continue // silence is white space
		}
		x := (float64(i) + 0.5) * step
		up, down := middle, middle
		if l.up {
			up = middle - gap - h
		}
		if l.down {
			down = middle + gap + h
		}
		switch {
		case l.up && l.down:
		case l.up:
			down = middle - gap
		case l.down:
			up = middle + gap
		}
		fmt.Fprintf(&b, "M%s %sV%s", short(x), short(up), short(down))
	}
	return b.String()
}

func short(x float64) string { return Figure(x) }

// waveClass is the voice of a channel: "a" agent, "c" customer, "m" both.
func waveClass(channel, channels int) string {
	switch {
	case channels == 1:
		return "m"
	case channel == 0:
		return "a"
	}
	return "c"
}

// wavePath draws a channel for the player.
func wavePath(s *app.AudioStats, channel int) string {
	return bars(fold(s.Peaks[channel], waveBars), scale(s.Peaks), waveMiddle, waveMiddle, 2, 1, laneOf(channel, len(s.Peaks)))
}

// stripPath draws a channel as the small strip in a row: 18 bars, 4 apart, in a
// box of 72 by 25.
func stripPath(s *app.AudioStats, channel int) string {
	return bars(fold(s.Peaks[channel], 18), scale(s.Peaks), 12.25, 12.25, 1.25, 4, laneOf(channel, len(s.Peaks)))
}

// voices is how many channels are drawn: two at most.
func voices(s *app.AudioStats) int {
	if s == nil {
		return 0
	}
	return min(len(s.Peaks), 2)
}

// across returns a moment's place on the waveform.
func across(at, duration float64) string {
	if duration <= 0 {
		return "0%"
	}
	return fmt.Sprintf("%.2f%%", min(max(at/duration, 0), 1)*100)
}

// A tick is one mark of the time axis.
type tick struct {
	at     float64
	anchor string
}

// ticks returns at most nine round moments of a call.
func ticks(duration float64) []tick {
	if duration <= 0 {
		return nil
	}
	step := 3600.0
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800} {
		if duration/s <= 8 {
			step = s
			break
		}
	}
	var out []tick
	for at := 0.0; at <= duration; at += step {
		anchor := "middle"
		switch {
		case at == 0:
			anchor = "start"
		case at > duration*0.97:
			anchor = "end"
		}
		out = append(out, tick{at, anchor})
	}
	return out
}

// silences returns the stretches of at least five seconds, and of at least a
// fiftieth of the call, in which nobody speaks.
func silences(s *app.AudioStats) []app.Span {
	var talk []app.Span
	for _, c := range s.Talk {
		talk = append(talk, c...)
	}
	slices.SortFunc(talk, func(a, b app.Span) int { return int(math.Copysign(1, a.Start-b.Start)) })
	least := max(5, s.Duration/50)
	var out []app.Span
	end := 0.0
	for _, t := range append(talk, app.Span{Start: s.Duration, End: s.Duration}) {
		if t.Start-end >= least {
			out = append(out, app.Span{Start: end, End: t.Start})
		}
		end = max(end, t.End)
	}
	return out
}

// dial returns the stroke-dasharray of a score: ticks of the given length, as
// many as the score fills, the last one in part. The circle is 100 long.
func dial(score float64, ticks int) string {
	each := 100 / float64(ticks)
	full := each * 0.68
	filled := min(max(score, 0), 100) / each
	var b strings.Builder
	for range int(filled) {
		fmt.Fprintf(&b, "%s %s ", short2(full), short2(each-full))
	}
	if rest := filled - math.Floor(filled); rest > 0 {
		fmt.Fprintf(&b, "%s ", short2(full*rest))
	} else {
		b.WriteString("0 ")
	}
	b.WriteString("200")
	return b.String()
}

// dialBase is the dasharray of the empty dial.
func dialBase(ticks int) string {
	each := 100 / float64(ticks)
	return short2(each*0.68) + " " + short2(each*0.32)
}

func short2(x float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", x), "0"), ".")
}

// scoreClass is how a score looks: low below 60, high from 90.
func scoreClass(score float64) string {
	switch {
	case score < 60:
		return "low"
	case score >= 90:
		return "hi"
	}
	return ""
}

// A cell is one piece of a scorecard's bar, in hundredths of its width.
type cell struct {
	x, width string
	class    string
}

// cells draws points of a maximum as a row of pieces, forty at most.
func cells(item app.ScorecardItem) []cell {
	n := int(math.Round(item.Max))
	if n < 1 {
		return nil
	}
	points := item.Points
	if n > 40 {
		points, n = points*40/item.Max, 40
	}
	class := "f-a"
	if item.Points < item.Max*0.4 {
		class = "f-n"
	}
	each := 100 / float64(n)
	out := make([]cell, n)
	for i := range out {
		out[i] = cell{short2(float64(i)*each) + "%", short2(each*0.8) + "%", "f-line"}
		if float64(i) < math.Round(points) {
			out[i].class = class
		}
	}
	return out
}
