package ai_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
	"crk/app/ai/openai"
)

func TestAskForgivesWhatDoesNotMatter(t *testing.T) {
	is := is.New(t)
	c := callOf(dialogue(t, "late delivery"))
	c.Direction, c.Phone = app.UnknownDirection, ""
	c.Transcript.Text += "my number is 081-234 5678 or ๐๒ ๑๒๓ ๔๕๖๗"
	a, _, err := ask(t, c, good(map[string]any{
		"score": "64.6", "sentiment": " Negative", "tag": "NORMAL", "language": "TH", "direction": "out", "customer_phone": "0812345678",
		"topics": []any{"Parcel", "", "Parcel", map[string]any{"name": "x"}, strings.Repeat("ก", 100)}, "actionItems": "none",
		"highlights": []any{
			map[string]any{"at": "50", "text": "I do not believe it any more"},
			map[string]any{"at": 3, "text": "I was never asked whether the parcel may be late at all"},
			map[string]any{"at": nil, "text": "my parcel was promised for MONDAY. it is Fryday now"},
		},
		"scorecard": []any{
			map[string]any{"criterion": "Manners", "points": 99, "max": 1000, "reason": "calm", "quote": "I am very sorry about that."},
			map[string]any{"criterion": "manners", "points": 1, "max": 20, "reason": "again", "quote": ""},
			map[string]any{"criterion": "beauty", "points": 5, "max": 5, "reason": "made up", "quote": ""},
			map[string]any{"criterion": "greeting", "points": -3, "max": 15, "reason": "none", "quote": "Welcome to our company, how nice that you call."},
		},
	}))
	is.NoErr(err)
	is.Equal(*a.Score, 65.0) // a number in quotes, rounded
	is.Equal(a.Sentiment, "negative")
	is.Equal(a.Tag, "normal")
	is.Equal(a.Language, "th")
	is.Equal(a.Direction, app.Out)  // the record does not know
	is.Equal(a.Phone, "0812345678") // it was said
	is.Equal(a.Topics, []string{"Parcel", strings.Repeat("ก", 59) + "…"})
	is.Equal(a.ActionItems, []string{})
	is.Equal(a.Highlights, []app.Highlight{
		{At: 10, Text: "my parcel was promised for MONDAY. it is Fryday now"}, // heard a little differently
		{At: 50, Text: "I do not believe it any more"},
	}) // what nobody said is left out
	at := 20.0
	is.Equal(a.Scorecard, []app.ScorecardItem{
		{Criterion: "Greeting", Points: 0, Max: 15, Reason: "none"},                                                // a quote that nobody said is not shown
		{Criterion: "Manners", Points: 20, Max: 20, Reason: "calm", Quote: "I am very sorry about that.", At: &at}, // ours to say what the most is
	})
}

func TestTheRecordWins(t *testing.T) {
	for _, tt := range []struct {
		name            string
		direction       app.Direction
		phone, said     string // on record, by the model
		want            string
		wantedDirection app.Direction
	}{
		{"both known", app.In, "0899999999", "0812345678", "", ""},
		{"a number that nobody said", app.UnknownDirection, "", "0811111111", "", app.Out},
		{"a number too short", app.UnknownDirection, "", "0812345", "", app.Out},
		{"in Thai digits", app.UnknownDirection, "", "021234567", "021234567", app.Out},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c := callOf(dialogue(t, "refund"))
			c.Direction, c.Phone = tt.direction, tt.phone
			c.Transcript.Text += " 0812345678 ๐๒ ๑๒๓ ๔๕๖๗"
			a, _, err := ask(t, c, good(map[string]any{"direction": "out", "customer_phone": tt.said}))
			is.NoErr(err)
			is.Equal(a.Phone, tt.want)
			is.Equal(a.Direction, tt.wantedDirection)
		})
	}
}

// FuzzAsk looks for an answer that gets past the checks.
func FuzzAsk(f *testing.F) {
	f.Add(good(nil))
	f.Add(good(map[string]any{"score": 1e300}))
	f.Add(good(map[string]any{"scorecard": []any{map[string]any{"criterion": "solves", "points": "NaN"}}}))
	f.Add(good(map[string]any{"highlights": []any{map[string]any{"at": 1e300, "text": "refund"}}}))
	f.Add(`{"score":1e999}`)
	c := callOf(aitest.Dialogue{Lines: []aitest.Line{{Speaker: "agent", Text: "The refund was made this morning."}, {Speaker: "customer", Text: "ขอบคุณครับ"}}})
	f.Fuzz(func(t *testing.T, content string) {
		body, _ := json.Marshal(map[string]any{"choices": []any{map[string]any{"message": map[string]any{"content": content}}}})
		client := openai.New(&http.Client{Transport: canned(body)})
		a, _, err := ai.Ask(t.Context(), client, openai.Config{BaseURL: "http://x/v1"}, c)
		if err != nil {
			return
		}
		if a.Score == nil || *a.Score < 0 || *a.Score > 100 || a.Summary == "" || a.Tag == "" || a.Sentiment == "" {
			t.Fatalf("not an analysis: %+v", a)
		}
		for _, item := range a.Scorecard {
			if item.Points < 0 || item.Points > item.Max {
				t.Fatalf("points out of bounds: %+v", item)
			}
		}
		for _, h := range a.Highlights {
			if h.At < 0 || h.At > 18 {
				t.Fatalf("a passage outside the call: %+v", h)
			}
		}
		if _, err := json.Marshal(a); err != nil {
			t.Fatal(err)
		}
	})
}
