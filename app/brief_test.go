package app_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestDefaultBriefs(t *testing.T) {
	for _, language := range []string{"th", "en"} {
		is := is.New(t)
		b := app.DefaultBrief(language)
		is.NoErr(b.Validate())
		is.Equal(b.Sum(), 100)
		is.Equal(b.Language, language)
		is.Equal(b.Tidy(), b) // nothing in it is idle
	}
}

func TestBriefIsTidied(t *testing.T) {
	is := is.New(t)
	b := app.Brief{
		Company: " We cool. \n", Topics: []string{" Repair ", "", "repair", "Sales\tcalls"},
		Criteria: []app.Criterion{{}, {Name: "  Good   manners ", Points: 5}},
		Keywords: []app.KeywordList{{Points: 3}, {Name: "Angry", Words: []string{" refund", "Refund", ""}}},
	}.Tidy()
	is.Equal(b.Company, "We cool.")
	is.Equal(b.Topics, []string{"Repair", "Sales calls"}) // each once, whatever its case
	is.Equal(b.Criteria, []app.Criterion{{Name: "Good manners", Points: 5}})
	is.Equal(b.Keywords, []app.KeywordList{{Name: "Angry", Words: []string{"refund"}}})
}

func TestBriefValidate(t *testing.T) {
	long := strings.Repeat("ก", 2001)
	for _, tt := range []struct {
		name   string
		change func(*app.Brief)
		bad    string
	}{
		{"the default", func(*app.Brief) {}, ""},
		{"points that sum to another number", func(b *app.Brief) { b.Criteria = b.Criteria[:2] }, ""},
		{"no keyword lists", func(b *app.Brief) { b.Keywords = nil }, ""},
		{"a long story", func(b *app.Brief) { b.Company = long }, "company"},
		{"long instructions", func(b *app.Brief) { b.Extra = long }, "extra"},
		{"another language", func(b *app.Brief) { b.Language = "fr" }, "language"},
		{"a long topic", func(b *app.Brief) { b.Topics = []string{long[:300]} }, "topics"},
		{"no criteria", func(b *app.Brief) { b.Criteria = nil }, "criteria"},
		{"too many criteria", func(b *app.Brief) { b.Criteria = make([]app.Criterion, 21) }, "criteria"},
		{"a criterion without a name", func(b *app.Brief) { b.Criteria[0].Name = "" }, "criteria"},
		{"a criterion twice", func(b *app.Brief) { b.Criteria[0].Name = strings.ToUpper(b.Criteria[1].Name) }, "criteria"},
		{"a criterion without points", func(b *app.Brief) { b.Criteria[0].Points = 0 }, "criteria"},
		{"a criterion with too many points", func(b *app.Brief) { b.Criteria[0].Points = 101 }, "criteria"},
		{"a list without a name", func(b *app.Brief) { b.Keywords[0].Name = "" }, "keywords"},
		{"a list without words", func(b *app.Brief) { b.Keywords[0].Words = nil }, "keywords"},
		{"a list twice", func(b *app.Brief) { b.Keywords[0].Name = b.Keywords[1].Name }, "keywords"},
		{"a list with too many points", func(b *app.Brief) { b.Keywords[0].Points = -101 }, "keywords"},
		{"a list for nobody we know", func(b *app.Brief) { b.Keywords[0].By = "boss" }, "keywords"},
		{"a list with no tag of ours", func(b *app.Brief) { b.Keywords[0].Tag = "angry" }, "keywords"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			b := app.DefaultBrief("en")
			tt.change(&b)
			err := b.Validate()
			is.Equal(err == nil, tt.bad == "")
			is.True(err == nil || strings.HasPrefix(err.Error(), "validation_failed: "+tt.bad+":")) // the field is named
		})
	}
}
