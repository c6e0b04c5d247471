package ai

import (
	"fmt"
	"slices"
	"strings"

	"crk/app"
)

// KeywordStart is the score of a call before its keyword lists count.
const KeywordStart = 70

// A found keyword list, with where its first word was said.
type keywordHit struct {
	list app.KeywordList
	word string
	at   app.Segment
}

// applyKeywords adds to an analysis what keyword lists say of a call:
//
//   - Each list of which a word was said, by whom it asks for, counts once. Case
//     and blanks make no difference, and words are found within longer ones, as
//     Thai has no blanks between them. Where nobody knows who speaks, everybody
//     counts.
//   - Its name becomes a topic, and the first place where a word was said a
//     highlight.
//   - Its tag, of the first list that has one, is the call's, unless nobody
//     answered.
//   - The score is 70 with the points of all lists added, from 0 to 100, and the
//     sentiment positive or negative by what the points sum to. With no list that
//     has points there is neither.
func applyKeywords(a *app.Analysis, t app.Transcript, b app.Brief) {
	sum, scored, tagged := 0, false, false
	var reasons []string
	for _, hit := range findKeywords(t, b.Keywords) {
		a.Topics = append(a.Topics, hit.list.Name)
		if len(a.Highlights) < maxEntries {
			a.Highlights = append(a.Highlights, app.Highlight{At: hit.at.Start, Text: line(hit.at.Text, maxSentence)})
		}
		if hit.list.Tag != "" && !tagged && a.Tag != "no_answer" {
			a.Tag, tagged = hit.list.Tag, true
		}
		if hit.list.Points != 0 {
			sum, scored = sum+hit.list.Points, true
			reasons = append(reasons, fmt.Sprintf("%s %+d (%s)", hit.list.Name, hit.list.Points, hit.word))
		}
	}
	slices.SortStableFunc(a.Highlights, func(x, y app.Highlight) int { return int(1000 * (x.At - y.At)) })
	if !scored {
		return
	}
	score := float64(min(max(KeywordStart+sum, 0), fullScore))
	a.Score, a.ScoreReason = &score, fmt.Sprintf("%d: %s", KeywordStart, strings.Join(reasons, ", "))
	switch {
	case sum < 0:
		a.Sentiment = "negative"
	case sum > 0:
		a.Sentiment = "positive"
	default:
		a.Sentiment = "neutral"
	}
}

// findKeywords returns the lists of which a word was said, in their order.
func findKeywords(t app.Transcript, lists []app.KeywordList) (hits []keywordHit) {
	said := make([]string, len(t.Segments))
	for i, s := range t.Segments {
		said[i] = letters(s.Text)
	}
	for _, l := range lists {
		if hit, ok := findWords(t.Segments, said, l); ok {
			hits = append(hits, hit)
		}
	}
	return hits
}

// findWords returns where a word of a list was said first; said are the segments'
// letters.
func findWords(segments []app.Segment, said []string, l app.KeywordList) (keywordHit, bool) {
	for i, s := range segments {
		if l.By != "" && s.Speaker != l.By && s.Speaker != app.SpeakerUnknown {
			continue
		}
		for _, w := range l.Words {
			if sounds := letters(w); sounds != "" && strings.Contains(said[i], sounds) {
				return keywordHit{l, w, s}, true
			}
		}
	}
	return keywordHit{}, false
}
