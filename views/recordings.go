package views

import (
	"cmp"
	"html"
	"net/url"
	"strconv"
	"strings"

	"crk/app"
)

// CallsPage is the list of calls.
type CallsPage struct {
	Items       []app.Recording
	Audio       map[string]*app.AudioStats // by recording: for the strips; may lack any
	Total       int
	Agents      []Option          // by agent key
	Query       url.Values        // the filters as they stand in the address
	Words       string            // of them, what transcripts are searched for: to be marked in a call that is opened
	Base        string            // the path of the list; empty: /calls
	Names       map[string]string // what the business calls its agents, by key
	Collections []app.Collection  // to choose from
	Cut         bool              // a term of one or two characters: older calls were not looked at
	Picks       bool              // rows can be chosen
	Page        int               // from 1
	PageSize    int
	None        bool // the business has no call at all yet
	HasProvider bool
}

// pages is how many pages there are.
func (p CallsPage) pages() int { return max(1, (p.Total+p.PageSize-1)/p.PageSize) }

// first and last are the numbers of the rows shown.
func (p CallsPage) first() int { return min((p.Page-1)*p.PageSize+1, p.Total) }
func (p CallsPage) last() int  { return min(p.Page*p.PageSize, p.Total) }

// with returns the address of the list with some filters changed: pairs of name
// and value, an empty value takes the filter away. The page starts over.
func (p CallsPage) with(pairs ...string) string {
	q := url.Values{}
	for name, values := range p.Query {
		if name != "page" {
			q[name] = values
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Del(pairs[i])
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return address(p.base(), q)
}

// base is the path of the list.
func (p CallsPage) base() string { return cmp.Or(p.Base, "/calls") }

// at returns the address of a page of the list.
func (p CallsPage) at(page int) string {
	if page == 1 {
		return p.with()
	}
	return p.with("page", strconv.Itoa(page))
}

// here is the address of the list as it is shown.
func (p CallsPage) here() string { return address(p.base(), p.Query) }

func (p CallsPage) export() string {
	return strings.Replace(p.with(), "/calls", "/calls/export.csv", 1)
}

func address(path string, q url.Values) string {
	if s := q.Encode(); s != "" {
		return path + "?" + s
	}
	return path
}

// filtered reports whether anything narrows the list.
func (p CallsPage) filtered() bool {
	for _, name := range []string{"q", "from", "to", "agent", "tag", "sentiment", "direction", "min", "max", "status", "source", "collection"} {
		if p.Query.Get(name) != "" {
			return true
		}
	}
	return false
}

// collection is the collection that narrows the list, or nil.
func (p CallsPage) collection() *app.Collection {
	for i, c := range p.Collections {
		if c.ID == p.Query.Get("collection") {
			return &p.Collections[i]
		}
	}
	return nil
}

// named is a call with its agent as the business calls them.
func (p CallsPage) named(r app.Recording) app.Recording {
	r.AgentName = cmp.Or(p.Names[r.AgentKey()], r.AgentName)
	return r
}

// columns is how many columns the table has.
func (p CallsPage) columns() string {
	if p.Picks {
		return "9"
	}
	return "8"
}

// byTime reports whether the rows are in order of time, so that days can head
// them.
func (p CallsPage) byTime() bool {
	s := p.Query.Get("sort")
	return s == "" || s == "callAt"
}

// sortLink is the address that sorts by a column, or turns the order about.
func (p CallsPage) sortLink(column string) string {
	dir := ""
	if p.sorted(column) == "descending" {
		dir = "asc"
	}
	if column == "callAt" {
		return p.with("sort", "", "dir", dir)
	}
	return p.with("sort", column, "dir", dir)
}

// sorted is the aria-sort of a column, empty where another one sorts.
func (p CallsPage) sorted(column string) string {
	s := p.Query.Get("sort")
	if s == "" {
		s = "callAt"
	}
	switch {
	case s != column:
		return ""
	case p.Query.Get("dir") == "asc":
		return "ascending"
	}
	return "descending"
}

// pageLinks are the pages that the pager offers; 0 stands for a gap.
func (p CallsPage) pageLinks() []int {
	last := p.pages()
	var out []int
	for n := 1; n <= last; n++ {
		if n == 1 || n == last || (n >= p.Page-1 && n <= p.Page+1) {
			out = append(out, n)
		} else if out[len(out)-1] != 0 {
			out = append(out, 0)
		}
	}
	return out
}

// callLink is the address of a call; the words that found it go along, to be
// marked in its transcript.
func callLink(id, words string) string {
	if words == "" {
		return "/calls/" + url.PathEscape(id)
	}
	return address("/calls/"+url.PathEscape(id), url.Values{"q": {words}})
}

// A piece is a part of a text, found or not.
type piece struct {
	text  string
	found bool
}

// snippetPieces takes a full-text hit apart: HTML-escaped text in which <mark>
// is the only element.
func snippetPieces(snippet string) []piece {
	var out []piece
	for i, part := range strings.Split(snippet, "<mark>") {
		if i == 0 {
			out = appendPiece(out, part, false)
			continue
		}
		found, rest, _ := strings.Cut(part, "</mark>")
		out = appendPiece(out, found, true)
		out = appendPiece(out, rest, false)
	}
	return out
}

func appendPiece(out []piece, escaped string, found bool) []piece {
	if escaped == "" {
		return out
	}
	return append(out, piece{html.UnescapeString(escaped), found})
}

// progress is how far a call has come, in hundredths: enough for the eye, not a
// promise.
func progress(s app.Status) string {
	switch s {
	case app.AwaitingAudio:
		return "12"
	case app.Queued:
		return "30"
	case app.Transcribing:
		return "60"
	case app.Analyzing:
		return "88"
	}
	return "100"
}

// underWay reports whether a stage is still to come.
func underWay(s app.Status) bool { return s != app.Completed && s != app.Failed }

// directionIcon is the drawing for a way a call went.
func directionIcon(r app.Recording) string {
	switch {
	case r.Tag == "no_answer":
		return "phone-missed"
	case r.Direction == app.In:
		return "phone-incoming"
	case r.Direction == app.Out:
		return "phone-outgoing"
	case r.Direction == app.InternalCall:
		return "arrow-left-right"
	}
	return "phone"
}

// seconds is a length as a number, 0 where it is not known.
func seconds(r app.Recording) float64 {
	if r.Duration == nil {
		return 0
	}
	return float64(*r.Duration)
}
