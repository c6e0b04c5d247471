package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"crk/app"
)

// CallPage is everything that is known of one call.
type CallPage struct {
	Recording  app.Recording
	Audio      *app.AudioStats // nil: no audio (yet)
	Transcript *app.Transcript // nil: not there (yet)
	Analysis   *app.Analysis   // nil: not there (yet)
	Source     string          // the phone integration's name, or empty
	Query      string          // the words to find in the transcript
	History    []HistoryStep
	In         []app.Collection // that it is in
	Others     []app.Collection // that it could be put into
	Review     Form             // what was typed, after an error; else empty
	FetchAt    time.Time        // the audio is asked for again then; zero: no later try waits
	Trouble    string           // what is wrong with the phone integration, a code, or empty
	HasSTT     bool             // a server for transcription is set
	HasLLM     bool             // a server for analysis is set
	Edit       Form
	Cost       []app.CostLine // what AI cost; nil: nothing, or the reader is no owner

	SourceText      string // what the phone system itself wrote down, or empty
	SourceSummary   string // likewise
	SourceSentiment int    // its own score of how the customer felt, 1 to 5; 0: none

	Renamed    bool   // Recording has the agent's name that the business gave
	GivenAgent string // then the call's own
}

// A HistoryStep is one thing that happened to a call.
type HistoryStep struct {
	Text string // in the reader's language
	At   time.Time
	Bad  bool
}

// A line is a turn of the transcript, or the silence before one.
type line struct {
	app.Segment
	silence float64 // seconds; above 0: this is no turn
	pins    []pin
}

// A pin is a highlight with the number that both the waveform and the
// transcript show.
type pin struct {
	n int
	app.Highlight
}

// leastSilence is the pause between two turns that is worth a line.
const leastSilence = 8

// pinSlack is how much before a turn a highlight of that turn may be placed.
const pinSlack = 0.5 // seconds

// pins numbers the highlights in the order of the call.
func (p CallPage) pins() []pin {
	if p.Analysis == nil {
		return nil
	}
	hs := slices.Clone(p.Analysis.Highlights)
	slices.SortStableFunc(hs, func(a, b app.Highlight) int { return int(1000 * (a.At - b.At)) })
	out := make([]pin, len(hs))
	for i, h := range hs {
		out[i] = pin{i + 1, h}
	}
	return out
}

// lines returns the transcript with its pauses, each pin at the turn in which
// its moment lies.
func (p CallPage) lines() []line {
	if p.Transcript == nil {
		return nil
	}
	var out []line
	end := 0.0
	pins := p.pins()
	for i, s := range p.Transcript.Segments {
		if gap := s.Start - end; gap >= leastSilence {
			out = append(out, line{silence: gap})
		}
		l := line{Segment: s}
		until := s.End + 1e6
		if i+1 < len(p.Transcript.Segments) {
			until = p.Transcript.Segments[i+1].Start
		}
		for len(pins) > 0 && pins[0].At < until-pinSlack {
			l.pins = append(l.pins, pins[0])
			pins = pins[1:]
		}
		out = append(out, l)
		end = max(end, s.End)
	}
	return out
}

// duration is the call's length as exactly as it is known.
func (p CallPage) duration() float64 {
	if a := p.Audio; a != nil {
		return a.Duration
	}
	return seconds(p.Recording)
}

// turnClass is the lane of whoever speaks.
func turnClass(speaker string) string {
	switch speaker {
	case app.SpeakerAgent:
		return "turn"
	case app.SpeakerCustomer:
		return "turn cust"
	}
	return "turn unk"
}

// speaker is what whoever speaks is called.
func speaker(ctx context.Context, r app.Recording, who string) string {
	switch who {
	case app.SpeakerAgent:
		return agentName(ctx, r)
	case app.SpeakerCustomer:
		return T(ctx, "speaker.customer")
	}
	return T(ctx, "speaker.unknown")
}

// mark takes a text apart at the places where words occur, no matter the case.
func mark(text, words string) []piece {
	words = strings.TrimSpace(words)
	if words == "" {
		return []piece{{text, false}}
	}
	var out []piece
	for text != "" {
		at, n := indexFold(text, words)
		if at < 0 {
			break
		}
		if at > 0 {
			out = append(out, piece{text[:at], false})
		}
		out = append(out, piece{text[at : at+n], true})
		text = text[at+n:]
	}
	if text != "" {
		out = append(out, piece{text, false})
	}
	return out
}

// indexFold finds words in text and returns where they begin and how many bytes
// they are there: folding may change a length. at is -1 if there are none.
func indexFold(text, words string) (at, n int) {
	want := len([]rune(words))
	for i := range text {
		end, count := i, 0
		for j, r := range text[i:] {
			if count == want {
				break
			}
			end, count = i+j+len(string(r)), count+1
		}
		if count < want {
			return -1, 0
		}
		if strings.EqualFold(text[i:end], words) {
			return i, end - i
		}
	}
	return -1, 0
}

// hits counts the places in which words occur in the transcript.
func (p CallPage) hits() int {
	n := 0
	if p.Transcript == nil || strings.TrimSpace(p.Query) == "" {
		return 0
	}
	for _, s := range p.Transcript.Segments {
		for _, part := range mark(s.Text, p.Query) {
			if part.found {
				n++
			}
		}
	}
	return n
}

// reviewForm is the review as a form: what was just typed, else what was saved,
// else empty, because an AI's score is no review.
func (p CallPage) reviewForm() Form {
	if p.Review.Values != nil {
		return p.Review
	}
	f := Form{Values: map[string][]string{}}
	if r := p.Recording.Review; r != nil {
		if r.Score != nil {
			f.Values.Set("score", Figure(*r.Score))
		}
		f.Values.Set("tag", r.Tag)
		f.Values.Set("note", r.Note)
	}
	return f
}

// editForm is what may be corrected of a call.
func (p CallPage) editForm() Form {
	if p.Edit.Values != nil {
		f := p.Edit
		f.Name = "edit-"
		return f
	}
	r := p.Recording
	if p.Renamed {
		r.AgentName = p.GivenAgent
	}
	return Form{Name: "edit-", Values: map[string][]string{
		"customerPhone": {r.CustomerPhone}, "callcenterNumber": {r.AgentNumber}, "callcenterName": {r.AgentName},
		"direction": {string(r.Direction)}, "note": {r.Note},
	}}
}

// A stageMark is one stage of a call under way.
type stageMark struct {
	key  string
	done bool
	now  bool
}

// stages lists what a call goes through and how far it has come.
func (p CallPage) stages() []stageMark {
	order := []app.Status{app.AwaitingAudio, app.Queued, app.Transcribing, app.Analyzing}
	at := slices.Index(order, p.Recording.Status)
	var out []stageMark
	for i, s := range order {
		out = append(out, stageMark{string(s), i < at, i == at})
	}
	return out
}
