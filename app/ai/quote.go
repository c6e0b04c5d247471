package ai

import (
	"math"
	"sort"
	"strings"
	"unicode"

	"crk/app"
)

const (
	similar  = 0.85 // share of a quote's characters that must be right
	maxQuote = 300  // characters that are compared; models copy no more
)

// words is a transcript in a form in which quotes are looked for: letters and
// digits alone, in lower case, all segments in a row.
type words struct {
	text   string
	starts []int // of each segment, in text
	parts  []app.Segment
}

func index(t app.Transcript) words {
	w := words{parts: t.Segments}
	var b strings.Builder
	for _, s := range t.Segments {
		w.starts = append(w.starts, b.Len())
		b.WriteString(letters(s.Text))
	}
	w.text = b.String()
	return w
}

// letters normalises a text so that what sounds alike reads alike: case, blanks,
// punctuation and invisible characters do not count, and Thai sara am is always
// written in one piece.
func letters(s string) string {
	s = strings.ReplaceAll(s, "\u0e4d\u0e32", "\u0e33")
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// find looks for a quote and returns when it was said. Of several places that
// have it to the letter the one nearest to hint, in seconds, is meant.
func (w words) find(quote string, hint float64) (at float64, found bool) {
	q := letters(quote)
	if q == "" {
		return 0, false
	}
	for i := strings.Index(w.text, q); i >= 0; {
		if t := w.time(i); !found || math.Abs(t-hint) < math.Abs(at-hint) {
			at, found = t, true
		}
		next := strings.Index(w.text[i+1:], q)
		if next < 0 {
			return at, true
		}
		i += 1 + next
	}
	part, text := []rune(q), []rune(w.text)
	part = part[:min(len(part), maxQuote)]
	start, wrong := nearest(part, text)
	if float64(wrong) > float64(len(part))*(1-similar) {
		return 0, false
	}
	return w.time(len(string(text[:start]))), true
}

// time is when what stands at i was said, as if its segment was spoken evenly.
func (w words) time(i int) float64 {
	n := sort.SearchInts(w.starts, i+1) - 1
	end := len(w.text)
	if n+1 < len(w.starts) {
		end = w.starts[n+1]
	}
	s := w.parts[n]
	share := float64(i-w.starts[n]) / float64(max(1, end-w.starts[n]))
	return math.Round((s.Start+(s.End-s.Start)*share)*100) / 100
}

// nearest returns where the stretch of text begins that is most like q, and in
// how many characters they differ (Sellers' algorithm: the edit distance of q to
// the best of all stretches).
func nearest(q, text []rune) (start, wrong int) {
	type cell struct{ wrong, start int }
	column := make([]cell, len(q)+1) // at one character of text, for each part of q
	for i := range column {
		column[i].wrong = i
	}
	best := column[len(q)]
	for j, r := range text {
		diagonal := column[0]
		column[0].start = j + 1
		for i := 1; i <= len(q); i++ {
			here := diagonal
			if q[i-1] != r {
				here.wrong++
			}
			diagonal = column[i]
			if column[i].wrong+1 < here.wrong {
				here = cell{column[i].wrong + 1, column[i].start}
			}
			if column[i-1].wrong+1 < here.wrong {
				here = cell{column[i-1].wrong + 1, column[i-1].start}
			}
			column[i] = here
		}
		if column[len(q)].wrong < best.wrong {
			best = column[len(q)]
		}
	}
	return best.start, best.wrong
}
