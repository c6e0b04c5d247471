package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func ptr[T any](v T) *T { return &v }

var found = app.Analysis{
	Summary: "He wants a refund.", Score: ptr(41.0), ScoreReason: "Nobody helped.", Sentiment: "negative", Tag: "normal", Language: "en",
	Topics: []string{"refund"}, ActionItems: []string{"call back"}, Highlights: []app.Highlight{{At: 3, Text: "Hi & bye."}},
	Scorecard: []app.ScorecardItem{{Criterion: "solves", Points: 5, Max: 40, Reason: "Nothing was done.", Quote: "Hi & bye.", At: ptr(3.0)}},
	Direction: app.In, Phone: "0812345678",
}

func TestSummary(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, found)
	a := s.call(t, "GET", path+"/summary", key, nil)
	is.Equal(a.status, 200)
	is.Equal(a.body, `{"summary":"He wants a refund.","score":41,"scoreReason":"Nobody helped.","sentiment":"negative","tag":"normal","topics":["refund"],`+
		`"actionItems":["call back"],"highlights":[{"at":3,"text":"Hi \u0026 bye."}],"scorecard":[{"criterion":"solves","points":5,"max":40,"reason":"Nothing was done."}]}`)

	v := s.call(t, "GET", path, key, nil)
	r := v.json(t)
	is.Equal(r["processingStatus"], "completed")
	is.Equal(r["summary"], "He wants a refund.")
	is.Equal(r["score"], 41.0)
	is.Equal(r["tag"], "normal")
	is.Equal(r["sentiment"], "negative")
	is.Equal(r["language"], "en")
	is.Equal(r["topics"], []any{"refund"})
	is.Equal(r["actionItems"], []any{"call back"})
	is.Equal(r["direction"], "in")                         // filled in where the record did not know
	is.Equal(r["customerPhoneNormalized"], "+66812345678") // likewise
	is.Equal(r["transcriptUrl"], path+"/transcript")       //
	is.Equal(r["summaryUrl"], path+"/summary")             //
	is.True(!strings.Contains(v.body+a.body, "secret-"))   // no model's name leaves the product

	hits := s.call(t, "GET", recordingsPath+"?q=refund", key, nil).json(t)
	is.Equal(hits["total"], 1.0) // found by a word of the summary
	hits = s.call(t, "GET", recordingsPath+"?q=there", key, nil).json(t)
	is.Equal(hits["total"], 1.0) // and by a word that was said
}

func TestTheRecordOfTheCallWins(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1", "direction", "out", "customerPhone", "0899999999")
	s.runStages(t, &spoken, found)
	r := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["direction"], "out")
	is.Equal(r["customerPhone"], "0899999999")
}

func TestSummaryOfTheBuiltInRules(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1")
	is.Equal(s.call(t, "GET", path+"/summary", key, nil).status, 404) // not there yet
	s.runStages(t, nil, app.Analysis{Tag: "short"})
	a := s.call(t, "GET", path+"/summary", key, nil)
	is.Equal(a.body, `{"summary":"","score":null,"scoreReason":"","sentiment":null,"tag":"short","topics":[],"actionItems":[],"highlights":[],"scorecard":[]}`)
	r := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["score"], nil) // nothing is made up
	is.Equal(r["sentiment"], nil)
	is.Equal(r["tag"], "short")
}

func TestReextract(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	empty := recordingsPath + "/" + s.bring(t, key, "crm-0")
	a := s.call(t, "POST", empty+"/reextract", key, nil)
	is.Equal(a.status, 409) // without audio
	is.True(strings.Contains(a.body, `"conflict"`))

	path := s.heard(t, key, "crm-1")
	is.Equal(s.call(t, "POST", path+"/reextract", key, nil).status, 409) // while under way
	s.runStages(t, &spoken, found)

	a = s.call(t, "POST", path+"/reextract", key, nil)
	is.Equal(a.status, 202)
	is.Equal(a.json(t)["processingStatus"], "queued")
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["processingStatus"], "queued")
	is.Equal(s.call(t, "POST", path+"/reextract", key, nil).status, 409) // under way again
	again := app.Transcript{Language: "th", Text: "ขอคืนเงิน", Segments: []app.Segment{{End: 1, Speaker: "unknown", Text: "ขอคืนเงิน"}}}
	s.runStages(t, &again, app.Analysis{Summary: "Anew.", Tag: "other", Score: ptr(90.0)})
	is.Equal(s.call(t, "GET", path+"/transcript", key, nil).json(t)["text"], "ขอคืนเงิน") // both stages ran
	is.Equal(s.call(t, "GET", path+"/summary", key, nil).json(t)["summary"], "Anew.")
	is.Equal(s.call(t, "GET", recordingsPath+"?q=there", key, nil).json(t)["total"], 0.0) // what was said before is not found any more

	a = s.call(t, "POST", path+"/reextract", key, map[string]any{"stage": "analysis"})
	is.Equal(a.status, 202)
	s.runStages(t, &spoken, found)
	is.Equal(s.call(t, "GET", path+"/transcript", key, nil).json(t)["text"], "ขอคืนเงิน") // the transcript stayed
	is.Equal(s.call(t, "GET", path+"/summary", key, nil).json(t)["summary"], "He wants a refund.")

	for body, status := range map[string]int{`{"stage":"magic"}`: 422, `{"stage":7}`: 422, `{`: 400, `{"stage":null}`: 202} {
		is.Equal(s.call(t, "POST", path+"/reextract", key, body).status, status)
	}
	is.Equal(s.call(t, "POST", recordingsPath+"/0199aaaa-0000-7000-8000-000000000000/reextract", key, nil).status, 404)
}

func TestReextractAfterAFailure(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1")
	jobs, err := s.ClaimJobs(t.Context(), app.JobTranscribe, 1, 1e9)
	is.NoErr(err)
	is.NoErr(s.FailRecording(t.Context(), jobs[0], app.TranscriptionFailed))
	r := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["processingError"], "transcription_failed")
	is.Equal(s.call(t, "POST", path+"/reextract", key, nil).status, 202)
	r = s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["processingStatus"], "queued")
	is.Equal(r["processingError"], nil) // forgotten
}
