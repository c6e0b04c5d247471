package app

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a condition's value.
const (
	MaxValueLength = 500 // characters
	MaxValueItems  = 100
)

// The operators of conditions.
const (
	OpEq          = "eq"
	OpNe          = "ne"
	OpGt          = "gt"
	OpGte         = "gte"
	OpLt          = "lt"
	OpLte         = "lte"
	OpBetween     = "between" // both ends included
	OpIn          = "in"
	OpNotIn       = "not_in"
	OpContains    = "contains"
	OpNotContains = "not_contains"
	OpStartsWith  = "starts_with"
	OpIsEmpty     = "is_empty"
	OpIsNotEmpty  = "is_not_empty"
)

// The fields of conditions.
const (
	FieldScore         = "score"
	FieldDuration      = "duration"
	FieldTalkRatio     = "talk_ratio"
	FieldSilenceRatio  = "silence_ratio"
	FieldTag           = "tag"
	FieldSentiment     = "sentiment"
	FieldDirection     = "direction"
	FieldSource        = "source"
	FieldLanguage      = "language"
	FieldCustomerPhone = "customer_phone"
	FieldAgent         = "agent"
	FieldAgentNumber   = "agent_number"
	FieldSummary       = "summary"
	FieldTranscript    = "transcript"
	FieldTopic         = "topic"
	FieldCallHour      = "call_hour"
	FieldCallWeekday   = "call_weekday"
)

// A FieldKind is how a field's values compare.
type FieldKind int

// The kinds of fields.
const (
	NumberField FieldKind = iota // numbers
	ClockField                   // whole numbers that come round again, as hours do
	ChoiceField                  // words, of a closed list where there is one
	TextField                    // text, compared without case
)

// A ConditionField is something of a call that a condition can ask about.
type ConditionField struct {
	Name     string
	Kind     FieldKind
	Ops      []string
	Choices  []string // what a ChoiceField can be; nil: any word
	Min, Max float64  // what a number can be
}

// ConditionFields lists every field in the order of the API's documentation.
func ConditionFields() []ConditionField {
	number := []string{OpEq, OpNe, OpGt, OpGte, OpLt, OpLte, OpBetween, OpIsEmpty, OpIsNotEmpty}
	clock := []string{OpEq, OpNe, OpGt, OpGte, OpLt, OpLte, OpBetween, OpIn, OpNotIn, OpIsEmpty, OpIsNotEmpty}
	choice := []string{OpEq, OpNe, OpIn, OpNotIn, OpIsEmpty, OpIsNotEmpty}
	text := []string{OpEq, OpNe, OpContains, OpNotContains, OpStartsWith, OpIn, OpIsEmpty, OpIsNotEmpty}
	const ever = 1e9
	return []ConditionField{
		{Name: FieldScore, Kind: NumberField, Ops: number, Max: 100},
		{Name: FieldDuration, Kind: NumberField, Ops: number, Max: ever},
		{Name: FieldTalkRatio, Kind: NumberField, Ops: number, Max: 1},
		{Name: FieldSilenceRatio, Kind: NumberField, Ops: number, Max: 1},
		{Name: FieldTag, Kind: ChoiceField, Ops: choice, Choices: Tags()},
		{Name: FieldSentiment, Kind: ChoiceField, Ops: choice, Choices: Sentiments()},
		{Name: FieldDirection, Kind: ChoiceField, Ops: choice, Choices: words(Directions())},
		{Name: FieldSource, Kind: ChoiceField, Ops: choice, Choices: Sources()},
		{Name: FieldLanguage, Kind: ChoiceField, Ops: choice},
		{Name: FieldCustomerPhone, Kind: TextField, Ops: text},
		{Name: FieldAgent, Kind: TextField, Ops: text},
		{Name: FieldAgentNumber, Kind: TextField, Ops: text},
		{Name: FieldSummary, Kind: TextField, Ops: text},
		{Name: FieldTranscript, Kind: TextField, Ops: text},
		{Name: FieldTopic, Kind: TextField, Ops: text},
		{Name: FieldCallHour, Kind: ClockField, Ops: clock, Max: 23},
		{Name: FieldCallWeekday, Kind: ClockField, Ops: clock, Min: 1, Max: 7},
	}
}

// A Condition compares one field of a call with a value.
//
// The value of in and not_in is a list, or one value; of between a list of two
// numbers, the lower first, except that hours and weekdays may run over the end
// of the day or week (22 to 5); of is_empty and is_not_empty nothing, and what
// is given is dropped; of every other operator one value. Numbers may be written
// as strings ("60") and text as numbers (1001).
type Condition struct {
	Field string `json:"field"`
	Op    string `json:"op"`
	Value Value  `json:"value,omitzero"`
}

// normalized returns the condition without a value that its operator does not
// use.
func (c Condition) normalized() Condition {
	if c.Op == OpIsEmpty || c.Op == OpIsNotEmpty {
		c.Value = Value{}
	}
	return c
}

// check adds what is wrong with the condition, which is found at path.
func (c Condition) check(p *Problems, path string) {
	fields := ConditionFields()
	i := slices.IndexFunc(fields, func(f ConditionField) bool { return f.Name == c.Field })
	if i < 0 {
		p.Add(path+".field", "%s is no field. The fields are %s.", quoted(c.Field), fieldNames(fields))
		return
	}
	field := fields[i]
	if !slices.Contains(field.Ops, c.Op) {
		p.Add(path+".op", "%s is no operator of %s, which takes %s.", quoted(c.Op), field.Name, list(field.Ops))
		return
	}
	if problem := c.checkValue(field); problem != "" {
		p.Add(path+".value", "%s", problem)
	}
}

// checkValue returns what is wrong with the value, or nothing.
func (c Condition) checkValue(f ConditionField) string {
	v := c.Value
	switch {
	case c.Op == OpIsEmpty || c.Op == OpIsNotEmpty:
		return ""
	case v.wrong:
		return "This must be a string, a number or a list of them."
	case v.IsZero():
		return "Give a value for " + c.Op + "."
	case c.Op == OpBetween && (!v.List || len(v.Items) != 2):
		return "between takes a list of two numbers, as in [10, 20]."
	case c.Op == OpIn || c.Op == OpNotIn:
		if n := len(v.Items); n == 0 || n > MaxValueItems {
			return fmt.Sprintf("This must be a list of 1 to %d values.", MaxValueItems)
		}
	case v.List && c.Op != OpBetween:
		return c.Op + " takes one value, not a list."
	}
	for _, item := range v.Items {
		if problem := f.checkItem(item); problem != "" {
			return problem
		}
	}
	return c.checkOrder(f)
}

// checkOrder refuses a range that nothing can be in.
func (c Condition) checkOrder(f ConditionField) string {
	if c.Op != OpBetween || f.Kind == ClockField {
		return ""
	}
	if n := c.Value.Numbers(); n[0] > n[1] {
		return "The lower number comes first."
	}
	return ""
}

// checkItem returns what is wrong with one item of a value, or nothing.
func (f ConditionField) checkItem(s Scalar) string {
	switch f.Kind {
	case NumberField, ClockField:
		n, ok := s.number()
		switch {
		case !ok:
			return fmt.Sprintf("%s is compared with numbers, and %s is none.", f.Name, quoted(s.Text))
		case n < f.Min || n > f.Max:
			return fmt.Sprintf("%s goes from %s to %s.", f.Name, decimal(f.Min), decimal(f.Max))
		case f.Kind == ClockField && n != math.Trunc(n):
			return f.Name + " is a whole number."
		}
		return ""
	case ChoiceField:
		if f.Choices != nil && !slices.Contains(f.Choices, s.Text) {
			return fmt.Sprintf("%s is no %s. It is one of %s.", quoted(s.Text), f.Name, list(f.Choices))
		}
	}
	switch n := utf8.RuneCountInString(s.Text); {
	case strings.TrimSpace(s.Text) == "":
		return "This must not be empty. To ask for that there are is_empty and is_not_empty."
	case n > MaxValueLength:
		return fmt.Sprintf("A value has %d characters at most, not %d.", MaxValueLength, n)
	case f.Name == FieldCustomerPhone && FoldPhone(s.Text) == "":
		return "This must hold a digit or a letter."
	}
	return ""
}

// FoldPhone returns a telephone number without the marks that people put
// between its digits, so that "081-234 5678" and "0812345678" are one.
func FoldPhone(number string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.()\u00a0\u2010\u2011\u2013", r) {
			return -1
		}
		return r
	}, number)
}

func fieldNames(fields []ConditionField) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return list(names)
}

// at returns the path of an item of a list.
func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// words returns the values as plain strings.
func words[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

// list returns the values as they are named in a sentence.
func list[S ~string](values []S) string { return strings.Join(words(values), ", ") }

// quoted returns s for an error message, cut short.
func quoted(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
