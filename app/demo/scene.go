package demo

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"crk/app"
	"crk/app/ai/aitest"
)

// script is the table of all that is said, when, and what is to be thought of it.
//
//go:embed calls.json
var script []byte

// tracks are the voices: for each scene and side one file, its lines in a row.
//
//go:embed audio/*.wav
var tracks embed.FS

// sides are those of a call in the order of its channels.
func sides() []string { return []string{app.SpeakerAgent, app.SpeakerCustomer} }

// A scene is a call that was written and recorded for the demonstration. It
// takes place as often as the simulated phone system likes.
type scene struct {
	Name      string  `json:"name"`
	Agent     string  `json:"agent"`     // the key of one of agents
	Direction string  `json:"direction"` // as OrkTrack writes it
	Seconds   float64 `json:"seconds"`
	Ringing   bool    `json:"ringing"` // nobody answers
	Lines     []line  `json:"lines"`

	Sentiment  string   `json:"sentiment"`
	Tag        string   `json:"tag"`
	Highlights []string `json:"highlights"`
	Scorecard  []mark   `json:"scorecard"`
	Thai       opinion  `json:"th"`
	English    opinion  `json:"en"`
}

// length is how long the call takes.
func (s scene) length() time.Duration { return time.Duration(s.Seconds * float64(time.Second)) }

// A line is what one side says at a time. Times are seconds of the call, and
// whole numbers of the blocks of 40 ms that the tracks are coded in.
type line struct {
	By     string  `json:"by"` // one of sides
	At     float64 `json:"at"`
	Length float64 `json:"length"`
	Text   string  `json:"text"`
}

// A mark is what a criterion of the product's scorecard is given.
type mark struct {
	Criterion string  `json:"criterion"`
	Points    float64 `json:"points"`
	Max       float64 `json:"max"`
	Quote     string  `json:"quote"`
}

// An opinion is what is thought of a scene, in one language.
type opinion struct {
	Summary     string   `json:"summary"`
	Topics      []string `json:"topics"`
	ActionItems []string `json:"actionItems"`
	ScoreReason string   `json:"scoreReason"`
	Reasons     []string `json:"reasons"` // for each mark of the scorecard
}

func readScenes() ([]scene, error) {
	var scenes []scene
	if err := json.Unmarshal(script, &scenes); err != nil {
		return nil, fmt.Errorf("demo: read the script: %w", err)
	}
	return scenes, nil
}

// dialogue is the scene as the simulated AI knows it.
func (s scene) dialogue() aitest.Dialogue {
	d := aitest.Dialogue{Name: s.Name, Language: "english"}
	for _, l := range s.Lines {
		d.Lines = append(d.Lines, l.spoken())
	}
	if len(d.Lines) > 0 {
		d.Reviews = map[string]map[string]any{"th": s.review(s.Thai), "en": s.review(s.English)}
	}
	return d
}

func (l line) spoken() aitest.Line { return aitest.Line{Speaker: l.By, Text: l.Text} }

// review is the answer of the simulated model, by the keys of the product's
// schema.
func (s scene) review(o opinion) map[string]any {
	score := 0.0
	card := []map[string]any{}
	for i, m := range s.Scorecard {
		score += m.Points
		card = append(card, map[string]any{
			"criterion": m.Criterion, "points": m.Points, "max": m.Max, "reason": o.Reasons[i], "quote": m.Quote,
		})
	}
	highlights := []map[string]any{}
	for _, text := range s.Highlights {
		highlights = append(highlights, map[string]any{"at": math.Round(s.timeOf(text)), "text": text})
	}
	direction := app.In
	if s.Direction == "OUT" {
		direction = app.Out
	}
	return map[string]any{
		"language": "en", "summary": o.Summary, "topics": o.Topics, "actionItems": o.ActionItems, "highlights": highlights,
		"scorecard": card, "scoreReason": o.ScoreReason, "score": score, "sentiment": s.Sentiment, "tag": s.Tag,
		"direction": direction, "customer_phone": nil,
	}
}

// timeOf is when the line begins that has the text in it.
func (s scene) timeOf(text string) float64 {
	for _, l := range s.Lines {
		if strings.Contains(l.Text, text) {
			return l.At
		}
	}
	return 0
}

// unknown is what the simulated AI makes of a call that was not written for the
// demonstration, such as one that a visitor uploads.
func unknown() aitest.Dialogue {
	review := func(summary, reason, topic string) map[string]any {
		return map[string]any{
			"language": "en", "summary": summary, "topics": []string{topic}, "actionItems": []string{}, "highlights": []any{}, "scorecard": []any{},
			"scoreReason": reason, "score": 50, "sentiment": "neutral", "tag": "other", "direction": "unknown", "customer_phone": nil,
		}
	}
	return aitest.Dialogue{
		Name: "unknown", Language: "english",
		Lines: []aitest.Line{{Text: "This is a demonstration. Its speech recognition is simulated and knows only the calls that came with it."}},
		Reviews: map[string]map[string]any{
			"th": review("ระบบนี้เป็นการสาธิต AI ที่จำลองขึ้นรู้จักเฉพาะสายที่มากับระบบสาธิต จึงไม่ได้ฟังสายนี้จริง",
				"คะแนนสมมติ เพราะ AI เป็นการจำลอง", "สาธิต"),
			"en": review("This is a demonstration: its simulated AI knows only the calls that came with it and did not listen to this one.",
				"A made-up score: the AI is simulated.", "demonstration"),
		},
	}
}
