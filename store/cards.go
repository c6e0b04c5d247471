package store

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"strings"
	"sync"
	"unique"

	"crk/app"
)

// A name is one of few texts that many cards share; two are compared as fast as
// two numbers.
type name = unique.Handle[string]

// A card is what lists ask of one call. Cards do not change: a call that does
// gets a new one.
type card struct {
	id       string
	at       int64 // unix milliseconds
	text     int64 // its row in call_text; 0: none
	score    float64
	talk     float32 // NaN, as the score: not known
	duration int32   // -1: not known

	direction, source, provider, tag, sentiment, status name
	agent, number, person                               name // key, number and name of the agent
	phone, normalized                                   name
	collections                                         []name
	words                                               string // what identifies the call, in lower case
}

// A drawer holds the cards of one business in memory. SQLite would have to read
// an index from end to end to count what a filter finds among 200,000 calls, and
// one for every filter; the cards answer any of them, in any order, in a few
// milliseconds, for about 400 bytes a call.
//
// The database stays the truth: triggers note in recording_changes what changed,
// by whatever program, and every question first reads what was noted since the
// last.
type drawer struct {
	mu   sync.Mutex
	seq  int64   // of the last change that is in here; -1: nothing is
	all  []*card // newest first, then by id; never changed, but replaced
	byID map[string]*card
}

// cabinet are the drawers by business.
type cabinet struct {
	mu      sync.Mutex
	drawers map[app.BusinessID]*drawer
}

func (c *cabinet) drawer(business app.BusinessID) *drawer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawers == nil {
		c.drawers = map[app.BusinessID]*drawer{}
	}
	d := c.drawers[business]
	if d == nil {
		d = &drawer{seq: -1}
		c.drawers[business] = d
	}
	return d
}

// cards returns a card for each of a business's calls as they are now, newest
// first. The caller does not change the list.
func (s *Store) cards(ctx context.Context, business app.BusinessID) ([]*card, error) {
	d := s.cabinet.drawer(business)
	d.mu.Lock()
	defer d.mu.Unlock()
	var oldest, newest int64
	err := s.readHot(ctx, `SELECT coalesce((SELECT seq FROM recording_changes ORDER BY seq LIMIT 1), 0),
		coalesce((SELECT seq FROM recording_changes ORDER BY seq DESC LIMIT 1), 0)`).Scan(&oldest, &newest)
	if err != nil {
		return nil, err
	}
	if newest == d.seq {
		return d.all, nil
	}
	if d.seq < 0 || oldest > d.seq+1 || newest < d.seq || newest-d.seq > maxCatchUp {
		return d.fill(ctx, s.reads, business, newest)
	}
	return d.catchUp(ctx, s.reads, business, newest)
}

// maxCatchUp is how many changes are cheaper to take in one by one than to read
// every call again.
const maxCatchUp = 2000

const cardColumns = `r.id, r.call_at, coalesce(r.duration, -1), r.score, r.agent_talk, r.direction, r.source, r.provider_id,
	coalesce(r.tag, ''), coalesce(r.sentiment, ''), r.status, r.agent_key, r.agent_number, r.agent_name, r.customer_phone,
	r.customer_normalized, r.data_id, coalesce((SELECT seq FROM call_text WHERE recording_id = r.id), 0),
	coalesce((SELECT group_concat(collection_id) FROM collection_items WHERE recording_id = r.id), '')`

func scanCard(row scanner) (*card, error) {
	c := &card{}
	var score, talk sql.NullFloat64
	var dataID, collections string
	err := row.Scan(&c.id, &c.at, &c.duration, &score, &talk, shared{&c.direction}, shared{&c.source}, shared{&c.provider},
		shared{&c.tag}, shared{&c.sentiment}, shared{&c.status}, shared{&c.agent}, shared{&c.number}, shared{&c.person}, shared{&c.phone},
		shared{&c.normalized}, &dataID, &c.text, &collections)
	c.score, c.talk = math.NaN(), float32(math.NaN())
	if score.Valid {
		c.score = score.Float64
	}
	if talk.Valid {
		c.talk = float32(talk.Float64)
	}
	if collections != "" {
		for id := range strings.SplitSeq(collections, ",") {
			c.collections = append(c.collections, unique.Make(id))
		}
	}
	c.words = strings.ToLower(strings.Join([]string{dataID, c.phone.Value(), c.normalized.Value(), c.number.Value(), c.person.Value()}, "\x00"))
	return c, err
}

// shared scans a text that many rows have.
type shared struct{ n *name }

// Scan implements sql.Scanner.
func (s shared) Scan(v any) error {
	var str string
	if err := (text{&str}).Scan(v); err != nil {
		return err
	}
	*s.n = unique.Make(str)
	return nil
}

// order is that of the drawer: newest first, then by id.
func order(a, b *card) int {
	return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(a.id, b.id))
}

// fill reads every call. What changes while it reads was noted after seq, and is
// taken in by the next question.
func (d *drawer) fill(ctx context.Context, db *sql.DB, business app.BusinessID, seq int64) ([]*card, error) {
	rows, err := db.QueryContext(ctx, `SELECT `+cardColumns+` FROM recordings r WHERE r.business_id = ?`, business)
	all, err := collect(rows, err, scanCard)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, order)
	byID := make(map[string]*card, len(all))
	for _, c := range all {
		byID[c.id] = c
	}
	d.all, d.byID, d.seq = all, byID, seq
	return all, nil
}

// catchUp takes in what changed since the last question.
func (d *drawer) catchUp(ctx context.Context, db *sql.DB, business app.BusinessID, seq int64) ([]*card, error) {
	rows, err := db.QueryContext(ctx, `SELECT DISTINCT recording_id FROM recording_changes WHERE seq > ? AND seq <= ? AND business_id = ?`,
		d.seq, seq, business)
	ids, err := collect(rows, err, scanString)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		d.seq = seq
		return d.all, nil
	}
	rows, err = db.QueryContext(ctx, `SELECT `+cardColumns+` FROM recordings r
		WHERE r.id IN (SELECT value FROM json_each(?)) AND +r.business_id = ?`, toJSON(ids), business) // by the ids, of which there are few
	fresh, err := collect(rows, err, scanCard)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(d.all) // somebody may be reading the old one
	for _, id := range ids {
		if old := d.byID[id]; old != nil {
			i, _ := slices.BinarySearchFunc(all, old, order)
			all = slices.Delete(all, i, i+1)
			delete(d.byID, id)
		}
	}
	for _, c := range fresh {
		i, _ := slices.BinarySearchFunc(all, c, order)
		all = slices.Insert(all, i, c)
		d.byID[c.id] = c
	}
	d.all, d.seq = all, seq
	return all, nil
}
