package store_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store/storetest"
)

// asked is a filter with what SQL asks for the same.
type asked struct {
	name  string
	f     app.RecordingFilter
	where string
}

func questions() []asked {
	day := storetest.Start.Add(-48 * time.Hour)
	agents := make([]string, 500)
	for i := range agents {
		agents[i] = fmt.Sprint(1000 + i)
	}
	return []asked{
		{"no filter", app.RecordingFilter{}, "1"},
		{"direction", app.RecordingFilter{Direction: app.Out}, "direction = 'out'"},
		{"source", app.RecordingFilter{Source: "dtac"}, "source = 'dtac'"},
		{"tag", app.RecordingFilter{Tag: "short"}, "tag = 'short'"},
		{"tag none", app.RecordingFilter{Tag: "none"}, "tag IS NULL"},
		{"sentiment", app.RecordingFilter{Sentiment: "negative"}, "sentiment = 'negative'"},
		{"status", app.RecordingFilter{Status: app.Failed}, "status = 'failed'"},
		{"score range", app.RecordingFilter{ScoreMin: ptr(40.0), ScoreMax: ptr(60.0)}, "score BETWEEN 40 AND 60"},
		{"dates", app.RecordingFilter{From: day, To: day.Add(20 * time.Hour)},
			fmt.Sprintf("call_at >= %d AND call_at < %d", day.UnixMilli(), day.Add(20*time.Hour).UnixMilli())},
		{"phone", app.RecordingFilter{Phone: "0800000123"}, "customer_phone = '0800000123'"},
		{"normalised phone", app.RecordingFilter{Normalized: "+66800000123"}, "customer_normalized = '+66800000123'"},
		{"one agent", app.RecordingFilter{AgentKeys: []string{"1007"}}, "agent_key = '1007'"},
		{"500 agents", app.RecordingFilter{AgentKeys: agents}, "agent_key >= '1000' AND agent_key < '1500'"},
		{"what one agent sees", app.RecordingFilter{OnlyAgents: []string{"1007", "1011"}}, "agent_key IN ('1007', '1011')"},
		{"collection", app.RecordingFilter{CollectionID: "picked"}, "id IN (SELECT recording_id FROM collection_items WHERE collection_id = 'picked')"},
		{"search", app.RecordingFilter{Search: "0123"}, "data_id || ' ' || customer_phone || ' ' || customer_normalized || ' ' || agent_number || ' ' || agent_name LIKE '%0123%'"},
		{"search of one character", app.RecordingFilter{Search: "7"}, "data_id || ' ' || customer_phone || ' ' || customer_normalized || ' ' || agent_number || ' ' || agent_name LIKE '%7%'"},
		{"best score first", app.RecordingFilter{SortBy: "score"}, "1"},
		{"worst score first", app.RecordingFilter{SortBy: "score", Ascending: true}, "1"},
		{"longest first", app.RecordingFilter{SortBy: "duration"}, "1"},
		{"oldest first", app.RecordingFilter{Ascending: true}, "1"},
		{"page 100", app.RecordingFilter{Offset: 4950}, "1"},
		{"four filters", app.RecordingFilter{Direction: app.In, Tag: "normal", Sentiment: "negative", ScoreMin: ptr(50.0)},
			"direction = 'in' AND tag = 'normal' AND sentiment = 'negative' AND score >= 50"},
	}
}

// sqlOrder is what the contract says of the order.
func sqlOrder(f app.RecordingFilter) string {
	dir := " DESC"
	if f.Ascending {
		dir = ""
	}
	if f.SortBy == "" {
		return "call_at" + dir + ", id"
	}
	return f.SortBy + " IS NULL, " + f.SortBy + dir + ", call_at DESC, id"
}

// manyCalls fills a business with n calls, one a minute, the newest at
// storetest.Start, of 600 agents and 3000 numbers.
func manyCalls(t testing.TB, f *storetest.Fixture, n int) {
	t.Helper()
	f.Exec(t, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?1)
		INSERT INTO recordings (id, business_id, data_id, source, call_at, given_duration, direction, customer_phone, customer_normalized,
			agent_number, agent_name, ai_tag, ai_score, sentiment, summary, status, created_at, updated_at)
		SELECT printf('01936b2e-%04x-7000-8000-%012x', i * 7919 % 65536, i), ?2, 'dtac:onecall.example.com:' || (1000000 + i * 7),
			CASE i % 3 WHEN 0 THEN 'threecx' WHEN 1 THEN 'dtac' ELSE 'upload' END, ?3 - (i - i % 2) * 60000,
			CASE WHEN i % 11 = 0 THEN NULL ELSE i * 37 % 600 END, CASE i % 5 WHEN 0 THEN 'out' WHEN 1 THEN 'internal' ELSE 'in' END,
			printf('08%08d', i % 3000), printf('+668%08d', i % 3000), 1000 + i * 31 % 600, 'Agent ' || (i * 31 % 600),
			CASE i % 6 WHEN 0 THEN NULL WHEN 1 THEN 'short' WHEN 2 THEN 'other' ELSE 'normal' END,
			CASE i % 7 WHEN 0 THEN NULL ELSE i * 13 % 101 END, CASE i % 4 WHEN 0 THEN 'positive' WHEN 1 THEN 'negative' ELSE 'neutral' END,
			'The customer asks about an invoice.', CASE i % 50 WHEN 0 THEN 'failed' ELSE 'completed' END, ?3, ?3 FROM n`,
		n, f.Business.ID, storetest.Start.UnixMilli())
	f.Exec(t, `INSERT INTO collections (id, business_id, name, created_at, updated_at) VALUES ('picked', ?, 'Picked', 0, 0)`, f.Business.ID)
	f.Exec(t, `INSERT INTO collection_items (collection_id, recording_id, added_at) SELECT 'picked', id, 0 FROM recordings WHERE call_at % 1320000 = 0`)
}

func TestCardsAnswerAsSQLWould(t *testing.T) {
	f := storetest.New(t)
	manyCalls(t, f, 9000)
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			is := is.New(t)
			q.f.Limit = 50
			items, total, err := f.Recordings(t.Context(), f.Business.ID, q.f)
			is.NoErr(err)
			got := make([]string, len(items))
			for i, r := range items {
				got[i] = r.ID
			}
			is.Equal(fmt.Sprint(total), f.Text(t, `SELECT count(*) FROM recordings WHERE `+q.where)) // the exact number
			is.Equal(strings.Join(got, ","), f.Text(t, `SELECT coalesce(group_concat(id), '') FROM (SELECT id FROM recordings WHERE `+q.where+
				` ORDER BY `+sqlOrder(q.f)+` LIMIT 50 OFFSET `+fmt.Sprint(q.f.Offset)+`)`)) // the very rows, in their order
		})
	}
}

func TestCardsFollowWhatChanges(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f, call{id: "a"}, call{id: "b", at: time.Hour}, call{id: "c", at: 2 * time.Hour})
	is.Equal(ids(t, f, app.RecordingFilter{}), "c b a")
	f.Exec(t, `UPDATE recordings SET call_at = call_at + 7200000, direction = 'out' WHERE id = 'a'`) // by another program
	is.Equal(ids(t, f, app.RecordingFilter{}), "a c b")
	is.Equal(ids(t, f, app.RecordingFilter{Direction: app.Out}), "a")
	c, err := f.CreateCollection(t.Context(), app.Collection{BusinessID: f.Business.ID, Name: "x"})
	is.NoErr(err)
	_, _, err = f.AddToCollection(t.Context(), f.Business.ID, nil, c.ID, []string{"a", "b"})
	is.NoErr(err)
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: c.ID}), "a b")
	is.NoErr(f.RemoveFromCollection(t.Context(), f.Business.ID, nil, c.ID, []string{"a"}))
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: c.ID}), "b")
	is.NoErr(f.DeleteCollection(t.Context(), f.Business.ID, c.ID))
	is.Equal(ids(t, f, app.RecordingFilter{CollectionID: c.ID}), "") // with the collection goes what was in it
	f.Exec(t, `INSERT INTO call_text (recording_id, business_id, note) VALUES ('c', ?, 'a word')`, f.Business.ID)
	is.Equal(ids(t, f, app.RecordingFilter{Text: "word"}), "c") // words that came later
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, "c"))
	is.Equal(ids(t, f, app.RecordingFilter{}), "a b")
}

func TestCardsAreMadeAnewWhenTheyAreFarBehind(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f, call{id: "a"}, call{id: "b", at: time.Hour})
	is.Equal(ids(t, f, app.RecordingFilter{}), "b a")
	f.Exec(t, `UPDATE recordings SET direction = 'out' WHERE id = 'a'`)
	f.Exec(t, `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20001)
		INSERT INTO recording_changes (business_id, recording_id) SELECT ?, 'b' FROM n`, f.Business.ID)
	is.Equal(f.Text(t, `SELECT count(*) FROM recording_changes`), "20000") // the log is bounded
	is.Equal(ids(t, f, app.RecordingFilter{Direction: app.Out}), "a")      // and what fell out of it is known
}

func TestCardsUnderWriters(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	manyCalls(t, f, 400)
	done := make(chan error)
	go func() {
		for i := range 200 {
			id := fmt.Sprintf("01936b2e-%04x-7000-8000-%012x", i*7919%65536, i)
			if _, err := f.SetReview(t.Context(), f.Business.ID, nil, id, app.Review{Score: ptr(float64(rand.IntN(100)) + 0.5), By: f.Owner.ID}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 60 {
		_, total, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{SortBy: "score", Limit: 20})
		is.NoErr(err)
		is.Equal(total, 400) // no call is ever counted twice or missed
	}
	is.NoErr(<-done)
	_, total, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{Search: "dtac", ScoreMin: ptr(0.5), ScoreMax: ptr(100.0), Limit: 1})
	is.NoErr(err)
	is.Equal(fmt.Sprint(total), f.Text(t, `SELECT count(*) FROM recordings WHERE score BETWEEN 0.5 AND 100`)) // every review arrived
}

func TestShortTermsAreCutHonestly(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	manyCalls(t, f, 3000)
	f.Exec(t, `INSERT INTO call_text (recording_id, business_id, transcript) SELECT id, business_id, 'ดี' FROM recordings`)
	_, total, cut, err := f.SearchRecordings(t.Context(), f.Business.ID, app.RecordingFilter{Text: "ดี", Limit: 5}, time.Minute)
	is.NoErr(err)
	is.Equal(total, 3000)
	is.True(!cut) // there was time for all
	items, total, cut, err := f.SearchRecordings(t.Context(), f.Business.ID, app.RecordingFilter{Text: "ดี", Limit: 5}, -1)
	is.NoErr(err)
	is.True(cut) // there was none
	is.Equal(len(items)+total, 0)
}
