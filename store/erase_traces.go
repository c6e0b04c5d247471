package store

import (
	"context"
	"database/sql"
	"regexp"
	"strings"
	"unique"

	"github.com/nyaruka/phonenumbers"

	"crk/app"
)

// What may be a telephone number, or the id of a call, in a text.
var (
	numberForm = regexp.MustCompile(`\+?\d[\d\-(). ]{4,22}\d`)
	idForm     = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// A trace is a place beside the calls where words of a call, or about one, are
// kept: messages, the feed, events for webhooks, answers for repeated requests.
type trace struct {
	list   string // ids and texts of a business from an id on
	sealed bool   // the texts are
	remove string // those of a list of ids
	jobs   app.JobKind
	count  func(*app.ErasedCounts) *int
}

// traces lists them. Every list is by the rows' ids, a few hundred at a time.
func traces() []trace {
	told := func(n *app.ErasedCounts) *int { return &n.Notifications }
	return []trace{
		{`SELECT id, recording_id || ' ' || title || char(10) || body || char(10) || link || char(10) || coalesce(data, '') FROM deliveries
			WHERE business_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3`, false,
			`DELETE FROM deliveries WHERE id IN (SELECT value FROM json_each(?))`, app.JobDeliver, told},
		{`SELECT id, title || char(10) || body || char(10) || coalesce(data, '') FROM feed WHERE business_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3`, false,
			`DELETE FROM feed WHERE id IN (SELECT value FROM json_each(?))`, "", told},
		{`SELECT id, recording_id || ' ' || trace FROM automation_runs WHERE business_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3`, false,
			`DELETE FROM automation_runs WHERE id IN (SELECT value FROM json_each(?))`, "", func(*app.ErasedCounts) *int { return new(int) }},
		{`SELECT id, CAST(body AS TEXT) FROM webhook_events WHERE business_id = ?1 AND id > ?2 AND type <> 'recording.deleted' ORDER BY id LIMIT ?3`, false,
			`DELETE FROM webhook_events WHERE id IN (SELECT value FROM json_each(?))`, "", func(n *app.ErasedCounts) *int { return &n.Events }},
		// An account's key may have been used for another business: its answers are looked through as well.
		{`SELECT i.key_id || ' ' || i.key, i.body FROM idempotency i JOIN api_keys k ON k.id = i.key_id
			WHERE coalesce(k.business_id, ?1) = ?1 AND i.body IS NOT NULL AND i.key_id || ' ' || i.key > ?2 ORDER BY 1 LIMIT ?3`, true,
			`DELETE FROM idempotency WHERE key_id || ' ' || key IN (SELECT value FROM json_each(?))`, "", func(n *app.ErasedCounts) *int { return &n.Answers }},
	}
}

// tracesAtATime bounds one look.
const tracesAtATime = 500

// EraseTraces removes what is kept beside the calls of an erase job and tells of
// them or holds the number: messages and the feed, the log of rules, events that
// wait for webhooks, answers kept for repeated requests. It reads everything of
// the business once, a few hundred rows at a time, outside of any transaction.
func (s *Store) EraseTraces(ctx context.Context, j app.Job, phone app.Secret) error {
	for _, place := range traces() {
		for from, more := "", true; more; {
			ids, last, err := s.findTraces(ctx, j, place, from, phone.Reveal())
			if err != nil {
				return err
			}
			from, more = last, last != ""
			if len(ids) == 0 {
				continue
			}
			if err := s.eraseTraces(ctx, j, place, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

// findTraces looks through the next rows of a place. last is empty at the end.
func (s *Store) findTraces(ctx context.Context, j app.Job, place trace, from, phone string) (ids []string, last string, err error) {
	rows, err := s.reads.QueryContext(ctx, place.list, j.BusinessID, from, tracesAtATime)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		if err := rows.Scan(&last, &text); err != nil {
			return nil, "", err
		}
		if place.sealed {
			keyID, key, _ := strings.Cut(last, " ")
			if text, err = s.box.Open("idempotency", answerName(keyID, key), text); err != nil {
				return nil, "", err
			}
		}
		words := string(text)
		hit := mentions(words, phone)
		if !hit {
			if hit, err = s.tellsOfErased(ctx, j, words); err != nil {
				return nil, "", err
			}
		}
		if hit {
			ids = append(ids, last)
		}
	}
	return ids, last, rows.Err()
}

// mentions reports whether a telephone number stands in a text, however it is
// written there.
func mentions(words, phone string) bool {
	for _, form := range numberForm.FindAllString(words, -1) {
		if NormalizePhone(form) == phone {
			return true
		}
	}
	return false
}

// tellsOfErased reports whether a text names a call that the job erased.
func (s *Store) tellsOfErased(ctx context.Context, j app.Job, words string) (bool, error) {
	for _, id := range idForm.FindAllString(words, -1) {
		var one int
		err := s.reads.QueryRowContext(ctx, `SELECT 1 FROM erased_calls WHERE erasure_id = ? AND recording_id = ?`, j.Key, id).Scan(&one)
		if err == nil {
			return true, nil
		}
		if err != sql.ErrNoRows {
			return false, err
		}
	}
	return false, nil
}

func (s *Store) eraseTraces(ctx context.Context, j app.Job, place trace, ids []string) error {
	return s.write(ctx, func(t *tx) error {
		if err := t.hold(j); err != nil {
			return err
		}
		return t.overwriting(func() error {
			if place.jobs != "" {
				for _, id := range ids {
					if err := t.cancelJobs(id, place.jobs); err != nil {
						return err
					}
				}
			}
			gone, err := t.affect(place.remove, toJSON(ids))
			if err != nil {
				return err
			}
			var n app.ErasedCounts
			*place.count(&n) += int(gone)
			return t.countErased(j, n)
		})
	})
}

// Mentions returns calls of other people in whose words a telephone number, given
// in normal form, is written in one of the usual ways, newest first, at most the
// given number, and how many there are.
func (s *Store) Mentions(ctx context.Context, business app.BusinessID, phone string, most int) (items []app.Recording, total int, err error) {
	all, err := s.cards(ctx, business)
	if err != nil {
		return nil, 0, err
	}
	var match []string
	for _, form := range spellings(phone) {
		match = append(match, `"`+form+`"`)
	}
	hits, err := s.indexed(ctx, strings.Join(match, " OR "))
	if err != nil {
		return nil, 0, err
	}
	own := unique.Make(phone)
	var found []*card
	for _, c := range all {
		if c.normalized != own && hits.has(c) {
			found = append(found, c)
		}
	}
	items, err = s.recordingsOf(ctx, business, found[:min(most, len(found))])
	return items, len(found), err
}

// spellings are the ways in which a number in normal form is mostly written.
func spellings(phone string) []string {
	n, err := phonenumbers.Parse(phone, "TH")
	if err != nil || len(phone) < 8 {
		return []string{phone}
	}
	out := []string{phone, strings.TrimPrefix(phone, "+")}
	for _, format := range []phonenumbers.PhoneNumberFormat{phonenumbers.NATIONAL, phonenumbers.INTERNATIONAL} {
		text := phonenumbers.Format(n, format)
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, text)
		out = append(out, text, strings.ReplaceAll(text, " ", "-"), digits)
	}
	if rest := strings.TrimPrefix(phone, "+66"); rest != phone && len(rest) == 9 { // 081-234-5678
		out = append(out, "0"+rest[:2]+"-"+rest[2:5]+"-"+rest[5:], "0"+rest[:2]+"-"+rest[2:], "0"+rest[:2]+" "+rest[2:5]+" "+rest[5:])
	}
	return out
}
