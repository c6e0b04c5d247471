package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestCallsPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/calls"), "There is no call here yet") // and what to do about it
	id := s.Call(t, s.Business.ID)
	page := b.get(t, "/calls")
	for _, want := range []string{"1 call", "Today", "13:00", "081-234-5678", "Somchai", "2:05", "41", "Negative", "Wants a refund"} {
		says(t, page, want) // everything a row tells, in the business's time zone
	}
	is.True(strings.Contains(page.body, `href="/calls/`+id+`"`))     // it leads to the call
	is.True(strings.Contains(page.body, `href="/calls/export.csv"`)) // and to the file
}

func TestWhatFoundACallIsMarkedInIt(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	call := `href="/calls/` + s.Call(t, s.Business.ID)
	is.True(strings.Contains(b.get(t, "/calls?q=somchai").body, call+`?q=somchai"`)) // words are looked for in the transcript too
	is.True(strings.Contains(b.get(t, "/calls?q=0812345678").body, call+`"`))        // a number does not stand there
}

func TestCallsAreFiltered(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	s.Call(t, s.Business.ID)
	for _, tt := range []struct {
		query string
		found bool
	}{
		{"q=081-234+5678", true},   // a number as people write it
		{"q=0812345678", true},     // without marks
		{"q=%2B66812345678", true}, // as it is kept
		{"q=0899999999", false},
		{"q=somchai", true}, // an agent's name
		{"q=Nobody", false},
		{"direction=in", true},
		{"direction=out", false},
		{"sentiment=negative", true},
		{"sentiment=positive", false},
		{"tag=normal", true},
		{"tag=none", false},
		{"agent=1001", true},
		{"agent=1002", false},
		{"min=41&max=41", true},
		{"min=42", false},
		{"from=2026-11-16&to=2026-11-16", true}, // a day of the business's zone, both ends in
		{"from=2026-11-17", false},
		{"status=failed", false},
		{"direction=sideways", true}, // what makes no sense is passed over
		{"page=99", true},            // past the end: the first page
	} {
		t.Run(tt.query, func(t *testing.T) {
			is := is.New(t)
			a := b.get(t, "/calls?"+tt.query)
			if a.status == 303 {
				a = b.get(t, a.header.Get("Location"))
			}
			is.Equal(a.status, 200)
			is.Equal(strings.Contains(a.body, "081-234-5678"), tt.found) // is the call among those found?
			if !tt.found {
				says(t, a, "No call matches") // an empty list says so
			}
		})
	}
}

func TestAgentsSeeTheirOwnCalls(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	u := s.User(t, "agent@example.com", app.Agent)
	b := s.enter(t, "agent@example.com")
	is.True(!strings.Contains(b.get(t, "/calls").body, id)) // none, while no agent is assigned
	is.NoErr(s.SetMemberAgents(t.Context(), s.Business.ID, u.ID, []string{"1001"}))
	b = s.enter(t, "agent@example.com")
	is.True(strings.Contains(b.get(t, "/calls").body, id)) // the calls of the agents assigned
	is.Equal(b.get(t, "/calls/"+id).status, 200)
	is.True(strings.Contains(b.get(t, "/calls/export.csv").body, id)) // in the file as well
}

func TestExportCalls(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	a := b.get(t, "/calls/export.csv?sentiment=negative")
	is.Equal(a.header.Get("Content-Type"), "text/csv; charset=utf-8")
	is.True(strings.Contains(a.body, id))                                                 // what is listed
	is.True(!strings.Contains(b.get(t, "/calls/export.csv?sentiment=positive").body, id)) // and no more
}

func TestCallPage(t *testing.T) {
	is := is.New(t)
	s := newPages(t, withAI)
	key := s.Key(t)
	path := s.process(t, key, &spoken, app.Analysis{
		Summary: "Said hello", Score: ptr(88.0), ScoreReason: "Polite", Sentiment: "positive", Tag: "normal", Topics: []string{"greeting"},
		ActionItems: []string{"Call back"}, Highlights: []app.Highlight{{At: 3, Text: "Hi & bye."}},
		Scorecard: []app.ScorecardItem{{Criterion: "manners", Points: 18, Max: 20, Reason: "Friendly"}},
	})
	id := strings.TrimPrefix(path, recordingsPath+"/")
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/calls/"+id+"?q=BYE")
	for _, want := range []string{"Said hello", "88", "Polite", "Scored by AI, not reviewed yet", "Call back", "greeting", "Manner", "18 /20",
		"Friendly", "Agent talks", "Hello <b>there</b>.", "1 found", "Highlights", "Transcribed", "Analysed"} {
		says(t, page, want) // everything that is known
	}
	is.True(strings.Contains(page.body, "Hi &amp; <mark>bye</mark>")) // what is looked for is marked, the rest escaped
	is.True(!strings.Contains(page.body, "<b>there</b>"))             // nothing that was said becomes markup
	is.True(!strings.Contains(page.body, "secret-"))                  // no model's name leaves the product
	is.True(strings.Contains(page.body, `src="/calls/`+id+`/audio"`)) // it can be heard
	a := b.get(t, "/calls/"+id+"/transcript?format=srt")
	is.True(strings.Contains(a.body, "00:00:00,500 --> 00:00:02,250")) // and read elsewhere
	is.True(strings.Contains(page.body, "/calls/"+id+"/transcript?format=srt"))
}

func TestCallWithoutAI(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	path := s.process(t, s.Key(t), nil, app.Analysis{Tag: "short"})
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/calls/"+strings.TrimPrefix(path, recordingsPath+"/"))
	is.Equal(page.status, 200)
	says(t, page, "No AI is set for transcription") // it says why there is nothing to read
	says(t, page, "CRK_STT_URL")                    // and what would change that
	says(t, page, "Silence")                        // what the sound itself says is there
	says(t, page, "Short")
}

func TestReviewOnThePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	page := b.follow(t, "/calls/"+id+"/review", "score", "77.5", "tag", "other", "note", " well done ")
	says(t, page, "The review is saved")
	says(t, page, "Scored by Owner") // the person's score takes the place of the AI's
	r, err := s.Recording(t.Context(), s.Business.ID, nil, id)
	is.NoErr(err)
	is.Equal(*r.Review.Score, 77.5)
	is.Equal(r.Review.Tag, "other")
	is.Equal(r.Review.Note, "well done")

	a := b.post(t, "/calls/"+id+"/review", "score", "101", "tag", "")
	is.Equal(a.status, 422)
	says(t, a, "A number from 0 to 100")
	is.True(strings.Contains(a.body, `value="101"`)) // what was typed is still there
	says(t, b.post(t, "/calls/"+id+"/review", "score", "much"), "A number from 0 to 100")

	says(t, b.follow(t, "/calls/"+id+"/review/delete"), "The review was taken back")
	r, err = s.Recording(t.Context(), s.Business.ID, nil, id)
	is.NoErr(err)
	is.True(r.Review == nil) // it is gone
	is.Equal(*r.Score, 41.0) // and the AI's score is back
}

func TestCorrectACall(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	fields := []string{"customerPhone", "02-123-4567", "callcenterNumber", "1002", "callcenterName", "Nok", "direction", "out", "note", "VIP"}
	page := b.follow(t, "/calls/"+id, fields...)
	for _, want := range []string{"Saved", "02-123-4567", "1002", "Nok", "Outgoing", "VIP"} {
		says(t, page, want)
	}
	a := b.post(t, "/calls/"+id, "direction", "sideways", "callcenterName", strings.Repeat("x", 201))
	is.Equal(a.status, 422)
	says(t, a, "Choose a direction")
	says(t, a, "200 characters at most")
}

func TestDeleteACall(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	path := s.heard(t, s.Key(t), "crm-1")
	id := strings.TrimPrefix(path, recordingsPath+"/")
	b := s.enter(t, "owner@example.com")
	says(t, b.follow(t, "/calls/"+id+"/delete"), "Deleted")
	is.Equal(b.get(t, "/calls/"+id).status, 404) // the call is gone
	_, err := s.sounds.Open(id)
	is.True(err != nil) // with its sound
}

func TestProcessAgain(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	path := s.process(t, s.Key(t), nil, app.Analysis{Tag: "short"})
	id := strings.TrimPrefix(path, recordingsPath+"/")
	b := s.enter(t, "owner@example.com")
	page := b.follow(t, "/calls/"+id+"/reextract")
	says(t, page, "Queued to be processed again")
	says(t, page, "Processing")
	page = b.follow(t, "/calls/"+id+"/reextract")
	is.Equal(page.status, 200) // a second press does no harm
	says(t, page, "Not now")
}
