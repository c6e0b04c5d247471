package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"crk/app"
)

// A query reads the parameters of a request and remembers everything that is
// wrong with them.
type query struct {
	values   url.Values
	problems app.Problems
}

func readQuery(c *fiber.Ctx) *query {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	q := &query{values: values}
	if err != nil {
		q.problems.Add("query", "The query is not encoded as it must be.")
	}
	return q
}

// err is nil, or what is wrong with the query, all at once.
func (q *query) err() error {
	if len(q.problems) == 0 {
		return nil
	}
	return &app.Error{Kind: app.Malformed, Code: "invalid_query", Message: q.problems[0].Name + ": " + q.problems[0].Message, Fields: q.problems}
}

// text is a parameter of at most 500 bytes.
func (q *query) text(name string) string {
	v := q.values.Get(name)
	if len(v) > 500 {
		q.problems.Add(name, "This is longer than 500 bytes.")
		return ""
	}
	return v
}

// one is a parameter with a closed list of values, or empty.
func (q *query) one(name string, allowed ...string) string {
	v := q.values.Get(name)
	if v != "" && !slices.Contains(allowed, v) {
		q.problems.Add(name, "This is none of: %s.", strings.Join(allowed, ", "))
		return ""
	}
	return v
}

// all is a repeatable parameter.
func (q *query) all(name string, most int) []string {
	v := q.values[name]
	if len(v) > most {
		q.problems.Add(name, "This may be given %d times at most.", most)
		return nil
	}
	return v
}

// number is a parameter that is a number, nil where it is not given.
func (q *query) number(name string) *float64 {
	v := q.values.Get(name)
	if v == "" {
		return nil
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n != n {
		q.problems.Add(name, "This is not a number.")
		return nil
	}
	return &n
}

// whole is a parameter that is a whole number within bounds.
func (q *query) whole(name string, least, most, otherwise int) int {
	v := q.values.Get(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		q.problems.Add(name, "This must be a whole number from %d to %d.", least, most)
		return otherwise
	}
	return n
}

// page reads limit (1–200) and offset.
func (q *query) page(otherwise int) (limit, offset int) {
	return q.whole("limit", 1, 200, otherwise), q.whole("offset", 0, 1<<31-1, 0)
}

// flag is a parameter that is true or false.
func (q *query) flag(name string) bool {
	return q.one(name, "true", "false", "1", "0") == "true" || q.values.Get(name) == "1"
}

// instant is a parameter that is an RFC 3339 time or a date, which means its
// start in loc; with end, a date means the end of its day.
func (q *query) instant(name string, loc *time.Location, end bool) time.Time {
	v := q.values.Get(name)
	if v == "" {
		return time.Time{}
	}
	if t, err := time.ParseInLocation(time.DateOnly, v, loc); err == nil {
		if end {
			t = t.AddDate(0, 0, 1)
		}
		return t
	}
	// A plus sign that was not encoded arrives as a blank.
	t, err := time.Parse(time.RFC3339, strings.Replace(v, " ", "+", 1))
	if err != nil {
		q.problems.Add(name, "Give a date as 2026-11-30 or a time as 2026-11-30T09:00:00+07:00.")
	}
	return t
}

// A list is a page of items.
type list[T any] struct {
	Items  []T `json:"items"`
	Total  int `json:"total"`
	Limit  int `json:"limit"`
	Offset int `json:"offset"`
}

// A cursorList is a page of items with the way to the next one.
type cursorList[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"nextCursor"`
}

// timeText is a time as answers carry it: RFC 3339 in UTC, null for none.
func timeText(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := t.UTC().Format("2006-01-02T15:04:05.000Z")
	return &s
}

// mapped turns each of items into what is shown of it.
func mapped[A, B any](items []A, show func(A) B) []B {
	out := make([]B, len(items))
	for i, v := range items {
		out[i] = show(v)
	}
	return out
}

// orNil shows an empty string as null.
func orNil[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	v := string(s)
	return &v
}
