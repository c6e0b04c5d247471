package store

import (
	"context"
	"iter"
	"slices"
	"time"

	"crk/app"
)

// searchTime bounds the search for a term that is too short for the index. It is
// far above what the largest appliance takes, and below what anybody waits.
const searchTime = 10 * time.Second

// Recordings returns a page of the recordings that match f, and how many match
// in all. A search for so short a term among so many calls that it cannot be
// ended in ten seconds is Unavailable.
func (s *Store) Recordings(ctx context.Context, business app.BusinessID, f app.RecordingFilter) ([]app.Recording, int, error) {
	items, total, cut, err := s.SearchRecordings(ctx, business, f, searchTime)
	if err == nil && cut {
		err = &app.Error{
			Kind: app.Unavailable, Code: "unavailable", RetryAfter: searchTime,
			Message: "The search took too long. Look for three characters or more, or for fewer days.",
		}
	}
	return items, total, err
}

// SearchRecordings is Recordings for who would rather see a part than wait: cut
// reports that the time ran out on a term of one or two characters, so that older
// calls were not looked at and are not in total.
func (s *Store) SearchRecordings(ctx context.Context, business app.BusinessID, f app.RecordingFilter, longest time.Duration) (items []app.Recording, total int, cut bool, err error) {
	found, cut, err := s.findCards(ctx, business, f, longest)
	if err != nil {
		return nil, 0, false, err
	}
	items, err = s.recordingsOf(ctx, business, pageOf(found, f))
	if words := f.Text + f.Anywhere; err == nil && words != "" {
		err = s.addSnippets(ctx, items, words)
	}
	return items, len(found), cut, err
}

// findCards returns the cards of what f asks for, newest first.
func (s *Store) findCards(ctx context.Context, business app.BusinessID, f app.RecordingFilter, longest time.Duration) (found []*card, cut bool, err error) {
	all, err := s.cards(ctx, business)
	if err != nil {
		return nil, false, err
	}
	found = filterCards(all, f)
	if f.Text != "" {
		if found, cut, err = s.withWords(ctx, found, f.Text, nil, longest); err != nil {
			return nil, false, err
		}
	}
	if f.Anywhere != "" {
		var short bool
		found, short, err = s.withWords(ctx, found, f.Anywhere, identified(f.Anywhere), longest)
		cut = cut || short
	}
	return found, cut, err
}

// recordingsOf reads the calls of some cards, in their order. One that was
// deleted meanwhile is left out.
func (s *Store) recordingsOf(ctx context.Context, business app.BusinessID, cards []*card) ([]app.Recording, error) {
	if len(cards) == 0 {
		return []app.Recording{}, nil
	}
	place := make(map[string]int, len(cards))
	ids := make([]string, len(cards))
	for i, c := range cards {
		place[c.id], ids[i] = i, c.id
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+recordingColumns+` FROM recordings r
		WHERE r.id IN (SELECT value FROM json_each(?)) AND +r.business_id = ?`, toJSON(ids), business) // by the ids, of which there are few
	items, err := collect(rows, err, scanRecording)
	slices.SortFunc(items, func(a, b app.Recording) int { return place[a.ID] - place[b.ID] })
	return items, err
}

// ExportRecordings yields every recording that matches f, in f's order and
// whatever its limit, a few hundred at a time, so that neither the memory nor a
// read transaction grows with their number. It is about the calls that matched
// when it began.
func (s *Store) ExportRecordings(ctx context.Context, business app.BusinessID, f app.RecordingFilter) iter.Seq2[app.Recording, error] {
	return func(yield func(app.Recording, error) bool) {
		found, err := s.matching(ctx, business, f)
		if err != nil {
			yield(app.Recording{}, err)
			return
		}
		for some := range slices.Chunk(found, 500) {
			items, err := s.recordingsOf(ctx, business, some)
			if err != nil {
				yield(app.Recording{}, err)
				return
			}
			for _, r := range items {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// matching returns the cards of everything that f asks for, in f's order.
func (s *Store) matching(ctx context.Context, business app.BusinessID, f app.RecordingFilter) ([]*card, error) {
	found, cut, err := s.findCards(ctx, business, f, searchTime)
	if err == nil && cut {
		err = &app.Error{Kind: app.Unavailable, Code: "unavailable", Message: "The search took too long. Look for three characters or more."}
	}
	f.Offset, f.Limit = 0, len(found)
	if err != nil {
		return nil, err
	}
	return pageOf(found, f), nil
}

// MatchingIDs returns the ids of the recordings that match f, in f's order, at
// most the given number, and how many match in all.
func (s *Store) MatchingIDs(ctx context.Context, business app.BusinessID, f app.RecordingFilter, most int) (ids []string, total int, err error) {
	found, err := s.matching(ctx, business, f)
	for _, c := range found[:min(most, len(found))] {
		ids = append(ids, c.id)
	}
	return ids, len(found), err
}
