package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
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

// withWords keeps of found what holds every term of q in its words, and what or
// takes anyway. The trigram index finds substrings of three characters and more;
// for shorter ones the words are read, newest first, until the time is over: cut
// says that it was.
func (s *Store) withWords(ctx context.Context, found []*card, q string, or test, longest time.Duration) (kept []*card, cut bool, err error) {
	if or == nil {
		or = func(*card) bool { return false }
	}
	terms := searchTerms(q)
	var match, short []string
	for _, term := range terms {
		if utf8.RuneCountInString(term) >= 3 {
			match = append(match, `"`+strings.ReplaceAll(term, `"`, `""`)+`"`)
		} else {
			short = append(short, term)
		}
	}
	wanted := func(c *card) bool { return len(terms) > 0 && c.text != 0 }
	if len(match) > 0 {
		hits, err := s.indexed(ctx, strings.Join(match, " AND "))
		if err != nil {
			return nil, false, err
		}
		wanted = hits.has
	}
	kept = slices.DeleteFunc(found, func(c *card) bool { return !wanted(c) && !or(c) })
	if len(short) > 0 {
		return s.readWords(ctx, kept, short, or, longest)
	}
	return kept, false, nil
}

// A bitset is a set of rows of call_text.
type bitset []uint64

func (b bitset) has(c *card) bool {
	i := c.text >> 6
	return i < int64(len(b)) && b[i]&(1<<(c.text&63)) != 0
}

// indexed asks the trigram index.
func (s *Store) indexed(ctx context.Context, match string) (hits bitset, err error) {
	rows, err := s.reads.QueryContext(ctx, `SELECT rowid FROM call_index WHERE call_index MATCH ?`, match)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		for int64(len(hits)) <= id>>6 {
			hits = append(hits, make(bitset, max(64, len(hits)))...)
		}
		hits[id>>6] |= 1 << (id & 63)
	}
	return hits, rows.Err()
}

// wordsAtATime is how many calls' words are read between two looks at the clock.
const wordsAtATime = 1000

// readWords keeps of found what holds every term, and what or takes anyway.
func (s *Store) readWords(ctx context.Context, found []*card, terms []string, or test, longest time.Duration) (kept []*card, cut bool, err error) {
	w := &where{}
	for _, term := range terms {
		like := "%" + escapeLike(term) + "%"
		w.add(`(t.summary LIKE ? ESCAPE '\' OR t.transcript LIKE ? ESCAPE '\' OR t.note LIKE ? ESCAPE '\')`, like, like, like)
	}
	end := time.Now().Add(longest) // the machine's clock: it is work that is bounded
	for some := range slices.Chunk(found, wordsAtATime) {
		if cut = time.Now().After(end); cut {
			return kept, true, nil
		}
		seqs := make([]int64, len(some))
		for i, c := range some {
			seqs[i] = c.text
		}
		rows, err := s.reads.QueryContext(ctx, `SELECT t.seq FROM call_text t
			WHERE t.seq IN (SELECT value FROM json_each(?)) AND `+w.sql(), append([]any{toJSON(seqs)}, w.args...)...)
		hits, err := collect(rows, err, func(row scanner) (seq int64, err error) { return seq, row.Scan(&seq) })
		if err != nil {
			return nil, false, err
		}
		slices.Sort(hits)
		for _, c := range some {
			if _, hit := slices.BinarySearch(hits, c.text); hit || or(c) {
				kept = append(kept, c)
			}
		}
	}
	return kept, false, nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
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
