package ai

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"crk/app"
)

// Bounds of an analysis, in characters and entries. What is over is cut.
const (
	maxSummary  = 2000
	maxSentence = 500
	maxTopic    = 60
	maxEntries  = 10
)

// An answer is what a model says about a call. What has another type than it
// should is left empty; numbers are read by [number].
type answer struct {
	Summary     string
	Score       json.RawMessage
	ScoreReason string
	Sentiment   string
	Tag         string
	Language    string
	Direction   string
	Phone       *string `json:"customer_phone"`
	Topics      []string
	ActionItems []string
	Highlights  []struct {
		At   json.RawMessage
		Text string
	}
	Scorecard []struct {
		Criterion string
		Points    json.RawMessage
		Reason    string
		Quote     string
	}
}

// check makes an analysis of a model's answer, or says what is [invalid] about it.
// Only what an analysis cannot be without is insisted on; the rest is left out
// where it is no good.
func check(raw json.RawMessage, c Call) (app.Analysis, error) {
	var in answer
	if err := json.Unmarshal(raw, &in); err != nil {
		if typed := (*json.UnmarshalTypeError)(nil); !errors.As(err, &typed) {
			return app.Analysis{}, invalid{"it holds no JSON object"}
		}
	}
	var wrong invalid
	a := app.Analysis{
		Summary:     line(in.Summary, maxSummary),
		ScoreReason: line(in.ScoreReason, maxSentence),
		Sentiment:   oneOf(&wrong, "sentiment", in.Sentiment, app.Sentiments()),
		Tag:         oneOf(&wrong, "tag", in.Tag, app.Tags()),
		Topics:      c.topics(lines(in.Topics, maxTopic)),
		ActionItems: lines(in.ActionItems, maxSentence),
	}
	if a.Summary == "" {
		wrong = append(wrong, `"summary" is empty`)
	}
	score, ok := number(in.Score)
	if !ok || score < 0 || score > 100 {
		wrong = append(wrong, fmt.Sprintf(`"score" must be a whole number from 0 to 100, not %.20q`, in.Score))
	}
	if len(wrong) > 0 {
		return app.Analysis{}, wrong
	}
	score = math.Round(score)
	a.Score = &score
	words := index(c.Transcript)
	a.Highlights = in.highlights(words)
	a.Scorecard = in.scorecard(c.Brief.Criteria, words)
	if share, ok := c.share(a.Scorecard); ok {
		a.Score = &share
	}
	in.fillGaps(&a, c)
	return a, nil
}

// number reads a number, in quotes or not.
func number(raw json.RawMessage) (v float64, ok bool) {
	v, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	return v, err == nil && !math.IsNaN(v)
}

// highlights are the passages that occur in the transcript, in order.
func (in answer) highlights(words words) []app.Highlight {
	out := []app.Highlight{}
	for _, h := range in.Highlights {
		hint, _ := number(h.At) // without one the first passage is meant
		if at, found := words.find(h.Text, hint); found && len(out) < maxEntries {
			out = append(out, app.Highlight{At: at, Text: line(h.Text, maxSentence)})
		}
	}
	slices.SortStableFunc(out, func(a, b app.Highlight) int { return int(math.Copysign(1, a.At-b.At)) })
	return out
}

// scorecard are the criteria that were asked for, in their order. The maximum is
// ours, whatever the model says.
func (in answer) scorecard(card []app.Criterion, words words) []app.ScorecardItem {
	out := []app.ScorecardItem{}
	for _, k := range card {
		for _, s := range in.Scorecard {
			points, ok := number(s.Points)
			if !ok || !strings.EqualFold(strings.TrimSpace(s.Criterion), k.Name) {
				continue
			}
			item := app.ScorecardItem{Criterion: k.Name, Points: min(max(math.Round(points), 0), float64(k.Points)), Max: float64(k.Points), Reason: line(s.Reason, maxSentence)}
			if at, found := words.find(s.Quote, 0); found {
				item.Quote, item.At = line(s.Quote, maxSentence), &at
			}
			out = append(out, item)
			break
		}
	}
	return out
}

// topics writes those of the business's list as they stand there, before others.
func (c Call) topics(said []string) []string {
	listed := []string{}
	var others []string
	for _, s := range said {
		i := slices.IndexFunc(c.Brief.Topics, func(t string) bool { return strings.EqualFold(t, s) })
		switch {
		case i < 0:
			others = append(others, s)
		case !slices.Contains(listed, c.Brief.Topics[i]):
			listed = append(listed, c.Brief.Topics[i])
		}
	}
	return append(listed, others...)
}

// share is the score by a scorecard with all criteria, where their points do not
// sum to the full score: percentages are not left to a model.
func (c Call) share(card []app.ScorecardItem) (score float64, ok bool) {
	sum := c.Brief.Sum()
	if sum == fullScore || len(card) < len(c.Brief.Criteria) {
		return 0, false
	}
	for _, item := range card {
		score += item.Points
	}
	return math.Round(score * fullScore / float64(sum)), true
}

var languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)

// fillGaps takes from the model what the call's record does not say. The record
// wins, and a telephone number is taken only if it was said.
func (in answer) fillGaps(a *app.Analysis, c Call) {
	a.Language = c.Transcript.Language
	if said := strings.ToLower(in.Language); a.Language == "" && languageCode.MatchString(said) {
		a.Language = said
	}
	said := app.Direction(in.Direction)
	if (c.Direction == "" || c.Direction == app.UnknownDirection) && slices.Contains(app.Directions(), said) && said != app.UnknownDirection {
		a.Direction = said
	}
	if c.Phone == "" && in.Phone != nil {
		number := digits(*in.Phone)
		if len(number) >= 8 && len(number) <= 15 && strings.Contains(digits(c.Transcript.Text), number) {
			a.Phone = number
		}
	}
}

// digits returns the digits of a text, Thai ones too, as ASCII.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '๐' && r <= '๙':
			return r - '๐' + '0'
		}
		return -1
	}, s)
}

// oneOf returns the entry of a closed list, and notes where the answer has none.
func oneOf(wrong *invalid, field, value string, list []string) string {
	value = strings.ToLower(strings.TrimSpace(value))
	if !slices.Contains(list, value) {
		*wrong = append(*wrong, fmt.Sprintf("%q must be one of %s, not %.40q", field, strings.Join(list, ", "), value))
		return ""
	}
	return value
}

// line returns the text on one line, cut at a number of characters.
func line(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return strings.TrimSpace(string(r[:most-1])) + "…"
	}
	return s
}

// lines returns the entries that hold something, each once.
func lines(in []string, most int) []string {
	out := []string{}
	for _, s := range in {
		if s = line(s, most); s != "" && len(out) < maxEntries && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
