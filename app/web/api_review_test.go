package web_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestReviewWins(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, found)
	before := len(s.Changes())
	a := s.call(t, "PUT", path+"/review", key, map[string]any{"score": 88.5, "tag": "other", "note": "Not so bad."})
	is.Equal(a.status, 200)
	review := a.json(t)
	is.Equal(review["score"], 88.5)
	is.Equal(review["tag"], "other")
	is.Equal(review["note"], "Not so bad.")
	is.Equal(review["reviewedBy"], "Owner")
	is.Equal(review["reviewedAt"], "2026-11-16T07:00:00.000Z")
	is.Equal(len(s.Changes()), before+1) // who looks at the call sees it

	r := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["score"], 88.5)
	is.Equal(r["tag"], "other")
	is.Equal(r["review"], review)
	is.Equal(s.call(t, "GET", path+"/summary", key, nil).json(t)["score"], 41.0)                        // the AI's stays
	is.Equal(s.call(t, "GET", recordingsPath+"?tag=other&scoreMin=88", key, nil).json(t)["total"], 1.0) // filters see the review's
	is.Equal(s.call(t, "GET", recordingsPath+"?tag=normal", key, nil).json(t)["total"], 0.0)

	a = s.call(t, "PUT", path+"/review", key, map[string]any{"note": "Agreed."})
	is.Equal(a.json(t)["score"], nil) // a review takes the place of the one before
	r = s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["score"], 41.0)
	is.Equal(r["tag"], "normal")

	is.Equal(s.call(t, "DELETE", path+"/review", key, nil).status, 204)
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["review"], nil)
	is.Equal(s.call(t, "DELETE", path+"/review", key, nil).status, 204) // nothing to take back is no error
}

func TestReviewOutlivesANewAnalysis(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, found)
	is.Equal(s.call(t, "PUT", path+"/review", key, map[string]any{"score": 10}).status, 200)
	is.Equal(s.call(t, "POST", path+"/reextract", key, map[string]any{"stage": "analysis"}).status, 202)
	s.runStages(t, nil, app.Analysis{Score: ptr(99.0), Tag: "other"})
	r := s.call(t, "GET", path, key, nil).json(t)
	is.Equal(r["score"], 10.0) // what a person said is not overwritten
	is.Equal(r["tag"], "other")
}

func TestReviewIsChecked(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, found)
	for body, status := range map[string]int{
		`{"score":101}`: 422, `{"score":-1}`: 422, `{"score":"good"}`: 422, `{"tag":"angry"}`: 422, `{"tag":""}`: 422, `{"note":7}`: 422,
		`{`: 400, `{}`: 200, `{"score":0,"tag":null,"note":null}`: 200,
	} {
		t.Run(body, func(t *testing.T) {
			is := is.New(t)
			is.Equal(s.call(t, "PUT", path+"/review", key, body).status, status)
		})
	}
}

func TestWhoMayReview(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	path := s.process(t, s.Key(t), &spoken, found)
	viewer := s.Key(t, app.ViewRecordingAll)
	is.Equal(s.call(t, "GET", path+"/transcript", viewer, nil).status, 200)
	is.Equal(s.call(t, "GET", path+"/summary", viewer, nil).status, 200)
	is.Equal(s.call(t, "PUT", path+"/review", viewer, "{}").status, 403)
	is.Equal(s.call(t, "DELETE", path+"/review", viewer, nil).status, 403)
	is.Equal(s.call(t, "POST", path+"/reextract", viewer, nil).status, 403)
	is.Equal(s.call(t, "PUT", path+"/review", s.Key(t, app.ManageRecordingReview), "{}").status, 403) // who sees nothing reviews nothing
	is.Equal(s.call(t, "PUT", path+"/review", s.Key(t, app.ManageRecordingReview, app.ViewRecordingAll), "{}").status, 200)
}
