package web_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai"
	"crk/app/ai/aitest"
	"crk/app/web"
)

const analysisPath = "/settings/analysis"

// briefForm is the form of the default settings with a company.
func briefForm(b app.Brief, extra ...string) []string {
	out := []string{"version", "0", "company", "We cool.", "language", b.Language, "topics", "Repair\nSales"}
	for _, k := range b.Criteria {
		out = append(out, "criterion", k.Name, "points", "10", "meaning", k.Meaning)
	}
	for _, l := range b.Keywords[:1] {
		out = append(out, "list", l.Name, "words", "refund, คืนเงิน", "worth", "-30", "by", l.By, "tag", "")
	}
	return append(out, extra...)
}

func TestAnalysisSettingsAreVersioned(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	page := b.get(t, analysisPath)
	says(t, page, "100 points in all")
	says(t, page, "The score begins at 70")
	is.True(strings.Contains(page.body, "Understanding")) // the default stands there

	form := briefForm(app.DefaultBrief("en"))
	saved := b.follow(t, analysisPath, append(form, "do", "save")...)
	says(t, saved, "Version 1")
	says(t, saved, "40 points in all; a call's score is the percentage")
	now, err := s.Brief(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(now.Version, 1)
	is.Equal(now.Company, "We cool.")
	is.Equal(now.Topics, []string{"Repair", "Sales"})
	is.Equal(now.Criteria[3].Points, 10)
	is.Equal(now.Keywords, []app.KeywordList{{Name: "Complaint", Words: []string{"refund", "คืนเงิน"}, Points: -30, By: "customer"}})
	is.Equal(now.CreatedBy, s.Owner.ID)

	late := b.post(t, analysisPath, append(form, "do", "save")...)
	is.Equal(late.status, 422)
	says(t, late, "Somebody else has saved these settings meanwhile") // written from an older version

	b.follow(t, analysisPath+"/versions/0/restore")
	now, err = s.Brief(t.Context(), s.Business.ID)
	is.NoErr(err)
	is.Equal(now.Version, 2) // a restored version is a new one
	is.Equal(now.Criteria, app.DefaultBrief("en").Criteria)
	says(t, b.get(t, analysisPath+"?version=1"), "You are looking at version 1")
	is.Equal(b.get(t, analysisPath+"?version=9").status, 404)
	is.Equal(b.post(t, analysisPath+"/versions/9/restore").status, 404)
}

// TestRowsWithoutAScript: buttons of the form add, move and remove rows, and
// save nothing.
func TestRowsWithoutAScript(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	names := func(page string) string {
		var out []string
		for _, m := range regexp.MustCompile(`name="criterion" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			out = append(out, m[1])
		}
		return strings.Join(out, ",")
	}
	for _, tt := range []struct{ button, want string }{
		{"criterion.add", "Greeting,Understanding,Solution,Manners,"},
		{"criterion.up.2", "Greeting,Solution,Understanding,Manners"},
		{"criterion.down.0", "Understanding,Greeting,Solution,Manners"},
		{"criterion.down.3", "Greeting,Understanding,Solution,Manners"},
		{"criterion.remove.1", "Greeting,Solution,Manners"},
		{"list.remove.0", "Greeting,Understanding,Solution,Manners"},
		{"preview", "Greeting,Understanding,Solution,Manners"},
	} {
		t.Run(tt.button, func(t *testing.T) {
			is := is.New(t)
			a := b.post(t, analysisPath, briefForm(app.DefaultBrief("en"), "do", tt.button)...)
			is.Equal(a.status, 200)
			is.Equal(names(a.body), tt.want)
			is.True(strings.Contains(a.body, "We cool.")) // what was typed is still there
			is.Equal(strings.Contains(a.body, `name="list"`), tt.button != "list.remove.0")
			is.Equal(s.Text(t, `SELECT count(*) FROM briefs`), "0")
			is.Equal(strings.Contains(a.body, `<details class="peek wide" open`), tt.button == "preview")
		})
	}
}

func TestAnalysisSettingsAreChecked(t *testing.T) {
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	for _, tt := range []struct{ name, field, value, want string }{
		{"points that are none", "points", "many", "whole points from 1 to 100"},
		{"points out of range", "points", "101", "whole points from 1 to 100"},
		{"a name twice", "criterion", "Manners", "each with a name of its own"},
		{"a list without words", "words", " , ", "1 to 100 words"},
		{"another language", "language", "fr", "Choose one of the languages"},
		{"a long story", "company", strings.Repeat("x", 2001), "Use at most 2000 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			form := url.Values{}
			fields := briefForm(app.DefaultBrief("en"))
			for i := 0; i < len(fields); i += 2 {
				form.Add(fields[i], fields[i+1])
			}
			form[tt.field][0] = tt.value
			var sent []string
			for name, values := range form {
				for _, v := range values {
					sent = append(sent, name, v)
				}
			}
			a := b.post(t, analysisPath, append(sent, "do", "save")...)
			is.Equal(a.status, 422)
			says(t, a, tt.want)
			is.Equal(s.Text(t, `SELECT count(*) FROM briefs`), "0")
		})
	}
}

func TestSettingsAreTriedOnACall(t *testing.T) {
	is := is.New(t)
	sim, address := simulatedAI(t)
	s := newPages(t, func(o *web.Options) { withServers(o, ai.Server{}, ai.Server{URL: address + "/v1"}) })
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, analysisPath), "No call has a transcript yet")
	id := s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE transcripts SET segments = '[{"start":1,"end":3,"speaker":"customer","text":"ขอคืนเงิน"}]'`)
	form := briefForm(app.DefaultBrief("en"), "call", id)
	a := b.post(t, analysisPath+"/try", form...)
	says(t, a, "The customer called with a question") // what the simulated model makes of it
	is.Equal(len(sim.Requests(aitest.Chat)), 1)
	is.True(strings.Contains(sim.Requests(aitest.Chat)[0].Messages[0].Content, "We cool.")) // by what was typed
	is.Equal(s.Text(t, `SELECT count(*) FROM analyses`), "1")                               // which is the one that was there
	is.Equal(s.Text(t, `SELECT count(*) FROM briefs`), "0")

	sim.FailAlways(aitest.Chat, aitest.Unauthorized())
	says(t, b.post(t, analysisPath+"/try", form...), "The key is not accepted")
	is.Equal(b.post(t, analysisPath+"/try", append(form, "criterion", "Greeting", "points", "5")...).status, 422)

	s.OtherBusiness(t)
	is.Equal(s.enter(t, "other@example.com").post(t, analysisPath+"/try", form...).status, 404) // not on another's call
}

func TestAnalysisSettingsAreForManagersOfOneBusiness(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.User(t, "supervisor@example.com", app.Supervisor)
	s.OtherBusiness(t)
	b := s.enter(t, "owner@example.com")
	b.follow(t, analysisPath, append(briefForm(app.DefaultBrief("en")), "do", "save")...)
	supervisor := s.enter(t, "supervisor@example.com")
	is.Equal(supervisor.get(t, analysisPath).status, 403)
	for _, path := range []string{"", "/try", "/versions/0/restore"} {
		is.Equal(supervisor.post(t, analysisPath+path, "do", "save").status, 403)
	}
	other := s.enter(t, "other@example.com")
	is.True(!strings.Contains(other.get(t, analysisPath).body, "We cool.")) // another business has its own
	is.Equal(other.get(t, analysisPath+"?version=1").status, 404)
}
