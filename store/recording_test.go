package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/store"
	"crk/store/storetest"
)

// A call is a row of the tests below.
type call struct {
	id, direction, phone, agent, tag, sentiment, status string
	score                                               any
	duration                                            any
	at                                                  time.Duration // after storetest.Start
	transcript                                          string
}

func addCalls(t *testing.T, f *storetest.Fixture, calls ...call) {
	t.Helper()
	for _, c := range calls {
		at := storetest.Start.Add(c.at).UnixMilli()
		if c.direction == "" {
			c.direction = "in"
		}
		if c.status == "" {
			c.status = "completed"
		}
		f.Exec(t, `INSERT INTO recordings (id, business_id, data_id, source, call_at, given_duration, direction, customer_phone,
				customer_normalized, agent_number, ai_tag, ai_score, sentiment, status, created_at, updated_at)
			VALUES (?1, ?2, 'data-' || ?1, 'upload', ?3, ?4, ?5, ?6, ?7, ?8, nullif(?9, ''), ?10, nullif(?11, ''), ?12, ?3, ?3)`,
			c.id, f.Business.ID, at, c.duration, c.direction, c.phone, store.NormalizePhone(c.phone), c.agent, c.tag, c.score, c.sentiment, c.status)
		if c.transcript != "" {
			f.Exec(t, `INSERT INTO call_text (recording_id, business_id, transcript) VALUES (?, ?, ?)`, c.id, f.Business.ID, c.transcript)
		}
	}
}

func ids(t *testing.T, f *storetest.Fixture, filter app.RecordingFilter) string {
	t.Helper()
	if filter.Limit == 0 {
		filter.Limit = 50
	}
	items, _, err := f.Recordings(t.Context(), f.Business.ID, filter)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range items {
		out = append(out, r.ID)
	}
	return strings.Join(out, " ")
}

func ptr[T any](v T) *T { return &v }

func TestRecordingsAreFilteredAndSorted(t *testing.T) {
	f := storetest.New(t)
	addCalls(t, f,
		call{id: "a", phone: "081-234-5678", agent: "201", tag: "normal", sentiment: "negative", score: 41.0, duration: 100, at: 0},
		call{id: "b", phone: "+66898887777", agent: "202", tag: "short", score: 90.5, duration: 5, at: time.Hour, direction: "out"},
		call{id: "c", agent: "", duration: nil, at: 2 * time.Hour, status: "awaiting_audio"},
		call{id: "d", phone: "100_1", agent: "203", score: 41.0, duration: 50, at: 3 * time.Hour},
	)
	for _, tt := range []struct {
		name   string
		filter app.RecordingFilter
		want   string
	}{
		{"newest first", app.RecordingFilter{}, "d c b a"},
		{"oldest first", app.RecordingFilter{Ascending: true}, "a b c d"},
		{"best score first, none last, ties newest first", app.RecordingFilter{SortBy: "score"}, "b d a c"},
		{"worst score first, none last still", app.RecordingFilter{SortBy: "score", Ascending: true}, "d a b c"},
		{"longest first", app.RecordingFilter{SortBy: "duration"}, "a d b c"},
		{"direction", app.RecordingFilter{Direction: app.Out}, "b"},
		{"from is within", app.RecordingFilter{From: storetest.Start.Add(time.Hour)}, "d c b"},
		{"to is not", app.RecordingFilter{To: storetest.Start.Add(time.Hour)}, "a"},
		{"tag", app.RecordingFilter{Tag: "short"}, "b"},
		{"no tag", app.RecordingFilter{Tag: "none"}, "d c"},
		{"sentiment", app.RecordingFilter{Sentiment: "negative"}, "a"},
		{"at least this score", app.RecordingFilter{ScoreMin: ptr(90.0)}, "b"},
		{"at most this score, and one at all", app.RecordingFilter{ScoreMax: ptr(41.0)}, "d a"},
		{"status", app.RecordingFilter{Status: app.AwaitingAudio}, "c"},
		{"phone as given", app.RecordingFilter{Phone: "081-234-5678"}, "a"},
		{"phone is exact", app.RecordingFilter{Phone: "081"}, ""},
		{"normalised phone", app.RecordingFilter{Normalized: "+66812345678"}, "a"},
		{"several agents", app.RecordingFilter{AgentKeys: []string{"201", "203"}}, "d a"},
		{"what a limited person sees", app.RecordingFilter{OnlyAgents: []string{"202"}}, "b"},
		{"who has no agents sees nothing", app.RecordingFilter{OnlyAgents: []string{}}, ""},
		{"not even calls of nobody", app.RecordingFilter{OnlyAgents: []string{""}}, ""},
		{"part of an id", app.RecordingFilter{Search: "DATA-B"}, "b"},
		{"part of a number", app.RecordingFilter{Search: "8887"}, "b"},
		{"an underscore is itself", app.RecordingFilter{Search: "100_"}, "d"},
		{"a percent sign is itself", app.RecordingFilter{Search: "%"}, ""},
		{"a page", app.RecordingFilter{Limit: 2, Offset: 1}, "c b"},
		{"all at once", app.RecordingFilter{Direction: app.In, ScoreMin: ptr(0.0), AgentKeys: []string{"201"}, Search: "data"}, "a"},
	} {
		t.Run(tt.name, func(t *testing.T) { is.New(t).Equal(ids(t, f, tt.filter), tt.want) })
	}
}

func TestTextIsFoundInThaiAndEnglish(t *testing.T) {
	f := storetest.New(t)
	addCalls(t, f,
		call{id: "th", at: time.Minute, transcript: "ลูกค้าขอคืนเงิน เพราะเครื่องทำน้ำแข็งเสีย ดีมาก"},
		call{id: "en", transcript: `The customer wants a REFUND for the "ice machine" <b>`},
	)
	for _, tt := range []struct{ name, q, want string }{
		{"a Thai word inside a phrase", "คืนเงิน", "th"},
		{"two ways to write sara am", "น\u0e49\u0e4d\u0e32แข็ง", "th"},
		{"sara am as it is mostly typed", "ทำน้ำแข็ง", "th"},
		{"sara am in two parts", "ท\u0e4d\u0e32", "th"},
		{"a short Thai word", "ดี", "th"},
		{"any case", "refund", "en"},
		{"every term must be there", "refund คืนเงิน", ""},
		{"a phrase", `"ice machine"`, "en"},
		{"words in another order", "machine ice", "en"},
		{"a phrase is not its words", `"machine ice"`, ""},
		{"operators are words", "refund OR คืนเงิน", ""},
		{"a lone quote", `"`, ""},
		{"invisible characters", "คืน\u200bเงิน", "th"},
	} {
		t.Run(tt.name, func(t *testing.T) { is.New(t).Equal(ids(t, f, app.RecordingFilter{Text: tt.q}), tt.want) })
	}
}

func TestSnippetMarksAndEscapes(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f, call{id: "a", transcript: strings.Repeat("x", 100) + ` the Refund <b> & a refund ` + strings.Repeat("y", 300)})
	items, total, err := f.Recordings(t.Context(), f.Business.ID, app.RecordingFilter{Text: "refund", Limit: 1})
	is.NoErr(err)
	is.Equal(total, 1)
	s := items[0].Snippet
	is.True(strings.Contains(s, "the <mark>Refund</mark> &lt;b&gt; &amp; a <mark>refund</mark>")) // hits marked, the rest escaped
	is.True(strings.HasPrefix(s, "…") && strings.HasSuffix(s, "…"))                               // and cut on both sides
}

func TestBusinessesAreApart(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	other, _ := f.OtherBusiness(t)
	addCalls(t, f, call{id: "a", transcript: "secret plan"})
	_, err := f.Recording(t.Context(), other.ID, nil, "a")
	is.True(app.IsKind(err, app.NotFound)) // another's call is not there
	items, total, err := f.Recordings(t.Context(), other.ID, app.RecordingFilter{Text: "secret plan", Limit: 10})
	is.NoErr(err)
	is.Equal(len(items)+total, 0) // nor are its words
	_, err = f.PatchRecording(t.Context(), other.ID, nil, "a", store.RecordingPatch{Note: ptr("mine")})
	is.True(app.IsKind(err, app.NotFound)) // nor can it be changed
	is.True(app.IsKind(f.DeleteRecording(t.Context(), other.ID, nil, "a"), app.NotFound))
}

func TestPatchChangesWhatIsGiven(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f, call{id: "a", phone: "0811111111", tag: "normal"})
	r, err := f.PatchRecording(t.Context(), f.Business.ID, nil, "a", store.RecordingPatch{
		Tag: ptr("short"), Note: ptr("called back"), CustomerPhone: ptr("02 123 4567"),
	})
	is.NoErr(err)
	is.Equal(r.Tag, "short") // a person's tag before the analysis's
	is.Equal(r.CustomerNormalized, "+6621234567")
	is.Equal(ids(t, f, app.RecordingFilter{Text: "called back"}), "a") // the note is findable
	r, err = f.PatchRecording(t.Context(), f.Business.ID, nil, "a", store.RecordingPatch{Tag: ptr("")})
	is.NoErr(err)
	is.Equal(r.Tag, "normal")       // taken back, the analysis's shows again
	is.Equal(r.Note, "called back") // what is not given stays
}

func TestDeleteRemovesEverythingAndTheIndex(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f, call{id: "a", transcript: "refund please"})
	is.NoErr(f.QueueJob(t.Context(), app.Job{Kind: app.JobAnalyse, BusinessID: f.Business.ID, Key: "a"}))
	is.NoErr(f.DeleteRecording(t.Context(), f.Business.ID, nil, "a"))
	is.Equal(ids(t, f, app.RecordingFilter{Text: "refund"}), "")
	counts, err := f.JobCounts(t.Context())
	is.NoErr(err)
	is.Equal(len(counts), 0) // nothing works on it any more
	is.Equal(f.Text(t, `SELECT count(*) FROM call_text`), "0")
	is.Equal(f.Text(t, `SELECT count(*) FROM call_index WHERE call_index MATCH '"refund"'`), "0") // the index forgot it
}

func TestAgents(t *testing.T) {
	is := is.New(t)
	f := storetest.New(t)
	addCalls(t, f,
		call{id: "a", agent: "201", score: 40.0, duration: 10},
		call{id: "b", agent: "201", score: 60.0, duration: 30, at: time.Hour},
		call{id: "c", agent: "202"},
		call{id: "d"},
	)
	agents, err := f.Agents(t.Context(), app.RecordingFilter{}, f.Business.ID)
	is.NoErr(err)
	is.Equal(len(agents), 2) // calls of nobody are nobody's
	is.Equal(agents[0].Key, "201")
	is.Equal(agents[0].Calls, 2)
	is.Equal(*agents[0].AvgScore, 50.0)
	is.Equal(*agents[0].AvgDuration, 20.0)
	is.Equal(agents[0].LastCallAt, storetest.Start.Add(time.Hour))
	is.True(agents[1].AvgScore == nil) // no score is not zero
}

func TestNormalizePhone(t *testing.T) {
	for in, want := range map[string]string{
		"081-234-5678": "+66812345678", "+66 81 234 5678": "+66812345678", "66812345678": "+66812345678", "02 123 4567": "+6621234567",
		"+1 (650) 253-0000": "+16502530000", "1175": "1175", "Ext.101": "101", "": "", "anonymous": "", "*100#": "*100#",
	} {
		t.Run(in, func(t *testing.T) { is.New(t).Equal(store.NormalizePhone(in), want) })
	}
}
