package ai_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
)

// conversation is a stereo call in which the sides of a dialogue speak by turns
// for two seconds, with a second between.
func conversation(d aitest.Dialogue) []byte {
	var agent, customer []talk
	for i, l := range d.Lines {
		t := talk{float64(3*i) + 1, float64(3*i) + 3}
		if l.Speaker == app.SpeakerAgent {
			agent = append(agent, t)
		} else {
			customer = append(customer, t)
		}
	}
	return wav(float64(3*len(d.Lines)+2), agent, customer)
}

func TestACallBecomesWordsAndSense(t *testing.T) {
	is := is.New(t)
	d := dialogue(t, "late delivery")
	srv := aitest.New(aitest.Dialogue{})
	l := newLab(t, srv, srv)
	sound := conversation(d)
	is.NoErr(srv.HearFile(sound, d))
	id := l.bring(t, app.In, sound)

	is.NoErr(l.run(t, app.JobTranscribe))
	heard := l.transcript(t, id)
	is.Equal(heard.Language, "en")
	is.Equal(len(heard.Segments), len(d.Lines))
	for i, line := range d.Lines {
		s := heard.Segments[i]
		is.Equal(s.Text, line.Text)                      // both sides' lines, in the order in which they were said
		is.Equal(s.Speaker, line.Speaker)                // by whom
		is.True(math.Abs(s.Start-float64(3*i+1)) < 0.3)  // when
		is.True(math.Abs(s.End-float64(3*i+3)) < 0.35)   // until when
		is.True(strings.Contains(heard.Text, line.Text)) // and all in the text
	}
	is.Equal(l.recording(t, id).Status, app.Transcribing) // the analysis has not begun
	is.Equal(l.Text(t, `SELECT count(*) FROM transcript_chunks`), "0")

	is.NoErr(l.run(t, app.JobAnalyse))
	r := l.recording(t, id)
	is.Equal(r.Status, app.Completed)
	is.Equal(r.Summary, d.Reviews["en"]["summary"])
	is.Equal(*r.Score, 56.0)
	is.Equal(r.Tag, "normal")
	is.Equal(r.Sentiment, "negative")
	is.True(r.AnalysisID != "")
	is.Equal(len(l.claim(t, app.JobAutomate)), 1) // the rules are next

	a, err := l.Analysis(t.Context(), l.Business.ID, id)
	is.NoErr(err)
	is.Equal(a.ID, r.AnalysisID)
	is.Equal(len(a.Highlights), 2)
	is.Equal(l.Text(t, `SELECT prompt_version || ' ' || model FROM analyses`), ai.PromptVersion+"/0 gpt-4o-mini")

	hits, _, err := l.Recordings(t.Context(), l.Business.ID, app.RecordingFilter{Text: "tracking warehouse", Limit: 10})
	is.NoErr(err)
	is.Equal(len(hits), 1) // found by words that were said
	history, err := l.History(t.Context(), l.Business.ID, id)
	is.NoErr(err)
	is.Equal(fmt.Sprint(history[0].Stage, history[1].Stage, history[2].Stage), "audiotranscribedanalysed")

	sent := srv.Requests(aitest.Transcriptions)
	is.Equal(len(sent), 2) // each channel once
	is.Equal(sent[0].Model, "whisper-1")
	is.Equal(sent[0].Key, "sk-secret")
}

func TestWhoeverPicksUpSpeaksFirst(t *testing.T) {
	for _, tt := range []struct {
		direction app.Direction
		want      string
	}{
		{app.In, "agent customer"}, {app.UnknownDirection, "agent customer"}, {app.Out, "customer agent"},
	} {
		t.Run(string(tt.direction), func(t *testing.T) {
			is := is.New(t)
			srv := aitest.New(aitest.Dialogue{Lines: []aitest.Line{{Text: "Hello."}}})
			l := newLab(t, srv, nil)
			id := l.bring(t, tt.direction, wav(8, []talk{{4, 6}}, []talk{{1, 3}})) // the second channel speaks first
			l.process(t, id)
			s := l.transcript(t, id).Segments
			is.Equal(s[0].Speaker+" "+s[1].Speaker, tt.want)
		})
	}
}

func TestSilenceIsNotSent(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	id := l.bring(t, app.In, wav(20, []talk{{5, 5.5}}))
	r := l.process(t, id)
	is.Equal(len(srv.Requests(aitest.Transcriptions)), 0) // a silent call costs nothing
	is.Equal(len(srv.Requests(aitest.Chat)), 0)
	is.Equal(l.transcript(t, id), app.Transcript{Segments: []app.Segment{}}) // nothing was said, and that is known
	is.Equal(r.Status, app.Completed)
	is.Equal(r.Tag, "no_answer")

	id = l.bring(t, app.In, wav(400, []talk{{1, 4}, {394, 398}}))
	l.process(t, id)
	sent := srv.Requests(aitest.Transcriptions)
	is.Equal(len(sent), 1)
	is.True(sent[0].Size < 10*16000) // the long silence in the middle was left out
	s := l.transcript(t, id).Segments
	is.True(s[0].Start < 2 && s[len(s)-1].End > 397) // and the times are the call's
}

func TestWithoutServersACallStillCompletes(t *testing.T) {
	for _, tt := range []struct {
		name     string
		channels [][]talk
		tag      string
	}{
		{"silence", [][]talk{nil}, "no_answer"},
		{"a click", [][]talk{{{3, 3.4}}}, "no_answer"},
		{"one side never speaks", [][]talk{{{0, 20}}, nil}, "no_answer"},
		{"one side breathes", [][]talk{{{0, 20}}, {{2, 2.5}}}, "no_answer"},
		{"a few words", [][]talk{{{1, 4}}}, "short"},
		{"both say little", [][]talk{{{1, 4}}, {{5, 8}}}, "short"},
		{"a conversation", [][]talk{{{1, 8}}, {{9, 18}}}, "normal"},
		{"a conversation on one channel", [][]talk{{{1, 18}}}, "normal"},
		{"the same sound on both", [][]talk{{{1, 18}}, {{1, 18}}}, "normal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			l := newLab(t, nil, nil)
			id := l.bring(t, app.In, wav(25, tt.channels...))
			r := l.process(t, id)
			is.Equal(r.Status, app.Completed)
			is.Equal(r.Tag, tt.tag)
			is.Equal(r.Score, nil) // nothing is made up
			is.Equal(r.Sentiment, "")
			is.Equal(r.Summary, "")
			heard, err := l.Transcript(t.Context(), l.Business.ID, id)
			is.NoErr(err)
			is.Equal(heard, nil) // nobody listened
			is.Equal(len(l.claim(t, app.JobAutomate)), 1)
			is.Equal(l.Text(t, `SELECT model FROM analyses`), ai.BuiltIn)
		})
	}
}

func TestOneServerOfTwo(t *testing.T) {
	t.Run("transcription alone", func(t *testing.T) {
		is := is.New(t)
		srv := aitest.New(dialogue(t, "price"))
		l := newLab(t, srv, nil)
		id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
		r := l.process(t, id)
		is.Equal(r.Tag, "normal") // by the built-in rules
		is.Equal(r.Summary, "")
		is.Equal(r.Language, "en")
		is.True(strings.Contains(l.transcript(t, id).Text, "laser"))
	})
	t.Run("analysis alone", func(t *testing.T) {
		is := is.New(t)
		srv := aitest.New(dialogue(t, "price"))
		l := newLab(t, nil, srv)
		id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
		is.Equal(l.process(t, id).Tag, "normal")
		is.Equal(len(srv.Requests(aitest.Chat)), 0) // there are no words to judge
	})
	t.Run("analysis alone, of words that are there already", func(t *testing.T) {
		is := is.New(t)
		srv := aitest.New(dialogue(t, "price"))
		l := newLab(t, srv, nil)
		id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
		l.process(t, id)
		l.start(ai.Server{}, ai.Server{})
		_, err := l.Reextract(t.Context(), l.Business.ID, nil, id, app.JobTranscribe)
		is.NoErr(err)
		l.process(t, id)
		is.True(strings.Contains(l.transcript(t, id).Text, "laser")) // a transcript is not lost for want of a server
	})
}

func TestACrashRepeatsOnePieceAtMost(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "outage"))
	l := newLab(t, srv, nil)
	var speech []talk
	for at := 1.0; at < 1190; at += 10 {
		speech = append(speech, talk{at, at + 9})
	}
	id := l.bring(t, app.In, wav(1200, speech))
	srv.Fail(aitest.Transcriptions, aitest.Fault{}, aitest.Drop())
	is.True(l.run(t, app.JobTranscribe) != nil) // the second piece of three fails
	is.Equal(l.Text(t, `SELECT count(*) FROM transcript_chunks`), "1")
	is.NoErr(l.run(t, app.JobTranscribe))
	sent := srv.Requests(aitest.Transcriptions)
	is.Equal(len(sent), 4)               // the first piece was not sent again
	is.Equal(sent[0].Prompt, "")         //
	is.True(len(sent[1].Prompt) > 100)   // a piece knows what was said before
	is.Equal(sent[1].Size, sent[2].Size) // the same piece
	s := l.transcript(t, id).Segments
	is.Equal(len(s), 3*len(dialogue(t, "outage").Lines))
	is.True(s[len(s)-1].End > 1180) // all of the call is there
	is.Equal(l.Text(t, `SELECT count(*) FROM transcript_chunks`), "0")

	_, err := l.Reextract(t.Context(), l.Business.ID, nil, id, app.JobTranscribe)
	is.True(app.IsKind(err, app.Conflict)) // the analysis waits
	is.NoErr(l.run(t, app.JobAnalyse))
	_, err = l.Reextract(t.Context(), l.Business.ID, nil, id, app.JobTranscribe)
	is.NoErr(err)
	is.NoErr(l.run(t, app.JobTranscribe))
	is.Equal(len(srv.Requests(aitest.Transcriptions)), 7) // whoever asks again gets a new answer
}

func TestAServerThatTakesLessGetsLess(t *testing.T) {
	is := is.New(t)
	const limit = 3 << 20 // bytes; three minutes
	ear := aitest.New(dialogue(t, "outage"))
	l := newLab(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > limit {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		ear.ServeHTTP(w, r)
	}), nil)
	var speech []talk
	for at := 1.0; at < 590; at += 10 {
		speech = append(speech, talk{at, at + 9})
	}
	id := l.bring(t, app.In, wav(600, speech))
	is.NoErr(l.run(t, app.JobTranscribe))
	is.Equal(len(ear.Requests(aitest.Transcriptions)), 5) // in pieces of two minutes
	s := l.transcript(t, id).Segments
	is.True(s[len(s)-1].End > 580)
}
