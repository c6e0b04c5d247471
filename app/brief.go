package app

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// A Brief is what an analyst is told of a business before it judges a call: the
// part of the prompt that people write. Every change is a new version, and each
// analysis keeps the one that it was made with.
type Brief struct {
	Version  int           `json:"-"`        // 0: the default, which nobody has changed yet
	Company  string        `json:"company"`  // what the business does
	Topics   []string      `json:"topics"`   // that its calls are about
	Criteria []Criterion   `json:"criteria"` // of the score
	Language string        `json:"language"` // of what is written about a call, "th" or "en"
	Extra    string        `json:"extra"`    // further instructions
	Keywords []KeywordList `json:"keywords"` // of the built-in analysis

	CreatedBy UserID    `json:"-"`
	CreatedAt time.Time `json:"-"`
}

// A Criterion is one line of the scorecard.
type Criterion struct {
	Name    string `json:"name"`   // as the model and the API name it
	Points  int    `json:"points"` // at most
	Meaning string `json:"meaning"`
}

// A KeywordList is a rule of the built-in analysis: what it means for a call
// that one of the words is said.
type KeywordList struct {
	Name   string   `json:"name"`  // becomes a topic of the call
	Words  []string `json:"words"` // of any language, found within longer ones too
	Points int      `json:"points"`
	By     string   `json:"by,omitempty"`  // SpeakerAgent, SpeakerCustomer; empty: anybody
	Tag    string   `json:"tag,omitempty"` // of Tags that the call gets; empty: the audio decides
}

// Bounds of a brief.
const (
	MaxCriteria = 20
	MaxTopics   = 50
	MaxKeywords = 20

	maxCompany    = 2000
	maxExtra      = 2000
	maxBriefName  = 60
	maxMeaning    = 300
	maxPoints     = 100
	maxWords      = 100
	maxWordLength = 60
)

// Sum is the points of all criteria.
func (b Brief) Sum() (sum int) {
	for _, k := range b.Criteria {
		sum += k.Points
	}
	return sum
}

// Tidy returns the brief without what holds nothing: blanks around texts, empty
// lines of lists, repeated words.
func (b Brief) Tidy() Brief {
	b.Company, b.Extra = strings.TrimSpace(b.Company), strings.TrimSpace(b.Extra)
	b.Topics = tidyLines(b.Topics)
	criteria := []Criterion{}
	for _, k := range b.Criteria {
		k.Name, k.Meaning = oneLine(k.Name), oneLine(k.Meaning)
		if k != (Criterion{}) {
			criteria = append(criteria, k)
		}
	}
	keywords := []KeywordList{}
	for _, l := range b.Keywords {
		l.Name, l.Words = oneLine(l.Name), tidyLines(l.Words)
		if l.Name != "" || len(l.Words) > 0 {
			keywords = append(keywords, l)
		}
	}
	b.Criteria, b.Keywords = criteria, keywords
	return b
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// tidyLines returns the lines that hold something, each once whatever its case.
func tidyLines(in []string) []string {
	out := []string{}
	for _, s := range in {
		s = oneLine(s)
		same := func(other string) bool { return strings.EqualFold(other, s) }
		if s != "" && !slices.ContainsFunc(out, same) {
			out = append(out, s)
		}
	}
	return out
}

// Validate returns what is wrong with a brief that was tidied.
func (b Brief) Validate() error {
	var p Problems
	tooLong := func(s string, most int) bool { return utf8.RuneCountInString(s) > most }
	if tooLong(b.Company, maxCompany) {
		p.Add("company", "Use at most %d characters.", maxCompany)
	}
	if tooLong(b.Extra, maxExtra) {
		p.Add("extra", "Use at most %d characters.", maxExtra)
	}
	if b.Language != "th" && b.Language != "en" {
		p.Add("language", "This must be one of: th, en.")
	}
	if len(b.Topics) > MaxTopics || slices.ContainsFunc(b.Topics, func(s string) bool { return tooLong(s, maxBriefName) }) {
		p.Add("topics", "Use at most %d topics of at most %d characters.", MaxTopics, maxBriefName)
	}
	b.checkCriteria(&p)
	b.checkKeywords(&p)
	return p.Err()
}

func (b Brief) checkCriteria(p *Problems) {
	seen := map[string]bool{}
	if len(b.Criteria) == 0 || len(b.Criteria) > MaxCriteria {
		p.Add("criteria", "Use 1 to %d criteria.", MaxCriteria)
	}
	for _, k := range b.Criteria {
		name := strings.ToLower(k.Name)
		switch {
		case k.Name == "" || utf8.RuneCountInString(k.Name) > maxBriefName || utf8.RuneCountInString(k.Meaning) > maxMeaning:
			p.Add("criteria", "Each criterion needs a name of at most %d characters and a meaning of at most %d.", maxBriefName, maxMeaning)
		case seen[name]:
			p.Add("criteria", "Two criteria are called %q.", k.Name)
		case k.Points < 1 || k.Points > maxPoints:
			p.Add("criteria", "Points are whole numbers from 1 to %d.", maxPoints)
		}
		seen[name] = true
	}
}

func (b Brief) checkKeywords(p *Problems) {
	seen := map[string]bool{}
	if len(b.Keywords) > MaxKeywords {
		p.Add("keywords", "Use at most %d keyword lists.", MaxKeywords)
	}
	for _, l := range b.Keywords {
		name := strings.ToLower(l.Name)
		long := func(w string) bool { return utf8.RuneCountInString(w) > maxWordLength }
		switch {
		case l.Name == "" || utf8.RuneCountInString(l.Name) > maxBriefName || seen[name]:
			p.Add("keywords", "Each keyword list needs a name of its own of at most %d characters.", maxBriefName)
		case len(l.Words) == 0 || len(l.Words) > maxWords || slices.ContainsFunc(l.Words, long):
			p.Add("keywords", "Each keyword list needs 1 to %d words of at most %d characters.", maxWords, maxWordLength)
		case l.Points < -maxPoints || l.Points > maxPoints:
			p.Add("keywords", "Points of a list are whole numbers from -%d to %d.", maxPoints, maxPoints)
		case l.By != "" && l.By != SpeakerAgent && l.By != SpeakerCustomer, l.Tag != "" && !slices.Contains(Tags(), l.Tag):
			p.Add("keywords", "This is no speaker or no tag.")
		}
		seen[name] = true
	}
}
