package store

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unique"

	"crk/app"
)

// A test says whether a call is wanted.
type test func(*card) bool

// filterCards returns those of a business's cards that f asks for, its words
// aside, in the drawer's order.
func filterCards(all []*card, f app.RecordingFilter) []*card {
	all = within(all, f)
	tests := testsOf(f)
	out := make([]*card, 0, len(all))
next:
	for _, c := range all {
		for _, wanted := range tests {
			if !wanted(c) {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}

// within cuts the list to the days that f asks for.
func within(all []*card, f app.RecordingFilter) []*card {
	// Newest first: the first card older than t is where what is before t begins.
	before := func(t int64) int {
		i, _ := slices.BinarySearchFunc(all, t, func(c *card, t int64) int {
			if c.at >= t {
				return -1
			}
			return 1
		})
		return i
	}
	from, to := 0, len(all)
	if !f.To.IsZero() {
		from = before(f.To.UnixMilli())
	}
	if !f.From.IsZero() {
		to = before(f.From.UnixMilli())
	}
	return all[from:max(from, to)]
}

// testsOf are the tests of a filter, the quick ones first.
func testsOf(f app.RecordingFilter) []test {
	var tests []test
	equal := func(want string, of func(*card) name) {
		if want != "" {
			n := unique.Make(want)
			tests = append(tests, func(c *card) bool { return of(c) == n })
		}
	}
	equal(string(f.Direction), func(c *card) name { return c.direction })
	equal(f.Source, func(c *card) name { return c.source })
	equal(string(f.Status), func(c *card) name { return c.status })
	equal(f.Sentiment, func(c *card) name { return c.sentiment })
	equal(f.ProviderID, func(c *card) name { return c.provider })
	equal(f.Phone, func(c *card) name { return c.phone })
	equal(f.Normalized, func(c *card) name { return c.normalized })
	switch f.Tag {
	case "none":
		none := unique.Make("")
		tests = append(tests, func(c *card) bool { return c.tag == none })
	default:
		equal(f.Tag, func(c *card) name { return c.tag })
	}
	if f.ScoreMin != nil || f.ScoreMax != nil {
		tests = append(tests, scored(f.ScoreMin, f.ScoreMax))
	}
	if f.CollectionID != "" {
		id := unique.Make(f.CollectionID)
		tests = append(tests, func(c *card) bool { return slices.Contains(c.collections, id) })
	}
	if len(f.AgentKeys) > 0 {
		tests = append(tests, ofAgents(f.AgentKeys))
	}
	if f.OnlyAgents != nil {
		tests = append(tests, ofAgents(slices.DeleteFunc(slices.Clone(f.OnlyAgents), func(key string) bool { return key == "" })))
	}
	if f.IDs != nil {
		ids := make(map[string]bool, len(f.IDs))
		for _, id := range f.IDs {
			ids[id] = true
		}
		tests = append(tests, func(c *card) bool { return ids[c.id] })
	}
	if f.Search != "" {
		tests = append(tests, identified(f.Search))
	}
	return tests
}

// scored wants a score, and one within bounds: NaN is not.
func scored(least, most *float64) test {
	low, high := math.Inf(-1), math.Inf(1)
	if least != nil {
		low = *least
	}
	if most != nil {
		high = *most
	}
	return func(c *card) bool { return c.score >= low && c.score <= high }
}

func ofAgents(keys []string) test {
	if len(keys) == 1 {
		key := unique.Make(keys[0])
		return func(c *card) bool { return c.agent == key }
	}
	set := make(map[name]bool, len(keys))
	for _, key := range keys {
		set[unique.Make(key)] = true
	}
	return func(c *card) bool { return set[c.agent] }
}

// identified looks for a substring, in any case, in what identifies a call.
func identified(s string) test {
	s = strings.ToLower(strings.ReplaceAll(s, "\x00", " "))
	return func(c *card) bool { return strings.Contains(c.words, s) }
}

// pageOf returns the part of the cards, which come in the drawer's order, that
// f's sorting, offset and limit ask for. It may change the order of found.
func pageOf(found []*card, f app.RecordingFilter) []*card {
	from := min(f.Offset, len(found))
	to := min(from+f.Limit, len(found))
	switch f.SortBy {
	case "duration":
		return best(found, to, f.Ascending, func(c *card) float64 {
			if c.duration < 0 {
				return math.NaN()
			}
			return float64(c.duration)
		})[from:]
	case "score":
		return best(found, to, f.Ascending, func(c *card) float64 { return c.score })[from:]
	}
	if f.Ascending {
		oldestFirst(found)
	}
	return found[from:to]
}

// oldestFirst turns the list about; calls of one moment stay by id.
func oldestFirst(found []*card) {
	slices.Reverse(found)
	for i := 0; i < len(found); {
		j := i + 1
		for j < len(found) && found[j].at == found[i].at {
			j++
		}
		slices.Reverse(found[i:j])
		i = j
	}
}

// best returns the first n of found by a value, highest first unless ascending,
// those without one last. Equals keep their order.
func best(found []*card, n int, ascending bool, value func(*card) float64) []*card {
	compare := func(a, b *card) int {
		x, y := value(a), value(b)
		switch {
		case math.IsNaN(x) || math.IsNaN(y):
			return cmp.Compare(boolRank(math.IsNaN(x)), boolRank(math.IsNaN(y)))
		case ascending:
			return cmp.Compare(x, y)
		}
		return cmp.Compare(y, x)
	}
	if n > len(found)/8 {
		slices.SortStableFunc(found, compare)
		return found[:n]
	}
	top := make([]*card, 0, n+1) // of the first pages: nearly no card moves another
	for _, c := range found {
		if len(top) == n && (n == 0 || compare(c, top[n-1]) >= 0) {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, c, func(have, c *card) int {
			if compare(have, c) <= 0 {
				return -1
			}
			return 1
		})
		top = slices.Insert(top, i, c)
		top = top[:min(len(top), n)]
	}
	return top
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}
