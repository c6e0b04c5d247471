package demo_test

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
	"crk/app/ai/openai"
	"crk/app/config"
	"crk/app/demo"
	"crk/app/phone/phonetest"
)

// scenes returns the script.
func scenes(t testing.TB) []demo.Scene {
	t.Helper()
	all, err := demo.Scenes()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestScriptIsSound(t *testing.T) {
	names := map[string]bool{}
	for _, s := range scenes(t) {
		t.Run(s.Name, func(t *testing.T) {
			is := is.New(t)
			is.True(!names[s.Name]) // a name is of one scene
			names[s.Name] = true
			end := map[string]float64{}
			for _, l := range s.Lines {
				is.True(l.At >= end[l.By])                                        // nobody says two lines at once
				is.True(math.Abs(math.Round(l.Length/0.04)-l.Length/0.04) < 1e-6) // a line is whole blocks
				is.True(l.By == app.SpeakerAgent || l.By == app.SpeakerCustomer)  // one of two sides
				is.True(strings.TrimSpace(l.Text) == l.Text && len(l.Text) > 2)   // there are words
				is.True(l.At+l.Length <= s.Seconds)                               // within the call
				end[l.By] = l.At + l.Length
			}
			is.True(s.Seconds > 10 && s.Seconds <= 41) // short enough to hear to the end
			is.True(s.Ringing == (len(s.Lines) == 0))  // without words it rings
		})
	}
	before, after := demo.Turns()
	for _, name := range slices.Concat(before, after) {
		is.New(t).True(names[name]) // every turn has its scene
	}
}

// heard is a scene's call as the product has it once it is transcribed.
func heard(s demo.Scene, language string) ai.Call {
	c := ai.Call{Direction: app.In, Phone: "+66800001201", Duration: s.Seconds, Brief: app.DefaultBrief(language)}
	c.Transcript.Language = "en"
	for _, l := range s.Lines {
		c.Transcript.Segments = append(c.Transcript.Segments, app.Segment{Start: l.At, End: l.At + l.Length, Speaker: l.By, Text: l.Text})
		c.Transcript.Text += l.Text + " "
	}
	return c
}

// TestReviews has the product ask the simulated AI about every scene: its answers
// must pass the product's own checks with nothing left out.
func TestReviews(t *testing.T) {
	var all []aitest.Dialogue
	for _, s := range scenes(t) {
		all = append(all, s.Dialogue())
	}
	server := aitest.New(aitest.Dialogue{})
	server.HearWith(nil, all...)
	srv := httptest.NewServer(server)
	defer srv.Close()
	client, cfg := openai.New(srv.Client()), openai.Config{BaseURL: srv.URL + "/v1", Model: "simulated-mind"}

	for _, s := range scenes(t) {
		if s.Ringing {
			continue
		}
		for language, opinion := range map[string]struct{ summary, reason string }{
			"th": {s.Thai.Summary, s.Thai.ScoreReason}, "en": {s.English.Summary, s.English.ScoreReason},
		} {
			t.Run(s.Name+" "+language, func(t *testing.T) {
				is := is.New(t)
				a, _, err := ai.Ask(t.Context(), client, cfg, heard(s, language))
				is.NoErr(err)                                  // the answer is valid
				is.Equal(a.Summary, opinion.summary)           // it is of this scene, in this language
				is.Equal(a.ScoreReason, opinion.reason)        // likewise
				is.Equal(a.Tag, s.Tag)                         // as scripted
				is.Equal(a.Sentiment, s.Sentiment)             // as scripted
				is.Equal(len(a.Highlights), len(s.Highlights)) // every passage occurs in the transcript
				is.True(len(a.Topics) > 0)                     // there are topics
				total := 0.0
				is.Equal(len(a.Scorecard), len(app.DefaultBrief(language).Criteria)) // every criterion of the product's
				for i, item := range a.Scorecard {
					total += item.Points
					is.Equal(item.Points, s.Scorecard[i].Points) // within the maximum
					is.Equal(item.Max, s.Scorecard[i].Max)       // which is the product's
					is.Equal(item.Quote, s.Scorecard[i].Quote)   // the quote occurs in the transcript
					is.True(item.Reason != "")                   // and there is a reason
				}
				is.Equal(*a.Score, total)                                         // the score is their sum
				is.Equal(strings.ContainsFunc(a.Summary, thai), language == "th") // in the language that was asked for
			})
		}
	}
}

func thai(r rune) bool { return unicode.Is(unicode.Thai, r) }

func TestHighlightsHaveTheirTime(t *testing.T) {
	is := is.New(t)
	for _, s := range scenes(t) {
		if s.Name != "no_show" {
			continue
		}
		highlights := s.Dialogue().Reviews["en"]["highlights"].([]map[string]any)
		is.Equal(highlights[0]["text"], s.Highlights[0])         // the first passage
		is.Equal(highlights[0]["at"], math.Round(s.Lines[3].At)) // begins with the line it is in
		is.Equal(highlights[2]["at"], math.Round(s.Lines[6].At)) // and so does the last
	}
}

// TestUnknownCall uploads a call that nobody wrote: the simulated AI must not
// pretend to have listened.
func TestUnknownCall(t *testing.T) {
	is := is.New(t)
	cfg := start(t, demo.Options{}).Configure(config.Config{})
	client := openai.New(http.DefaultClient)
	file := phonetest.Talk(5 * time.Second).WAV()
	words, err := client.Transcribe(t.Context(), openai.Config{BaseURL: cfg.STT.URL, Model: cfg.STT.Model}, openai.Sound{
		Name: "call.wav", ContentType: "audio/wav", Size: int64(len(file)), Duration: 5 * time.Second,
		Open: func() (io.Reader, error) { return bytes.NewReader(file), nil },
	})
	is.NoErr(err)                                         // it answers
	is.True(strings.Contains(words.Text, "is simulated")) // with what is true

	for language, says := range map[string]string{"th": "สาธิต", "en": "did not listen"} {
		c := ai.Call{Duration: 5, Brief: app.DefaultBrief(language)}
		c.Transcript = app.Transcript{Text: words.Text, Segments: []app.Segment{{End: 5, Speaker: app.SpeakerUnknown, Text: words.Text}}}
		a, _, err := ai.Ask(t.Context(), client, openai.Config{BaseURL: cfg.LLM.URL, Model: cfg.LLM.Model}, c)
		is.NoErr(err)                              // so does the model
		is.True(strings.Contains(a.Summary, says)) // and says that it made this up
		is.Equal(a.Tag, "other")                   // of nothing in particular
	}
}
