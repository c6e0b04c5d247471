package ai

import "crk/app"

// BuiltIn stands for the built-in rules where a model's name is kept.
const BuiltIn = "built-in"

const (
	someTalk  = 1.0  // seconds of speech: less is a click or a breath
	shortTalk = 10.0 // seconds of speech: less settles nothing
)

// Sound is what the audio alone says of a call.
type Sound struct {
	Speech float64   // seconds in which anybody speaks
	Sides  []float64 // seconds in which each side speaks; nil where they cannot be told apart
}

// Judge is the analysis with no model. The tag follows from the audio:
//
//	no_answer  nobody speaks for a second, or one of two sides does not
//	short      there is less than ten seconds of speech
//	normal     otherwise
//
// Where there is a transcript the business's keyword lists are looked for in it,
// as [applyKeywords] says. What neither tells stays empty: nothing is made up.
func Judge(s Sound, t *app.Transcript, b app.Brief) app.Analysis {
	a := app.Analysis{Tag: "normal", Topics: []string{}, ActionItems: []string{}, Highlights: []app.Highlight{}, Scorecard: []app.ScorecardItem{}}
	if s.Speech < shortTalk {
		a.Tag = "short"
	}
	for _, side := range append(s.Sides, s.Speech) {
		if side < someTalk {
			a.Tag = "no_answer"
		}
	}
	if t != nil {
		a.Language = t.Language
		applyKeywords(&a, *t, b)
	}
	return a
}

// soundOf takes what [Judge] needs out of a call's statistics.
func soundOf(stats app.AudioStats) Sound {
	s := Sound{Speech: stats.Sound}
	if len(stats.TalkRatio) == 2 && !stats.Same {
		for _, ratio := range stats.TalkRatio {
			s.Sides = append(s.Sides, ratio*stats.Duration)
		}
	}
	return s
}
