package store

import (
	"context"
	"iter"
	"strings"

	"crk/app"
)

// Recordings returns a page of the recordings that match f, and how many match
// in all.
func (s *Store) Recordings(ctx context.Context, business app.BusinessID, f app.RecordingFilter) ([]app.Recording, int, error) {
	w := recordingWhere(business, f)
	var total int
	err := s.reads.QueryRowContext(ctx, `SELECT count(*) FROM recordings r WHERE `+w.sql(), w.args...).Scan(&total)
	if err != nil {
		return nil, 0, err
	}
	rows, err := s.reads.QueryContext(ctx, `SELECT `+recordingColumns+` FROM recordings r WHERE `+w.sql()+
		` ORDER BY `+recordingOrder(f)+` LIMIT ? OFFSET ?`, append(w.args, f.Limit, f.Offset)...)
	items, err := collect(rows, err, scanRecording)
	if words := f.Text + f.Anywhere; err == nil && words != "" {
		err = s.addSnippets(ctx, items, words)
	}
	return items, total, err
}

// ExportRecordings yields every recording that matches f, page by page, so that
// neither the memory nor a read transaction grows with their number. A call
// that arrives meanwhile may be left out; none is yielded twice.
func (s *Store) ExportRecordings(ctx context.Context, business app.BusinessID, f app.RecordingFilter) iter.Seq2[app.Recording, error] {
	return func(yield func(app.Recording, error) bool) {
		const page = 500
		seen := map[string]bool{}
		f.Limit, f.Offset = page, 0
		for {
			items, _, err := s.Recordings(ctx, business, f)
			if err != nil {
				yield(app.Recording{}, err)
				return
			}
			for _, r := range items {
				if seen[r.ID] {
					continue
				}
				seen[r.ID] = true
				if !yield(r, nil) {
					return
				}
			}
			if len(items) < page {
				return
			}
			f.Offset += page
		}
	}
}

func recordingOrder(f app.RecordingFilter) string {
	dir := " DESC"
	if f.Ascending {
		dir = ""
	}
	switch f.SortBy {
	case "duration", "score":
		return "r." + f.SortBy + " IS NULL, r." + f.SortBy + dir + ", r.call_at DESC, r.id"
	}
	return "r.call_at" + dir + ", r.id"
}

// recordingWhere is what f asks for, within the business.
func recordingWhere(business app.BusinessID, f app.RecordingFilter) *where {
	w := &where{}
	w.add("r.business_id = ?", business)
	for column, v := range map[string]string{
		"r.direction": string(f.Direction), "r.source": f.Source, "r.customer_phone": f.Phone,
		"r.customer_normalized": f.Normalized, "r.sentiment": f.Sentiment, "r.status": string(f.Status),
		"r.provider_id": f.ProviderID,
	} {
		if v != "" {
			w.add(column+" = ?", v)
		}
	}
	if !f.From.IsZero() {
		w.add("r.call_at >= ?", stamp(f.From))
	}
	if !f.To.IsZero() {
		w.add("r.call_at < ?", stamp(f.To))
	}
	switch f.Tag {
	case "":
	case "none":
		w.add("r.tag IS NULL")
	default:
		w.add("r.tag = ?", f.Tag)
	}
	if f.ScoreMin != nil {
		w.add("r.score >= ?", *f.ScoreMin)
	}
	if f.ScoreMax != nil {
		w.add("r.score <= ?", *f.ScoreMax)
	}
	if f.CollectionID != "" {
		w.add(`r.id IN (SELECT i.recording_id FROM collection_items i JOIN collections c ON c.id = i.collection_id
			WHERE c.id = ? AND c.business_id = ?)`, f.CollectionID, business)
	}
	if len(f.AgentKeys) > 0 {
		w.in("r.agent_key", f.AgentKeys)
	}
	if f.OnlyAgents != nil {
		w.in("r.agent_key", f.OnlyAgents)
		w.add("r.agent_key <> ''")
	}
	w.search(f.Search)
	w.text(business, f.Text)
	w.anywhere(business, f.Anywhere)
	return w
}

// anywhere looks for a string in what identifies a call or in its words.
func (w *where) anywhere(business app.BusinessID, s string) {
	if s == "" {
		return
	}
	either := &where{}
	either.search(s)
	either.text(business, s)
	w.add("("+strings.Join(either.conds, " OR ")+")", either.args...)
}

// search looks for a substring, in any case, in what identifies a call.
func (w *where) search(s string) {
	if s == "" {
		return
	}
	like := "%" + escapeLike(s) + "%"
	columns := []string{"data_id", "customer_phone", "customer_normalized", "agent_number", "agent_name"}
	conds := make([]string, len(columns))
	args := make([]any, len(columns))
	for i, c := range columns {
		conds[i], args[i] = "r."+c+` LIKE ? ESCAPE '\'`, like
	}
	w.add("("+strings.Join(conds, " OR ")+")", args...)
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
