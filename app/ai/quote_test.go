package ai_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
)

func TestQuotes(t *testing.T) {
	lines := []app.Segment{
		{Start: 0, End: 4, Text: "สวัสดีค่ะ คลินิกเลเซอร์ ยินดีให้บริการค่ะ"},
		{Start: 5, End: 9, Text: "อยากขอคืนเงินค่ะ ทํางานไม่ได้เลย"}, // sara am in two pieces
		{Start: 10, End: 12, Text: "Yes."},
		{Start: 20, End: 24, Text: "One moment please, one moment please."},
		{Start: 30, End: 34, Text: "one moment please"},
	}
	for _, tt := range []struct {
		name  string
		quote string
		hint  float64
		at    float64 // -1: not found
	}{
		{"to the letter", "อยากขอคืนเงินค่ะ", 0, 5},
		{"without blanks", "คลินิกเลเซอร์ยินดี", 0, 0.92},
		{"sara am in one piece", "ทำงานไม่ได้เลย", 0, 7.13},
		{"one letter of many is wrong", "ยินดีให้บริการคะ", 0, 2.26},
		{"across two lines", "ยินดีให้บริการค่ะ อยากขอคืนเงิน", 0, 2.26},
		{"other case and punctuation", "ONE MOMENT, PLEASE!", 0, 20},
		{"the one that was meant", "one moment please", 33, 30},
		{"half of it is made up", "อยากขอคืนเงินค่ะ และขอพบผู้จัดการเดี๋ยวนี้", 0, -1},
		{"nothing of it was said", "I will sue you", 0, -1},
		{"a short word that was not said", "No", 0, -1},
		{"no letters at all", "…!", 0, -1},
		{"nothing", "", 0, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			c := ai.Call{Brief: app.DefaultBrief("en"), Transcript: app.Transcript{Segments: lines, Text: "x"}}
			a, _, err := ask(t, c, good(map[string]any{"highlights": []any{map[string]any{"at": tt.hint, "text": tt.quote}}}))
			is.NoErr(err)
			if tt.at < 0 {
				is.Equal(a.Highlights, []app.Highlight{}) // it is not shown
				return
			}
			is.Equal(len(a.Highlights), 1)
			is.Equal(a.Highlights[0].At, tt.at)
		})
	}
}
