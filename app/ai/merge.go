package ai

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"crk/app"
	"crk/app/ai/openai"
)

// An utterance is a segment with what is needed to say whose it is.
type utterance struct {
	app.Segment
	channel int
	voice   string // as the server tells them apart
}

// who is what is known of who speaks before anything is heard.
type who struct {
	direction app.Direction
	agent     app.AgentChannel
	apart     bool // the sides of the call are on two channels
}

// merge makes one transcript of what was heard in the pieces of a call.
func merge(all []heard, w who) app.Transcript {
	var said []utterance
	languages := map[string]int{}
	for _, h := range all {
		parts := utterances(h)
		if n := len(said); n > 0 && h.piece.Overlap > 0 && len(parts) > 0 {
			parts[0].Text = withoutRepeat(said[n-1].Text, parts[0].Text)
		}
		for _, u := range parts {
			if u.Text != "" {
				languages[h.answer.Language] += len(u.Text)
				said = append(said, u)
			}
		}
	}
	slices.SortStableFunc(said, func(a, b utterance) int { return cmp.Compare(a.Start, b.Start) })
	name(said, w, len(all))
	t := app.Transcript{Segments: []app.Segment{}}
	var words []string
	for _, u := range said {
		t.Segments = append(t.Segments, u.Segment)
		words = append(words, u.Text)
	}
	t.Text = strings.Join(words, " ")
	t.Language = language(languages, t.Text)
	return t
}

// utterances are what was said in a piece, with times of the call. What a model
// makes of noise is left out, and so is what the piece before has already.
func utterances(h heard) (out []utterance) {
	segments := h.answer.Segments
	if n := len(segments); n == 0 || segments[n-1].End == 0 {
		segments = spread(h.answer.Text, h.piece.Duration())
	}
	for _, s := range segments {
		if invented(s) || h.piece.Overlap > 0 && s.End.Seconds() <= h.piece.Overlap {
			continue
		}
		for _, part := range splitAtSeams(s, h.piece) {
			at := h.piece.InCall(app.Span{Start: part.Start.Seconds(), End: part.End.Seconds()})
			out = append(out, utterance{
				Segment: app.Segment{Start: at.Start, End: at.End, Text: part.Text, Speaker: app.SpeakerUnknown},
				channel: h.piece.Channel, voice: part.Speaker,
			})
		}
	}
	return out
}

// spread gives times to a text that came without, as if it was spoken evenly.
func spread(text string, seconds float64) []openai.Segment {
	parts := sentences(text)
	total := 0
	for _, p := range parts {
		total += len([]rune(p))
	}
	var out []openai.Segment
	at := 0
	when := func(n int) time.Duration {
		return time.Duration(float64(n) / float64(total) * seconds * float64(time.Second))
	}
	for _, p := range parts {
		n := len([]rune(p))
		out = append(out, openai.Segment{Start: when(at), End: when(at + n), Text: p})
		at += n
	}
	return out
}

// invented reports whether a model most likely made a segment up: of a stretch
// without speech, or by repeating itself. The bounds are those of Whisper.
func invented(s openai.Segment) bool {
	return s.NoSpeech > 0.6 && s.LogProb < -1 || s.Compression > 2.4 || repeats(s.Text)
}

// repeats reports whether a text is one thing said over and over. Three times is
// left to people: they do say hello until somebody hears them.
func repeats(text string) bool {
	const often = 4
	r := []rune(letters(text))
	// The border table of Knuth, Morris and Pratt: its last entry tells the
	// shortest period.
	border := make([]int, len(r)+1)
	for i := 1; i < len(r); i++ {
		k := border[i]
		for k > 0 && r[k] != r[i] {
			k = border[k]
		}
		if r[k] == r[i] {
			k++
		}
		border[i+1] = k
	}
	period := len(r) - border[len(r)]
	return len(r) > 0 && len(r)/period >= often && len(r)%period == 0 && !isNumber(text)
}

// isNumber keeps numbers, in which digits do repeat.
func isNumber(text string) bool { return !strings.ContainsFunc(text, unicode.IsLetter) }

// withoutRepeat cuts off the beginning of a text what is also the end of the one
// before, where two pieces overlap.
func withoutRepeat(before, text string) string {
	const least = 4 // letters: fewer agree by chance
	tail, head := []rune(letters(before)), []rune(letters(text))
	n := min(len(tail), len(head))
	for n >= least && !slices.Equal(tail[len(tail)-n:], head[:n]) {
		n--
	}
	if n < least {
		return text
	}
	for i, r := range text {
		if letters(string(r)) == "" {
			continue
		}
		if n == 0 {
			return text[i:]
		}
		n--
	}
	return ""
}

// name says who speaks. On separate channels it is as the call's source says, or
// else whoever speaks first has picked up: the agent, or, where the business
// called, the customer. A server that tells voices apart is believed within one
// piece only, as it names them anew in each.
func name(said []utterance, w who, pieces int) {
	if w.apart && w.agent != app.AgentAuto {
		for i, u := range said {
			said[i].Speaker = app.SpeakerCustomer
			if (u.channel == 0) == (w.agent == app.AgentLeft) {
				said[i].Speaker = app.SpeakerAgent
			}
		}
		return
	}
	first, second := app.SpeakerAgent, app.SpeakerCustomer
	if w.direction == app.Out {
		first, second = second, first
	}
	apart := func(a, b utterance) bool { return a.channel != b.channel }
	if pieces == 1 {
		apart = func(a, b utterance) bool { return a.voice != b.voice }
	}
	if !slices.ContainsFunc(said, func(u utterance) bool { return apart(u, said[0]) }) {
		return
	}
	for i := range said {
		said[i].Speaker = first
		if apart(said[i], said[0]) {
			said[i].Speaker = second
		}
	}
}

// language is the one that most was said in, as the server heard it; where it
// does not tell, Thai is known by its letters.
func language(said map[string]int, text string) string {
	most := ""
	for code, n := range said {
		if code != "" && (n > said[most] || most == "" || n == said[most] && code < most) {
			most = code
		}
	}
	if most == "" && isThai(text) {
		return "th"
	}
	return most
}
