package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

const auditLog = "/settings/audit"

// paint makes collections as somebody, so that there is something to read.
func (s *server) paint(t *testing.T, a app.Actor, names ...string) {
	t.Helper()
	for _, name := range names {
		_, err := s.CreateCollection(app.WithActor(t.Context(), a), app.Collection{BusinessID: s.Business.ID, Name: name})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheAuditLogReads(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	b := s.enter(t, "owner@example.com")
	b.follow(t, "/usage/budget", "limit", "6000", "thresholds", "50 90", "onLimit", "pause")
	s.paint(t, app.Actor{Kind: app.ActorKey, UserID: s.Owner.ID, Name: s.Owner.Email, KeyID: "k1", KeyName: "CRM", Via: app.ViaAPI, Address: "203.0.113.7"}, "Angry")
	page := b.get(t, auditLog)
	says(t, page, "owner@example.com changed the analysis budget")
	says(t, page, "Limit (minutes) 0 → 6000")
	says(t, page, "Thresholds (%) 50, 80, 100 → 50, 90")
	says(t, page, "CRM (API token of owner@example.com) made the collection Angry")
	says(t, page, "API · 203.0.113.7")
	says(t, page, "owner@example.com signed in")
	says(t, page, "The appliance made the business Acme Co")

	page = b.get(t, auditLog+"?who=key:k1")
	says(t, page, "Angry")
	is.True(!strings.Contains(words(page.body), "com signed in")) // only that key's
	page = b.get(t, auditLog+"?what=budget&from=2026-11-16&to=2026-11-16")
	says(t, page, "changed the analysis budget")
	is.True(!strings.Contains(words(page.body), "Angry")) // only that
	says(t, b.get(t, auditLog+"?from=2026-11-17"), "Nothing matches")

	b.post(t, "/language", "language", "th", "back", auditLog)
	says(t, b.get(t, auditLog), "owner@example.com แก้ไขงบเวลาวิเคราะห์")
}

func TestTheAuditLogPages(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	var names []string
	for i := range 45 {
		names = append(names, fmt.Sprintf("shelf%02d", i))
	}
	s.paint(t, app.Actor{}, names...)
	b := s.enter(t, "owner@example.com")
	first := b.get(t, auditLog+"?what=collection")
	is.True(strings.Contains(first.body, "shelf44") && strings.Contains(first.body, "shelf15") && !strings.Contains(first.body, "shelf14"))
	_, rest, _ := strings.Cut(first.body, `href="/settings/audit?before=`)
	before, _, _ := strings.Cut(rest, "&amp;")
	second := b.get(t, auditLog+"?what=collection&before="+before)
	is.True(strings.Contains(second.body, "shelf14") && strings.Contains(second.body, "shelf00") && !strings.Contains(second.body, "shelf15")) // what comes after
	is.True(!strings.Contains(second.body, `rel="next"`))                                                                                      // and that is all
}

func TestTheAuditLogAsAFile(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	var names []string
	for i := range 1203 { // more than is read at a time
		names = append(names, fmt.Sprintf("=c%d", i))
	}
	s.paint(t, app.Actor{}, names...)
	b := s.enter(t, "owner@example.com")

	a := b.get(t, auditLog+"/export.csv?what=collection")
	is.Equal(a.header.Get("Content-Disposition"), `attachment; filename="audit.csv"`)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	is.NoErr(err)
	is.Equal(len(rows), 1204)        // the heads and every line
	is.Equal(rows[1][11], "'=c1202") // newest first, and no formula for a spreadsheet
	is.Equal(rows[1][13], "The appliance made the collection =c1202")

	var list []map[string]any
	is.NoErr(json.Unmarshal([]byte(b.get(t, auditLog+"/export.json?what=collection").body), &list))
	is.Equal(len(list), 1203)
	is.Equal(list[1202]["objectName"], "=c0")
	is.NoErr(json.Unmarshal([]byte(b.get(t, auditLog+"/export.json?from=2030-01-01").body), &list))
	is.Equal(len(list), 0) // a list even where there is nothing
}

// TestTheAuditLogOfOthers: the appliance's own lines are for its administrator.
func TestTheAuditLogOfOthers(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	s.OtherBusiness(t)
	s.browser().post(t, "/login", "email", "nobody@example.com", "password", "x")
	says(t, s.enter(t, "owner@example.com").get(t, auditLog), "was refused at the login")
	page := words(s.enter(t, "other@example.com").get(t, auditLog).body)
	is.True(!strings.Contains(page, "was refused at the login")) // not for the owner of a business
	is.True(!strings.Contains(page, "Acme"))                     // nor is another business's
	is.True(strings.Contains(page, "made the business Other Ltd"))
}
