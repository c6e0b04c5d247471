package audio

import (
	"math"
	"time"

	"crk/app"
)

// What is sent to be transcribed, in seconds. Silence costs money, and models
// invent words in it.
const (
	minSound   = 1.0        // a call with less is not worth asking
	maxSilence = 2.0        // that is sent within a stretch
	margin     = 0.3        // around speech: its soft edges
	cutSilence = 0.4        // a pause in which a cut harms no word
	cutReach   = 20.0       // how far from the target a pause is looked for
	cutOverlap = 2.0        // where none was found
	maxPiece   = 20_000_000 // bytes
)

// A Piece is what is transcribed in one go: stretches of one channel with the
// silence between them left out.
type Piece struct {
	Channel int
	Spans   []app.Span // of the call, in order
	Overlap float64    // seconds at its beginning that the piece before has too
}

// Duration is the piece's own length in seconds.
func (p Piece) Duration() (sum float64) {
	for _, s := range p.Spans {
		sum += s.End - s.Start
	}
	return sum
}

// InCall translates a stretch of the piece, in seconds from its beginning, into a
// stretch of the call. What lies outside the piece is moved to its edge.
func (p Piece) InCall(s app.Span) app.Span {
	out := app.Span{Start: p.Spans[len(p.Spans)-1].End, End: p.Spans[0].Start}
	var at float64
	for i, part := range p.Spans {
		length := part.End - part.Start
		if i == 0 || s.Start >= at { // at a seam: where the next stretch begins
			out.Start = part.Start + max(0, min(length, s.Start-at))
		}
		if i == 0 || s.End > at { // at a seam: where the stretch before ends
			out.End = part.Start + max(0, min(length, s.End-at))
		}
		at += length
	}
	return app.Span{Start: round(out.Start), End: round(max(out.Start, out.End))}
}

// Plan divides a channel of a measured call into pieces of about the target
// length, or shorter where 20 MB hold less. A cut is made at the pause of at least
// 0.4 s nearest to the target; where there is none within 20 s the piece ends at
// the target and the next one begins 2 s before. Silence of more than 2 s is left
// out. A channel without speech, and any channel of a call with less than a second
// of it, has no pieces.
func Plan(stats app.AudioStats, channel int, target time.Duration) []Piece {
	if stats.Sound < minSound || channel >= len(stats.Talk) || stats.SampleRate <= 0 {
		return nil
	}
	longest := float64(maxPiece/2*thinning(stats.SampleRate))/float64(stats.SampleRate) - cutReach
	line := newTimeline(stats.Talk[channel], stats.Duration)
	want := max(cutReach+cutOverlap, min(target.Seconds(), longest))
	var pieces []Piece
	var from, again float64
	for from < line.length {
		to, overlap := line.length, 0.0
		if to-from > want+cutReach {
			to, overlap = line.cut(from, want)
		}
		pieces = append(pieces, Piece{Channel: channel, Spans: line.between(from, to), Overlap: again})
		if to == line.length {
			break
		}
		from, again = to-overlap, overlap
	}
	return pieces
}

// Cut returns a piece as a mono WAV file with the rate of d, which must be an
// unread decoder of the file that was measured; from 32 kHz on with a fraction of
// it, 16 kHz or a little more.
func Cut(d *Decoder, p Piece) *WAV {
	d = thin(d)
	rate := float64(d.info.Rate)
	parts := make([]cut, len(p.Spans))
	for i, s := range p.Spans {
		parts[i] = cut{int64(math.Round(s.Start * rate)), int64(math.Round(s.End * rate))}
	}
	return newWAV(d, p.Channel, parts)
}

// A timeline is a channel without its long silences: times on it are seconds of
// what is left.
type timeline struct {
	parts  []app.Span // of the call
	pauses []float64  // on the line: where a cut harms no word
	length float64
}

func newTimeline(talk []app.Span, end float64) timeline {
	var l timeline
	for i, t := range talk {
		from, to := max(0, t.Start-margin), min(end, t.End+margin)
		gap := math.Inf(1)
		if i > 0 {
			gap = round(t.Start - talk[i-1].End) // 0.4 is not less than 0.4
		}
		if gap > maxSilence {
			if i > 0 {
				l.pauses = append(l.pauses, l.length)
			}
			l.parts = append(l.parts, app.Span{Start: from, End: to})
			l.length += to - from
			continue
		}
		last := &l.parts[len(l.parts)-1]
		if gap >= cutSilence {
			l.pauses = append(l.pauses, l.length-last.End+t.Start-gap/2)
		}
		l.length += to - last.End
		last.End = to
	}
	return l
}

// cut returns where a piece that begins at from ends, and how much of it the next
// one repeats.
func (l timeline) cut(from, want float64) (to, overlap float64) {
	best := math.Inf(1)
	for _, p := range l.pauses {
		if away := math.Abs(p - from - want); away <= cutReach && away < math.Abs(best-from-want) {
			best = p
		}
	}
	if math.IsInf(best, 1) {
		return from + want, cutOverlap
	}
	return best, 0
}

// between returns the stretches of the call from one time of the line to another.
func (l timeline) between(from, to float64) (out []app.Span) {
	var at float64
	for _, p := range l.parts {
		length := p.End - p.Start
		a, b := max(0, from-at), min(length, to-at)
		if b-a > 0.001 {
			out = append(out, app.Span{Start: round(p.Start + a), End: round(p.Start + b)})
		}
		at += length
	}
	return out
}
