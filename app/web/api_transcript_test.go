package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// process takes a recording with audio through its stages, as if by an AI server
// that heard and found this, and returns its path.
func (s *server) process(t *testing.T, key string, heard *app.Transcript, found app.Analysis) string {
	t.Helper()
	path := s.heard(t, key, "crm-"+t.Name(), "direction", "unknown")
	s.runStages(t, heard, found)
	return path
}

// runStages runs the jobs that transcribe and analyse.
func (s *server) runStages(t *testing.T, heard *app.Transcript, found app.Analysis) {
	t.Helper()
	for _, kind := range []app.JobKind{app.JobTranscribe, app.JobAnalyse} {
		jobs, err := s.ClaimJobs(t.Context(), kind, 10, 1e9)
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range jobs {
			if kind == app.JobTranscribe {
				err = s.SaveTranscript(t.Context(), j, heard, "secret-ear-9000")
			} else {
				err = s.SaveAnalysis(t.Context(), j, found, "1", "secret-mind-9000")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

var spoken = app.Transcript{
	Language: "en", Text: "Hello <b>there</b>. Hi & bye.",
	Segments: []app.Segment{
		{Start: 0.5, End: 2.25, Speaker: app.SpeakerAgent, Text: "Hello\n\n<b>there</b>."},
		{Start: 3, End: 3, Speaker: app.SpeakerCustomer, Text: "Hi & bye."},
		{Start: 3723.9996, End: 3725, Speaker: app.SpeakerUnknown, Text: "สวัสดี"},
	},
}

func TestTranscript(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, app.Analysis{Tag: "normal"})
	for _, tt := range []struct {
		name, format, mediaType, want string
	}{
		{"JSON", "", "application/json", `{"language":"en","text":"Hello \u003cb\u003ethere\u003c/b\u003e. Hi \u0026 bye.","segments":[` +
			`{"start":0.5,"end":2.25,"speaker":"agent","text":"Hello\n\n\u003cb\u003ethere\u003c/b\u003e."},{"start":3,"end":3,"speaker":"customer","text":"Hi \u0026 bye."},` +
			`{"start":3723.9996,"end":3725,"speaker":"unknown","text":"สวัสดี"}]}`},
		{"text", "txt", "text/plain; charset=utf-8", "[00:00:00] Agent: Hello <b>there</b>.\n[00:00:03] Customer: Hi & bye.\n[01:02:04] สวัสดี\n"},
		{"SubRip", "srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,500 --> 00:00:02,250\nAgent: Hello <b>there</b>.\n\n" +
			"2\n00:00:03,000 --> 00:00:03,500\nCustomer: Hi & bye.\n\n3\n01:02:04,000 --> 01:02:05,000\nสวัสดี\n\n"},
		{"WebVTT", "vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.500 --> 00:00:02.250\n<v Agent>Hello &lt;b&gt;there&lt;/b&gt;.\n\n" +
			"00:00:03.000 --> 00:00:03.500\n<v Customer>Hi &amp; bye.\n\n01:02:04.000 --> 01:02:05.000\nสวัสดี\n\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", path+"/transcript?format="+tt.format, key, nil)
			is.Equal(a.status, 200)
			is.Equal(a.header.Get("Content-Type"), tt.mediaType)
			is.Equal(a.body, tt.want)
			file := a.header.Get("Content-Disposition")
			is.Equal(file != "", tt.format != "")                                  // the files are to be saved
			is.True(tt.format == "" || strings.HasSuffix(file, "."+tt.format+`"`)) // under a name that says what they are
		})
	}
	t.Run("another format", func(t *testing.T) {
		is := is.New(t)
		a := s.call(t, "GET", path+"/transcript?format=doc", key, nil)
		is.Equal(a.status, 400)
		is.True(strings.Contains(a.body, "invalid_query"))
	})
}

func TestTranscriptThatIsNotThere(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1")
	a := s.call(t, "GET", path+"/transcript", key, nil)
	is.Equal(a.status, 404)
	is.True(strings.Contains(a.body, `"not_found"`)) // not there yet
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["transcriptUrl"], nil)

	s.runStages(t, nil, app.Analysis{Tag: "short"})
	is.Equal(s.call(t, "GET", path+"/transcript", key, nil).status, 404) // nobody listened
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["processingStatus"], "completed")
}

func TestWordsAreTheBusinesssOwn(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	path := s.process(t, key, &spoken, app.Analysis{Tag: "normal"})
	other, owner := s.OtherBusiness(t)
	_, theirs, err := s.CreateKey(t.Context(), app.Key{Name: "theirs", OwnerID: owner.ID, BusinessID: other.ID, Scopes: []app.Scope{app.ManageAll}})
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range [][3]string{
		{"GET", "/transcript", ""}, {"GET", "/summary", ""}, {"POST", "/reextract", ""}, {"PUT", "/review", "{}"}, {"DELETE", "/review", ""},
	} {
		t.Run(call[0]+call[1], func(t *testing.T) {
			is := is.New(t)
			body := any(nil)
			if call[2] != "" {
				body = call[2]
			}
			a := s.call(t, call[0], path+call[1], theirs.Reveal(), body)
			is.Equal(a.status, 404)
			is.True(strings.Contains(a.body, "recording_not_found")) // as if it had never been
		})
	}
}
