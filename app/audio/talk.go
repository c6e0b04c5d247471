package audio

import (
	"slices"

	"crk/app"
)

// Speech is told from silence in steps of 20 ms by loudness alone: a telephone
// line carries little else. The threshold follows the line's own noise.
const (
	stepsPerSecond = 50

	aboveNoise = 9.0   // dB over the quietest tenth of the steps
	quietest   = -50.0 // dBFS: a threshold is never lower,
	loudest    = -35.0 // nor higher, so that a call without pauses is speech

	hangover   = 15 // steps: a shorter pause belongs to the speech around it
	shortest   = 6  // loud steps: less is a click
	crosstalk  = 10 // steps: speaking at once for less is no overlap
	noiseShare = 10 // per cent of the steps that are taken for noise
)

// A step counts 20 ms.
type step int

func (s step) seconds() float64 { return float64(s) / stepsPerSecond }

// A run is a stretch from one step to before another.
type run struct{ from, to step }

// speech finds the stretches of speech in the levels of one channel.
func speech(levels []byte) []run {
	limit := threshold(levels)
	var runs []run
	var loud int // steps of the last run
	keep := func() {
		if len(runs) > 0 && loud < shortest {
			runs = runs[:len(runs)-1]
		}
	}
	for i, l := range levels {
		if l >= limit { // quieter: levels count down from full scale
			continue
		}
		at := step(i)
		if n := len(runs); n > 0 && at-runs[n-1].to <= hangover {
			runs[n-1].to = at + 1
			loud++
			continue
		}
		keep()
		runs = append(runs, run{at, at + 1})
		loud = 1
	}
	keep()
	return runs
}

// threshold returns the level that speech is louder than.
func threshold(levels []byte) byte {
	var count [256]int
	for _, l := range levels {
		count[l]++
	}
	noise, quiet := 255, count[255]
	for quiet*100 < len(levels)*noiseShare {
		noise--
		quiet += count[noise]
	}
	db := max(quietest, min(loudest, -float64(noise)/2+aboveNoise))
	return byte(-2 * db)
}

// union returns the stretches in which anybody speaks.
func union(channels [][]run) []run {
	all := slices.Concat(channels...)
	slices.SortFunc(all, func(a, b run) int { return int(a.from - b.from) })
	var out []run
	for _, r := range all {
		if n := len(out); n > 0 && r.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, r.to)
			continue
		}
		out = append(out, r)
	}
	return out
}

// overlap is how long two channels speak at once. A short "yes" is not counted.
func overlap(channels [][]run) (sum step) {
	if len(channels) != 2 {
		return 0
	}
	a, b := channels[0], channels[1]
	for len(a) > 0 && len(b) > 0 {
		both := min(a[0].to, b[0].to) - max(a[0].from, b[0].from)
		if both > crosstalk {
			sum += both
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return sum
}

func total(runs []run) (sum step) {
	for _, r := range runs {
		sum += r.to - r.from
	}
	return sum
}

// longestGap is the longest stretch outside the runs, of so many steps.
func longestGap(runs []run, steps step) (longest step) {
	var at step
	for _, r := range runs {
		longest = max(longest, r.from-at)
		at = r.to
	}
	return max(longest, steps-at)
}

// spans gives runs in seconds, none beyond the end.
func spans(runs []run, end float64) []app.Span {
	out := make([]app.Span, len(runs))
	for i, r := range runs {
		out[i] = app.Span{Start: round(r.from.seconds()), End: round(min(end, r.to.seconds()))}
	}
	return out
}
