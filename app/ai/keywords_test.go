package ai_test

import (
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
)

func said(lines ...string) *app.Transcript {
	t := &app.Transcript{Language: "th", Text: "x"}
	for i, l := range lines {
		who := app.SpeakerAgent
		if i%2 == 1 {
			who = app.SpeakerCustomer
		}
		t.Segments = append(t.Segments, app.Segment{Start: float64(10 * i), End: float64(10*i + 9), Speaker: who, Text: l})
	}
	return t
}

func TestKeywordsJudgeACall(t *testing.T) {
	long := ai.Sound{Speech: 60}
	for _, tt := range []struct {
		name       string
		language   string
		sound      ai.Sound
		transcript *app.Transcript
		score      float64 // -1: none
		sentiment  string
		tag        string
		topics     []string
	}{
		{"nothing is known", "th", long, nil, -1, "", "normal", []string{}},
		{"nothing is found", "th", long, said("สวัสดีค่ะ", "ขอนัดล้างแอร์"), -1, "", "normal", []string{}},
		{"a Thai word within others", "th", long, said("สวัสดีค่ะ", "ผมจะขอคืนเงินครับ"), 45, "negative", "normal", []string{"ร้องเรียน"}},
		{"blanks and case", "en", long, said("Hello", "I want a RE FUND"), 45, "negative", "normal", []string{"Complaint"}},
		{"two words of one list count once", "th", long, said("ค่ะ", "แย่มาก ผิดหวัง"), 45, "negative", "normal", []string{"ร้องเรียน"}},
		{"two lists", "th", long, said("ค่ะ", "แย่มาก ขอยกเลิก"), 30, "negative", "normal", []string{"ร้องเรียน", "ขอยกเลิก"}},
		{"praise", "th", long, said("ค่ะ", "ประทับใจมากค่ะ"), 90, "positive", "normal", []string{"คำชม"}},
		{"said by the other side", "th", long, said("แย่มากเลยนะคะ", "ครับ"), -1, "", "normal", []string{}},
		{"a list with a tag", "th", long, said("สวัสดีค่ะ", "ขอโทษครับ โทรผิด"), -1, "", "wrong_or_spam", []string{"โทรผิด"}},
		{"a tag does not hide that nobody answered", "th", ai.Sound{Speech: 0.5}, said("x", "โทรผิด"), -1, "", "no_answer", []string{"โทรผิด"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := ai.Judge(tt.sound, tt.transcript, app.DefaultBrief(tt.language))
			is.Equal(a.Score == nil, tt.score < 0)
			is.True(a.Score == nil || *a.Score == tt.score)
			is.Equal(a.Sentiment, tt.sentiment)
			is.Equal(a.Tag, tt.tag)
			is.Equal(a.Topics, tt.topics)
			is.Equal(len(a.Highlights), len(tt.topics)) // each with where it was said
			is.True(a.Score == nil || a.ScoreReason != "")
			is.Equal(a.Summary, "")
		})
	}
	is := is.New(t)
	b := app.Brief{Keywords: []app.KeywordList{{Name: "a", Words: []string{"x"}, Points: -100}, {Name: "b", Words: []string{"y"}, Points: 100}}}
	a := ai.Judge(long, &app.Transcript{Segments: []app.Segment{{Speaker: app.SpeakerUnknown, Text: "x"}}}, b)
	is.Equal(*a.Score, 0.0) // never below
	a = ai.Judge(long, &app.Transcript{Segments: []app.Segment{{Speaker: app.SpeakerUnknown, Text: "x y"}}}, b)
	is.Equal(*a.Score, 70.0)
	is.Equal(a.Sentiment, "neutral")
	is.Equal(a.ScoreReason, "70: a -100 (x), b +100 (y)")
}

// TestABriefIsWhatIsAsked: what a business says of itself reaches the model, and
// the analysis keeps which version that was.
func TestABriefIsWhatIsAsked(t *testing.T) {
	is := is.New(t)
	d := dialogue(t, "price")
	srv := aitest.New(d)
	l := newLab(t, srv, srv)
	brief := app.DefaultBrief("en")
	brief.Company, brief.Topics, brief.Extra = "We remove tattoos.", []string{"Laser", "Prices"}, "Name the price."
	brief.Criteria = []app.Criterion{{Name: "Kindness", Points: 30, Meaning: "is kind"}, {Name: "Speed", Points: 10, Meaning: "is quick"}}
	_, err := l.AddBrief(t.Context(), l.Business.ID, brief, l.Owner.ID)
	is.NoErr(err)
	id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	l.process(t, id)
	asked := srv.Requests(aitest.Chat)[0].Messages[0].Content
	for _, want := range []string{"We remove tattoos.", `"Acme Co"`, `"Laser", "Prices"`, "Name the price.", `"Kindness", at most 30 points: is kind`, "a percentage of 40"} {
		is.True(contains(asked, want)) // the model is told
	}
	is.True(contains(ai.Preview("Acme Co", brief), "We remove tattoos.")) // and people see it before
	is.Equal(l.Text(t, `SELECT prompt_version FROM analyses`), ai.PromptVersion+"/1")
	a, err := l.Analysis(t.Context(), l.Business.ID, id)
	is.NoErr(err)
	is.Equal(len(a.Scorecard), 2)
	sum := a.Scorecard[0].Points + a.Scorecard[1].Points
	is.Equal(*a.Score, float64(int(sum*100/40+0.5))) // the percentage is ours to reckon

	other, _ := l.OtherBusiness(t)
	theirs, err := l.Brief(t.Context(), other.ID)
	is.NoErr(err)
	is.Equal(theirs, app.DefaultBrief("en")) // another business has its own
}

func TestTopicsAreTheBusinesssOwn(t *testing.T) {
	is := is.New(t)
	c := callOf(dialogue(t, "late delivery"))
	c.Brief.Topics = []string{"Refunds", "Late Delivery"}
	a, _, err := ask(t, c, `{"summary":"s","score":50,"sentiment":"neutral","tag":"normal","topics":["weather","late delivery","LATE DELIVERY"]}`)
	is.NoErr(err)
	is.Equal(a.Topics, []string{"Late Delivery", "weather"}) // as they are written there, once, and first
}

func TestATrialKeepsNothing(t *testing.T) {
	is := is.New(t)
	srv := aitest.New(dialogue(t, "price"))
	l := newLab(t, srv, srv)
	id := l.bring(t, app.In, wav(20, []talk{{1, 18}}))
	before := l.process(t, id)
	brief := app.DefaultBrief("en")
	brief.Company = "We remove tattoos."
	a, err := l.analyst.Try(t.Context(), before, brief)
	is.NoErr(err)
	is.True(a.Summary != "")
	chats := srv.Requests(aitest.Chat)
	is.True(contains(chats[len(chats)-1].Messages[0].Content, "We remove tattoos."))
	is.Equal(l.recording(t, id), before) // the call is as it was
	is.Equal(l.Text(t, `SELECT count(*) FROM analyses`), "1")
	is.Equal(l.Text(t, `SELECT group_concat(cause) FROM ai_usage WHERE task = 'analysis'`), "call,trial") // but it is paid for

	is.NoErr(l.SetBudget(t.Context(), l.Business.ID, app.Budget{Limit: 1, OnLimit: app.OnLimitPause}))
	l.Exec(t, `INSERT INTO usage_totals VALUES (?, '2026-11-16', 'analysed_seconds', 100) ON CONFLICT DO UPDATE SET quantity = 100`, l.Business.ID)
	_, err = l.analyst.Try(t.Context(), before, brief)
	is.Equal(err, ai.ErrOverBudget) // within the budget
	l.start(ai.Server{}, ai.Server{})
	_, err = l.analyst.Try(t.Context(), before, brief)
	is.Equal(err, ai.ErrNothingToTry)
}

// TestTheSourceSaysWhichSideIsTheAgents: what the phone integration says wins
// over the business, and both over who speaks first.
func TestTheSourceSaysWhichSideIsTheAgents(t *testing.T) {
	for _, tt := range []struct {
		name     string
		business app.AgentChannel
		provider string
		want     string // of whoever speaks first, on the second channel
	}{
		{"nobody says", app.AgentAuto, "", app.SpeakerAgent},
		{"the business: left", app.AgentLeft, "", app.SpeakerCustomer},
		{"the business: right", app.AgentRight, "", app.SpeakerAgent},
		{"the integration wins", app.AgentRight, "left", app.SpeakerCustomer},
		{"the integration knows no better", app.AgentLeft, "auto", app.SpeakerAgent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			l := newLab(t, aitest.New(aitest.Dialogue{Lines: []aitest.Line{{Text: "Hello."}}}), nil)
			is.NoErr(l.SetBusinessAgentChannel(t.Context(), l.Business.ID, tt.business))
			l.Exec(t, `INSERT INTO providers (id, business_id, kind, name, host, config, secret, interval_ms, backfill_from, created_at, updated_at, agent_channel)
				VALUES ('p', ?, 'dtac', 'n', 'h', '{}', x'00', 1, 1, 1, 1, ?)`, l.Business.ID, tt.provider)
			id := l.bring(t, app.In, wav(8, []talk{{4, 6}}, []talk{{1, 3}}))
			l.Exec(t, `UPDATE recordings SET provider_id = 'p'`)
			is.NoErr(l.run(t, app.JobTranscribe))
			is.Equal(l.transcript(t, id).Segments[0].Speaker, tt.want)
		})
	}
	is := is.New(t)
	l := newLab(t, aitest.New(aitest.Dialogue{Lines: []aitest.Line{{Text: "Hello."}}}), nil)
	is.NoErr(l.SetBusinessAgentChannel(t.Context(), l.Business.ID, app.AgentLeft))
	id := l.bring(t, app.In, wav(8, []talk{{1, 6}}, nil))
	is.NoErr(l.run(t, app.JobTranscribe))
	is.Equal(l.transcript(t, id).Segments[0].Speaker, app.SpeakerAgent) // also where one side alone speaks
	id = l.bring(t, app.In, wav(9, []talk{{1, 6}}))
	is.NoErr(l.run(t, app.JobTranscribe))
	is.Equal(l.transcript(t, id).Segments[0].Speaker, app.SpeakerUnknown) // one channel has no sides
}
