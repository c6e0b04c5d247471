package app

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// A Value is what a condition compares with: nothing, one string or number, or
// a list of them. It remembers how it was written, so that it is shown as it was
// given.
type Value struct {
	Items []Scalar
	List  bool

	wrong bool // the JSON was of another type; Validate says so, with its path
}

// A Scalar is a string, or a number as it was written.
type Scalar struct {
	Text   string
	Number bool
}

// TextValue returns the value that holds one string.
func TextValue(s string) Value { return Value{Items: []Scalar{{Text: s}}} }

// NumberValue returns the value that holds one number.
func NumberValue(f float64) Value { return Value{Items: []Scalar{numberScalar(f)}} }

// TextValues returns the value that holds a list of strings.
func TextValues(texts ...string) Value {
	v := Value{List: true}
	for _, s := range texts {
		v.Items = append(v.Items, Scalar{Text: s})
	}
	return v
}

// NumberValues returns the value that holds a list of numbers.
func NumberValues(numbers ...float64) Value {
	v := Value{List: true}
	for _, f := range numbers {
		v.Items = append(v.Items, numberScalar(f))
	}
	return v
}

// IsZero reports whether there is no value.
func (v Value) IsZero() bool { return len(v.Items) == 0 && !v.List && !v.wrong }

// Numbers returns the items as numbers. One that is none, which a valid
// condition does not hold, is not a number (NaN) and so compares with nothing.
func (v Value) Numbers() []float64 {
	out := make([]float64, len(v.Items))
	for i, s := range v.Items {
		n, ok := s.number()
		if !ok {
			n = math.NaN()
		}
		out[i] = n
	}
	return out
}

// Texts returns the items as they are written.
func (v Value) Texts() []string {
	out := make([]string, len(v.Items))
	for i, s := range v.Items {
		out[i] = s.Text
	}
	return out
}

// UnmarshalJSON implements json.Unmarshaler. A value of a type that no
// condition takes is not an error here: validation tells it with its path, among
// the other problems.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	switch data = bytes.TrimSpace(data); {
	case string(data) == "null":
		return nil
	case len(data) > 0 && data[0] == '[':
		var list []json.RawMessage
		if err := json.Unmarshal(data, &list); err != nil {
			return err
		}
		v.List = true
		for _, item := range list {
			v.add(item)
		}
	default:
		v.add(data)
	}
	return nil
}

func (v *Value) add(data []byte) {
	var x any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if d.Decode(&x) != nil {
		v.wrong = true
		return
	}
	switch x := x.(type) {
	case string:
		v.Items = append(v.Items, Scalar{Text: x})
	case json.Number:
		v.Items = append(v.Items, Scalar{Text: x.String(), Number: true})
	default:
		v.wrong = true
	}
}

// MarshalJSON implements json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.List:
		items := v.Items
		if items == nil {
			items = []Scalar{}
		}
		return json.Marshal(items)
	case len(v.Items) == 1:
		return v.Items[0].MarshalJSON()
	}
	return []byte("null"), nil
}

// MarshalJSON implements json.Marshaler.
func (s Scalar) MarshalJSON() ([]byte, error) {
	if s.Number {
		return json.Marshal(json.Number(s.Text))
	}
	return json.Marshal(s.Text)
}

// number returns the scalar as a finite number written as JSON writes numbers,
// whether in quotes or not.
func (s Scalar) number() (float64, bool) {
	text := strings.TrimSpace(s.Text)
	if text == "" || !strings.ContainsRune("-0123456789", rune(text[0])) || !json.Valid([]byte(text)) {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

func numberScalar(f float64) Scalar {
	return Scalar{Text: strconv.FormatFloat(f, 'g', -1, 64), Number: true}
}
