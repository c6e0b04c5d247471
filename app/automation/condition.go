package automation

import (
	"slices"
	"strings"

	"crk/app"
)

// A condition is an app.Condition made ready to be compared.
type condition struct {
	source  app.Condition
	kind    app.FieldKind
	numbers []float64 // of the value, for fields that hold numbers
	texts   []string  // of the value, folded, for the others
}

// newCondition makes a valid condition ready.
func newCondition(source app.Condition) condition {
	c := condition{source: source, kind: kindOf(source.Field)}
	if isNumeric(c.kind) {
		c.numbers = source.Value.Numbers()
		return c
	}
	for _, text := range source.Value.Texts() {
		c.texts = append(c.texts, comparison(source.Field, text))
	}
	return c
}

func kindOf(field string) app.FieldKind {
	for _, f := range app.ConditionFields() {
		if f.Name == field {
			return f.Kind
		}
	}
	return app.TextField
}

func isNumeric(k app.FieldKind) bool { return k == app.NumberField || k == app.ClockField }

// met reports whether the call meets the condition.
func (c condition) met(call *Call) bool {
	if isNumeric(c.kind) {
		n, there := call.numbers[c.source.Field]
		if !there {
			return metByMissing(c.source.Op)
		}
		return c.metBy(n)
	}
	texts := call.texts[c.source.Field]
	if len(texts) == 0 {
		return metByMissing(c.source.Op)
	}
	switch c.source.Op {
	case app.OpIsEmpty:
		return false
	case app.OpIsNotEmpty:
		return true
	case app.OpNe, app.OpNotIn:
		return !slices.ContainsFunc(texts, c.equals)
	case app.OpNotContains:
		return !slices.ContainsFunc(texts, c.contained)
	case app.OpEq, app.OpIn:
		return slices.ContainsFunc(texts, c.equals)
	case app.OpContains:
		return slices.ContainsFunc(texts, c.contained)
	case app.OpStartsWith:
		return slices.ContainsFunc(texts, func(s string) bool { return strings.HasPrefix(s, c.texts[0]) })
	}
	return false
}

func (c condition) equals(text string) bool { return slices.Contains(c.texts, text) }

func (c condition) contained(text string) bool { return strings.Contains(text, c.texts[0]) }

// metBy reports whether a number meets the condition.
func (c condition) metBy(n float64) bool {
	switch v := c.numbers; c.source.Op {
	case app.OpIsNotEmpty:
		return true
	case app.OpEq:
		return n == v[0]
	case app.OpNe:
		return n != v[0]
	case app.OpGt:
		return n > v[0]
	case app.OpGte:
		return n >= v[0]
	case app.OpLt:
		return n < v[0]
	case app.OpLte:
		return n <= v[0]
	case app.OpIn:
		return slices.Contains(v, n)
	case app.OpNotIn:
		return !slices.Contains(v, n)
	case app.OpBetween:
		if c.kind == app.ClockField && v[0] > v[1] {
			return n >= v[0] || n <= v[1]
		}
		return v[0] <= n && n <= v[1]
	}
	return false
}

func metByMissing(op string) bool {
	switch op {
	case app.OpIsEmpty, app.OpNe, app.OpNotIn, app.OpNotContains:
		return true
	}
	return false
}
