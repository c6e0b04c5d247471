package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"crk/app"
)

// maxTerms bounds what one search may ask for.
const maxTerms = 12

// normalizeText is the form in which text is indexed and looked for: NFC, with
// the two ways to write a Thai sara am made one and characters that nobody sees
// dropped. Case stays: the index does not tell it apart.
func normalizeText(s string) string {
	s = norm.NFC.String(s)
	s = strings.ReplaceAll(s, "\u0e4d\u0e32", "\u0e33")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff' || r == '\u00ad':
			return -1
		case unicode.IsControl(r) && r != '\n':
			return ' '
		}
		return r
	}, s)
}

// searchTerms splits a query at blanks; what stands in quotes is one term.
func searchTerms(q string) []string {
	var terms []string
	for i, part := range strings.Split(normalizeText(q), `"`) {
		if i%2 == 1 {
			if part = strings.TrimSpace(part); part != "" {
				terms = append(terms, part)
			}
			continue
		}
		terms = append(terms, strings.Fields(part)...)
	}
	return terms[:min(len(terms), maxTerms)]
}

// text looks for every term of q in the words of the call. The trigram index
// finds substrings of three characters and more; shorter ones are looked for
// one by one.
func (w *where) text(business app.BusinessID, q string) {
	if q == "" {
		return
	}
	terms := searchTerms(q)
	if len(terms) == 0 {
		w.add("0")
		return
	}
	var match []string
	short := &where{}
	short.add("t.business_id = ?", business)
	for _, term := range terms {
		if utf8.RuneCountInString(term) >= 3 {
			match = append(match, `"`+strings.ReplaceAll(term, `"`, `""`)+`"`)
			continue
		}
		like := "%" + escapeLike(term) + "%"
		short.add(`(t.summary LIKE ? ESCAPE '\' OR t.transcript LIKE ? ESCAPE '\' OR t.note LIKE ? ESCAPE '\')`, like, like, like)
	}
	if len(match) > 0 {
		short.add("t.seq IN (SELECT rowid FROM call_index WHERE call_index MATCH ?)", strings.Join(match, " AND "))
	}
	w.add("r.id IN (SELECT t.recording_id FROM call_text t WHERE "+short.sql()+")", short.args...)
}

// indexText makes one of a call's texts findable: summary, transcript or note.
func (t *tx) indexText(business app.BusinessID, recording, column, value string) error {
	switch column {
	case "summary", "transcript", "note":
	default:
		return fmt.Errorf("store: no text %q", column)
	}
	return t.exec(`INSERT INTO call_text (recording_id, business_id, `+column+`) VALUES (?, ?, ?)
		ON CONFLICT (recording_id) DO UPDATE SET `+column+` = excluded.`+column, recording, business, normalizeText(value))
}

// addSnippets shows, for each hit, where in its words the query was found.
func (s *Store) addSnippets(ctx context.Context, items []app.Recording, q string) error {
	terms := searchTerms(q)
	for i := range items {
		var summary, transcript, note string
		err := s.reads.QueryRowContext(ctx, `SELECT summary, transcript, note FROM call_text WHERE recording_id = ?`,
			items[i].ID).Scan(&summary, &transcript, &note)
		if errors.Is(err, sql.ErrNoRows) { // found by its number: nothing is known of what was said
			continue
		}
		if err != nil {
			return err
		}
		for _, body := range []string{transcript, summary, note} {
			if items[i].Snippet = snippet(body, terms); items[i].Snippet != "" {
				break
			}
		}
	}
	return nil
}

const (
	snippetBefore = 40 // characters shown before the first hit
	snippetLength = 160
)

// snippet cuts the surroundings of the first hit out of body, with every hit in
// <mark> and everything else escaped. It is empty where no term occurs.
func snippet(body string, terms []string) string {
	runes := []rune(body)
	folded := make([]rune, len(runes))
	for i, r := range runes {
		folded[i] = unicode.ToLower(r)
	}
	marked := make([]bool, len(runes))
	first := -1
	for _, term := range terms {
		t := []rune(strings.ToLower(term))
		for i := 0; i+len(t) <= len(folded); i++ {
			if !slices.Equal(folded[i:i+len(t)], t) {
				continue
			}
			for j := range t {
				marked[i+j] = true
			}
			if first < 0 || i < first {
				first = i
			}
		}
	}
	if first < 0 {
		return ""
	}
	from := max(0, first-snippetBefore)
	to := min(len(runes), from+snippetLength)
	return markUp(runes[from:to], marked[from:to], from > 0, to < len(runes))
}

func markUp(runes []rune, marked []bool, cutBefore, cutAfter bool) string {
	var b strings.Builder
	if cutBefore {
		b.WriteString("…")
	}
	for i := 0; i < len(runes); {
		j := i
		for j < len(runes) && marked[j] == marked[i] {
			j++
		}
		part := html.EscapeString(string(runes[i:j]))
		if marked[i] {
			part = "<mark>" + part + "</mark>"
		}
		b.WriteString(part)
		i = j
	}
	if cutAfter {
		b.WriteString("…")
	}
	return b.String()
}
