package ai

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"crk/app/ai/openai"
	"crk/app/audio"
)

const (
	seamMargin   = 300 * time.Millisecond // a segment that only touches a seam is left alone
	enoughToShow = 40                     // characters of Thai after which a blank may end a part
	sentenceEnds = ".?!"
	endIsWorth   = 0.2 // of a text: how far a cut is moved to be at the end of a sentence
)

// splitAtSeams parts a segment where silence was left out of the piece. A model
// hears no pause there and makes one utterance of two, between which, on the other
// channel, somebody may have said a lot.
func splitAtSeams(s openai.Segment, p audio.Piece) (out []openai.Segment) {
	var seam time.Duration
	for _, span := range p.Spans {
		seam += time.Duration((span.End - span.Start) * float64(time.Second))
		if seam < s.Start+seamMargin || seam > s.End-seamMargin {
			continue
		}
		first, rest, ok := cutText(s.Text, float64(seam-s.Start)/float64(s.End-s.Start))
		if !ok {
			continue
		}
		part := s
		part.Text, part.End = first, seam
		out = append(out, part)
		s.Text, s.Start = rest, seam+time.Millisecond // safely on the other side
	}
	return append(out, s)
}

// cutText cuts a text at the blank that is nearest to a share of it, and rather
// after a sentence than within one. It reports whether there is a blank at all.
func cutText(text string, share float64) (first, rest string, ok bool) {
	best, least := 0, math.Inf(1)
	length := float64(utf8.RuneCountInString(text))
	n := 0
	for i, r := range text {
		if r == ' ' && i > 0 {
			away := math.Abs(float64(n)/length - share)
			if strings.IndexByte(sentenceEnds, text[i-1]) >= 0 {
				away -= endIsWorth
			}
			if away < least {
				best, least = i, away
			}
		}
		n++
	}
	return text[:best], strings.TrimSpace(text[best:]), best > 0
}

// sentences splits a text at the ends of its sentences, or, as Thai marks none,
// at its blanks, into parts worth showing apart.
func sentences(text string) (out []string) {
	var part []string
	size := 0
	for _, word := range strings.Fields(text) {
		part = append(part, word)
		size += utf8.RuneCountInString(word)
		if strings.IndexByte(sentenceEnds, word[len(word)-1]) >= 0 || size >= enoughToShow && isThai(word) {
			out = append(out, strings.Join(part, " "))
			part, size = nil, 0
		}
	}
	if len(part) > 0 {
		out = append(out, strings.Join(part, " "))
	}
	return out
}

func isThai(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x0e00 && r <= 0x0e7f })
}
