package web_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// The seeded call is of Monday, 16 November 2026, 13:00 in Bangkok, which is
// 06:00 in UTC: scored 41, negative, by agent 1001, with audio of no bytes.

func TestRecordingsAreFiltered(t *testing.T) {
	s := newServer(t)
	id, key := s.Call(t, s.Business.ID), s.Key(t)
	for _, tt := range []struct {
		query string
		found bool
	}{
		{"", true},
		{"direction=in", true},
		{"direction=out", false},
		{"sourceProvider=dtac", true},
		{"sourceProvider=upload", false},
		{"callDateFrom=2026-11-16", true},
		{"callDateFrom=2026-11-17", false},
		{"callDateTo=2026-11-16", true}, // a date includes its day
		{"callDateTo=2026-11-15", false},
		{"callDateFrom=2026-11-16T13:00:00%2B07:00", true}, // from is inclusive
		{"callDateTo=2026-11-16T06:00:00Z", false},         // to is not
		{"callDateTo=2026-11-16T13:00:01%2B07:00", true},
		{"customerPhone=0812345678", true},
		{"customerPhone=081234567", false},
		{"customerPhoneNormalized=%2B66812345678", true},
		{"tag=normal", true},
		{"tag=none", false},
		{"sentiment=negative", true},
		{"sentiment=neutral", false},
		{"scoreMin=41&scoreMax=41", true},
		{"scoreMin=41.5", false},
		{"processingStatus=completed", true},
		{"processingStatus=failed", false},
		{"agentKey=999&agentKey=1001", true},
		{"agentKey=999", false},
		{"search=SOMCHAI", true},
		{"search=nobody", false},
		{"collectionId=nothing", false},
		{"sortBy=score&sortDir=asc", true},
		{"offset=1", false},
	} {
		t.Run(tt.query, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", "/api/v1/recordings?"+tt.query, key, nil)
			is.Equal(a.status, 200)
			is.Equal(strings.Contains(a.body, id), tt.found)
		})
	}
}

func TestRecordingsRefuseWhatTheyCannotRead(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	for _, tt := range []struct{ query, field string }{
		{"direction=up", "direction"},
		{"sourceProvider=fax", "sourceProvider"},
		{"tag=angry", "tag"},
		{"sentiment=sad", "sentiment"},
		{"processingStatus=lost", "processingStatus"},
		{"sortBy=colour", "sortBy"},
		{"sortDir=up", "sortDir"},
		{"scoreMin=high", "scoreMin"},
		{"scoreMax=NaN", "scoreMax"},
		{"callDateFrom=yesterday", "callDateFrom"},
		{"callDateTo=16.11.2026", "callDateTo"},
		{"limit=0", "limit"},
		{"limit=201", "limit"},
		{"limit=many", "limit"},
		{"offset=-1", "offset"},
		{"search=" + strings.Repeat("x", 501), "search"},
		{strings.Repeat("agentKey=1&", 501), "agentKey"},
	} {
		t.Run(tt.field, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", "/api/v1/recordings?"+tt.query, key, nil)
			is.Equal(a.status, 400)
			is.Equal(a.json(t)["error"], "invalid_query")
			is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["field"], tt.field) // names what is wrong
		})
	}
}

func TestRecordingsComeInPages(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	for range 3 {
		s.Call(t, s.Business.ID)
	}
	a := s.call(t, "GET", "/api/v1/recordings?limit=2&offset=2", s.Key(t), nil).json(t)
	is.Equal(len(a["items"].([]any)), 1) // what is left for the page
	is.Equal([]any{a["total"], a["limit"], a["offset"]}, []any{3.0, 2.0, 2.0})
}

// TestAnAgentsKeySeesTheirOwnCalls: view_recording_self shows the calls of the agents
// that are assigned to the key's owner, in every call about recordings.
func TestAnAgentsKeySeesTheirOwnCalls(t *testing.T) {
	s := newServer(t)
	id := s.Call(t, s.Business.ID)
	for _, tt := range []struct {
		name   string
		agents []string
		sees   bool
	}{
		{"theirs", []string{"1001"}, true},
		{"another's", []string{"2002"}, false},
		{"none assigned", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			u := s.User(t, strings.ReplaceAll(tt.name, " ", "")+"@example.com", app.Agent)
			is.NoErr(s.SetMemberAgents(t.Context(), s.Business.ID, u.ID, tt.agents))
			_, secret, err := s.CreateKey(t.Context(), app.Key{OwnerID: u.ID, BusinessID: s.Business.ID, Scopes: app.Scopes{app.ManageAll}})
			is.NoErr(err)
			key := secret.Reveal()
			for _, path := range []string{"/recordings", "/recordings/agents", "/recordings/export.csv"} {
				a := s.call(t, "GET", "/api/v1"+path, key, nil)
				is.Equal(a.status, 200)
				is.Equal(strings.Contains(a.body, "1001"), tt.sees)
			}
			single := s.call(t, "GET", "/api/v1/recordings/"+id, key, nil)
			is.Equal(single.status == 200, tt.sees)
			is.True(single.status == 200 || single.json(t)["error"] == "recording_not_found") // as if it were not there
		})
	}
}

func TestOneRecordingHasItsSummary(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	id, key := s.Call(t, s.Business.ID), s.Key(t)
	a := s.call(t, "GET", "/api/v1/recordings/"+id, key, nil).json(t)
	is.Equal(a["summary"], "Wants a refund")
	is.Equal(a["callAt"], "2026-11-16T06:00:00.000Z") // in UTC
	is.Equal(a["duration"], 125.0)
	is.Equal(a["transcriptUrl"], "/api/v1/recordings/"+id+"/transcript")
	is.True(!strings.Contains(s.call(t, "GET", "/api/v1/recordings", key, nil).body, `"summary":`)) // which lists leave out
}

func TestChangeRecording(t *testing.T) {
	s := newServer(t)
	id, key := s.Call(t, s.Business.ID), s.Key(t)
	path := "/api/v1/recordings/" + id
	is := is.New(t)
	a := s.call(t, "PATCH", path, key, map[string]any{
		"tag": "other", "note": "called back", "customerPhone": "02 123 4567", "callcenterNumber": "7", "callcenterName": "Nok",
		"direction": "out", "id": "mine", "score": 100,
	})
	is.Equal(a.status, 200)
	got := a.json(t)
	is.Equal(a.body, s.call(t, "GET", path, key, nil).body) // answers with the object as GET shows it
	is.Equal([]any{got["tag"], got["note"], got["customerPhoneNormalized"], got["callcenterNumber"], got["callcenterName"], got["direction"]},
		[]any{"other", "called back", "+6621234567", "7", "Nok", "out"})
	is.Equal(got["score"], 41.0)                                                                // what cannot be changed is passed over
	is.Equal(s.call(t, "PATCH", path, key, map[string]any{"tag": ""}).json(t)["tag"], "normal") // taken back, the analysis's shows again

	for _, tt := range []struct {
		name, field string
		body        any
		status      int
	}{
		{"no such tag", "tag", map[string]any{"tag": "angry"}, 422},
		{"no such direction", "direction", map[string]any{"direction": ""}, 422},
		{"note too long", "note", map[string]any{"note": strings.Repeat("ก", 10_001)}, 422},
		{"a number for a text", "note", map[string]any{"note": 1}, 422},
		{"no JSON", "", "{", 400},
		{"no object", "", "[]", 422},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "PATCH", path, key, tt.body)
			is.Equal(a.status, tt.status)
			if tt.field != "" {
				is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["field"], tt.field)
			}
		})
	}
	is.Equal(s.call(t, "PATCH", path, s.Key(t, app.ManageCallRecording), map[string]any{"note": "x"}).status, 403) // nobody changes what they may not see
}

func TestDeleteRecording(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	id, key := s.Call(t, s.Business.ID), s.Key(t)
	path := "/api/v1/recordings/" + id
	is.Equal(s.call(t, "DELETE", path, s.Key(t, app.ManageCallRecording), nil).status, 403) // nobody deletes what they may not see
	is.Equal(s.call(t, "DELETE", path, key, nil).status, 204)
	for _, of := range []string{"", "/transcript", "/summary", "/waveform", "/audio"} {
		is.Equal(s.call(t, "GET", path+of, key, nil).status, 404) // nothing is left of it
	}
	is.Equal(s.call(t, "DELETE", path, key, nil).status, 404) // not even to delete
}

func TestAgentsAreCounted(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	s.Call(t, s.Business.ID)
	s.Call(t, s.Business.ID)
	agents := s.call(t, "GET", "/api/v1/recordings/agents?callDateFrom=2026-11-16&callDateTo=2026-11-16", s.Key(t), nil).json(t)["items"].([]any)
	is.Equal(len(agents), 1)
	a := agents[0].(map[string]any)
	is.Equal([]any{a["agentKey"], a["callcenterName"], a["calls"], a["avgScore"], a["avgDuration"], a["lastCallAt"]},
		[]any{"1001", "Somchai", 2.0, 41.0, 125.0, "2026-11-16T06:00:00.000Z"})
	is.Equal(s.call(t, "GET", "/api/v1/recordings/agents?callDateTo=2026-11-15", s.Key(t), nil).body, `{"items":[]}`)
	is.Equal(s.call(t, "GET", "/api/v1/recordings/agents?callDateFrom=x", s.Key(t), nil).status, 400)
}

func TestExportIsSafeForSpreadsheets(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	id, key := s.Call(t, s.Business.ID), s.Key(t)
	for _, note := range []string{`=HYPERLINK("http://evil")`, "+1", "-1", "@SUM(1)", "\t=1", "plain, with a comma\nand a line"} {
		s.call(t, "PATCH", "/api/v1/recordings/"+id, key, map[string]any{"note": note})
		a := s.call(t, "GET", "/api/v1/recordings/export.csv?direction=in", key, nil)
		is.True(strings.Contains(a.header.Get("Content-Disposition"), "attachment")) // a file
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
		is.NoErr(err)
		is.Equal(len(rows), 2) // the header and the call
		cell := rows[1][len(rows[1])-1]
		is.True(cell == note || cell == "'"+note)                   // nothing is lost
		is.True(!strings.ContainsAny(cell[:1], "=+-@\t"))           // and nothing is run
		is.True(strings.HasPrefix(note, "plain") == (cell == note)) // what is harmless stays as it is
	}
	is.Equal(s.call(t, "GET", "/api/v1/recordings/export.csv?direction=up", key, nil).status, 400)
}
