package phonetest

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A pageQuery is the part of OData that a 3CX's list is asked with.
type pageQuery struct {
	filter    func(PBXRecording) bool
	order     func(a, b PBXRecording) int
	top, skip int
	count     bool
	fields    []string
}

// readPage reads a list's query. The error is what 3CX answers with 400.
func readPage(q url.Values, f PBXFaults, now time.Time) (p pageQuery, err error) {
	most := f.MaxTop
	if most == 0 {
		most = 100
	}
	p.top, p.skip, p.count = most, atLeast(q.Get("$skip"), 0), q.Get("$count") == "true"
	if q.Has("$top") {
		if p.top, err = strconv.Atoi(q.Get("$top")); err != nil || p.top < 0 || p.top > most {
			return p, fmt.Errorf("the limit of '%d' for Top query has been exceeded", most)
		}
	}
	if p.fields = fieldsOf(q); len(p.fields) > 0 {
		known := PBXRecording{}.row(now)
		for _, name := range p.fields {
			if _, ok := known[name]; !ok {
				return p, fmt.Errorf("could not find a property named '%s'", name)
			}
		}
	}
	if p.order, err = readOrder(q.Get("$orderby")); err != nil {
		return p, err
	}
	p.filter, err = readFilter(q.Get("$filter"), f, now)
	return p, err
}

// fieldsOf are those that $select names.
func fieldsOf(q url.Values) []string {
	if s := q.Get("$select"); s != "" {
		return strings.Split(s, ",")
	}
	return nil
}

// cut returns where the page begins and ends among n rows.
func (p pageQuery) cut(n int, f PBXFaults) [2]int {
	size := p.top
	if f.PageLimit > 0 {
		size = min(size, f.PageLimit)
	}
	from := min(p.skip, n)
	return [2]int{from, min(from+size, n)}
}

func readOrder(s string) (func(a, b PBXRecording) int, error) {
	name, way, _ := strings.Cut(s, " ")
	sign := 1
	switch way {
	case "", "asc":
	case "desc":
		sign = -1
	default:
		return nil, fmt.Errorf("syntax error in $orderby '%s'", s)
	}
	switch name {
	case "", "Id":
		return func(a, b PBXRecording) int { return sign * cmp.Compare(a.ID, b.ID) }, nil
	case "StartTime":
		return func(a, b PBXRecording) int { return sign * a.StartedAt.Compare(b.StartedAt) }, nil
	}
	return nil, fmt.Errorf("cannot order by '%s'", name)
}

// A filterReader reads a filter: comparisons of a property with a literal, and, or
// and parentheses.
type filterReader struct {
	words  []string
	faults PBXFaults
	now    time.Time
}

type predicate = func(PBXRecording) bool

var filterWords = regexp.MustCompile(`\(|\)|'[^']*'|[^\s()']+`)

func readFilter(s string, f PBXFaults, now time.Time) (predicate, error) {
	if s == "" {
		return func(PBXRecording) bool { return true }, nil
	}
	r := &filterReader{words: filterWords.FindAllString(s, -1), faults: f, now: now}
	p, err := r.either()
	if err == nil && len(r.words) > 0 {
		err = fmt.Errorf("syntax error at '%s'", r.words[0])
	}
	return p, err
}

// next takes a word, "" at the end.
func (r *filterReader) next() string {
	if len(r.words) == 0 {
		return ""
	}
	w := r.words[0]
	r.words = r.words[1:]
	return w
}

func (r *filterReader) accept(word string) bool {
	if len(r.words) == 0 || r.words[0] != word {
		return false
	}
	r.next()
	return true
}

func (r *filterReader) either() (predicate, error) {
	p, err := r.both()
	for err == nil && r.accept("or") {
		var other predicate
		left := p
		other, err = r.both()
		p = func(v PBXRecording) bool { return left(v) || other(v) }
	}
	return p, err
}

func (r *filterReader) both() (predicate, error) {
	p, err := r.one()
	for err == nil && r.accept("and") {
		var other predicate
		left := p
		other, err = r.one()
		p = func(v PBXRecording) bool { return left(v) && other(v) }
	}
	return p, err
}

func (r *filterReader) one() (predicate, error) {
	if r.accept("(") {
		p, err := r.either()
		if err == nil && !r.accept(")") {
			err = fmt.Errorf("')' expected")
		}
		return p, err
	}
	name, op, literal := r.next(), r.next(), r.next()
	compare, err := r.comparison(name, literal)
	if err != nil {
		return nil, err
	}
	if name == "Id" && op == "gt" && r.faults.IgnoreAfter {
		return func(PBXRecording) bool { return true }, nil
	}
	wanted := map[string][]int{"eq": {0}, "gt": {1}, "ge": {0, 1}, "lt": {-1}, "le": {-1, 0}}[op]
	if wanted == nil || (name == "CallType" || name == "IsTranscribed") && op != "eq" {
		return nil, fmt.Errorf("'%s' is no operator for '%s'", op, name)
	}
	return func(v PBXRecording) bool { return slices.Contains(wanted, compare(v)) }, nil
}

// comparison compares a property with a literal. Times are read with a Z alone.
func (r *filterReader) comparison(name, literal string) (func(PBXRecording) int, error) {
	wrong := fmt.Errorf("'%s' cannot be compared with '%s'", name, literal)
	switch name {
	case "Id":
		n, err := strconv.ParseInt(literal, 10, 64)
		if err != nil {
			return nil, wrong
		}
		return func(v PBXRecording) int { return cmp.Compare(v.ID, n) }, nil
	case "StartTime":
		t, err := time.Parse("2006-01-02T15:04:05Z", literal) // takes a fraction too
		if err != nil {
			return nil, wrong
		}
		return func(v PBXRecording) int { return v.StartedAt.Compare(t) }, nil
	case "CallType":
		s, ok := strings.CutPrefix(literal, "'")
		if !ok {
			return nil, wrong
		}
		return func(v PBXRecording) int { return cmp.Compare(v.CallType, strings.TrimSuffix(s, "'")) }, nil
	case "IsTranscribed":
		yes, err := strconv.ParseBool(literal)
		if err != nil {
			return nil, wrong
		}
		return func(v PBXRecording) int {
			if v.transcribed(r.now) == yes {
				return 0
			}
			return 1
		}, nil
	}
	return nil, fmt.Errorf("could not find a property named '%s'", name)
}
