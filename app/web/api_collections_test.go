package web_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
)

const collectionsPath = "/api/v1/collections"

// collection makes one and returns its path.
func (s *server) collection(t *testing.T, key, name string) string {
	t.Helper()
	a := s.call(t, "POST", collectionsPath, key, map[string]any{"name": name})
	if a.status != 201 {
		t.Fatal(a.body)
	}
	return collectionsPath + "/" + a.json(t)["id"].(string)
}

func items(ids ...string) map[string]any { return map[string]any{"callRecordingIds": ids} }

func TestCollectionsByAPI(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	a := s.call(t, "POST", collectionsPath, key, map[string]any{"name": " To train with ", "description": "Good ones", "color": "#2F6fed"})
	is.Equal(a.status, 201)
	made := a.json(t)
	is.Equal(made["name"], "To train with") // blanks around it are nothing's
	is.Equal(made["description"], "Good ones")
	is.Equal(made["color"], "#2F6fed")
	is.Equal(made["itemCount"], 0.0)
	s.Clock.Advance(time.Second)
	plain := s.call(t, "POST", collectionsPath, key, map[string]any{"name": "Plain"}).json(t)
	is.Equal(plain["color"], app.DefaultColor)
	is.Equal(plain["description"], "")

	all := s.call(t, "GET", collectionsPath, key, nil).json(t)
	is.Equal(all["items"], []any{plain, made}) // newest first
	is.Equal(all["total"], 2.0)
	is.Equal(all["limit"], 200.0) // the list's own default
	is.Equal(s.call(t, "GET", collectionsPath+"?limit=1&offset=1", key, nil).json(t)["items"], []any{made})
	is.Equal(s.call(t, "GET", collectionsPath+"?limit=201", key, nil).status, 400)

	path := collectionsPath + "/" + made["id"].(string)
	a = s.call(t, "PATCH", path, key, map[string]any{"name": "Trained", "description": ""})
	is.Equal(a.status, 200)
	is.Equal(a.json(t)["name"], "Trained")
	is.Equal(a.json(t)["description"], "")
	is.Equal(a.json(t)["color"], "#2F6fed") // what is not named stays
	is.Equal(s.call(t, "DELETE", path, key, nil).status, 204)
	a = s.call(t, "GET", path, key, nil)
	is.Equal(a.status, 404)
	is.Equal(a.json(t)["error"], "collection_not_found")
}

func TestCollectionsAreChecked(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	path := s.collection(t, key, "Some")
	for _, tt := range []struct{ method, path, body, field string }{
		{"POST", collectionsPath, `{}`, "name"},
		{"POST", collectionsPath, `{"name":null}`, "name"},
		{"POST", collectionsPath, `{"name":"  "}`, "name"},
		{"POST", collectionsPath, `{"name":7}`, "name"},
		{"POST", collectionsPath, `{"name":"` + strings.Repeat("ก", 81) + `"}`, "name"},
		{"POST", collectionsPath, `{"name":"x","color":"red"}`, "color"},
		{"POST", collectionsPath, `{"name":"x","color":"#2F6FED0"}`, "color"},
		{"POST", collectionsPath, `{"name":"x","color":""}`, "color"},
		{"POST", collectionsPath, `{"name":"x","description":"` + strings.Repeat("x", 2001) + `"}`, "description"},
		{"PATCH", path, `{"name":""}`, "name"},
		{"PATCH", path, `{"color":"#12345G"}`, "color"},
		{"POST", path + "/items", `{}`, "callRecordingIds"},
		{"POST", path + "/items", `{"callRecordingIds":[]}`, "callRecordingIds"},
		{"POST", path + "/items", `{"callRecordingIds":"x"}`, "callRecordingIds"},
		{"POST", path + "/items", `{"callRecordingIds":["x",""]}`, "callRecordingIds[1]"},
		{"POST", path + "/items", `{"callRecordingIds":["x"` + strings.Repeat(`,"x"`, 1000) + `]}`, "callRecordingIds"},
	} {
		t.Run(tt.method+fmt.Sprintf("%.60s", tt.body), func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, tt.method, tt.path, key, tt.body)
			is.Equal(a.status, 422)
			is.Equal(a.json(t)["error"], "validation_failed")
			is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["field"], tt.field) // it is named
		})
	}
	is := is.New(t)
	is.Equal(s.call(t, "POST", collectionsPath, key, `{"name":"`+strings.Repeat("ก", 80)+`"}`).status, 201) // characters, not bytes
	a := s.call(t, "DELETE", path+"/items", key, nil)
	is.Equal(a.status, 400)
	is.Equal(a.json(t)["error"], "invalid_query")
	is.Equal(s.call(t, "GET", path+"?offset=-1", key, nil).status, 400)
}

func TestItemsByAPI(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	var calls []string
	for range 3 {
		calls = append(calls, s.Call(t, s.Business.ID))
	}
	path := s.collection(t, key, "Some")
	a := s.call(t, "POST", path+"/items", key, items(calls[0], calls[1]), "Idempotency-Key", "once")
	is.Equal(a.status, 200)
	is.Equal(a.json(t), map[string]any{"added": 2.0, "alreadyThere": 0.0})
	again := s.call(t, "POST", path+"/items", key, items(calls[0], calls[1]), "Idempotency-Key", "once")
	is.Equal(again.body, a.body) // a repetition is answered as the first
	is.Equal(again.header.Get("Idempotency-Replayed"), "true")
	is.Equal(s.call(t, "POST", path+"/items", key, items(calls[1], calls[2])).json(t), map[string]any{"added": 1.0, "alreadyThere": 1.0})

	one := s.call(t, "GET", path+"?limit=2&offset=1", key, nil).json(t)
	is.Equal(one["itemCount"], 3.0)
	page := one["recordings"].(map[string]any)
	is.Equal(page["total"], 3.0)
	is.Equal(page["limit"], 2.0)
	is.Equal(page["offset"], 1.0)
	is.Equal(len(page["items"].([]any)), 2)
	is.Equal(s.call(t, "GET", recordingsPath+"?collectionId="+path[len(collectionsPath)+1:], key, nil).json(t)["total"], 3.0)

	gone := url.Values{"callRecordingId": calls[:2]}
	is.Equal(s.call(t, "DELETE", path+"/items?"+gone.Encode(), key, nil).status, 204)
	is.Equal(s.call(t, "DELETE", path+"/items?"+gone.Encode(), key, nil).status, 204) // what is not in it is out of it
	is.Equal(recordingIDs(s.call(t, "GET", path, key, nil).json(t)["recordings"]), calls[2:])
	is.Equal(s.call(t, "DELETE", path, key, nil).status, 204)
	is.Equal(s.call(t, "GET", recordingsPath, key, nil).json(t)["total"], 3.0) // its recordings stay
}

func recordingIDs(page any) (ids []string) {
	for _, v := range page.(map[string]any)["items"].([]any) {
		ids = append(ids, v.(map[string]any)["id"].(string))
	}
	slices.Sort(ids)
	return ids
}

// TestCollectionsDoNotTellBusinessesApart compares, byte by byte but for the
// request's id, what another business's ids answer with what unknown ones do.
func TestCollectionsDoNotTellBusinessesApart(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	other, owner := s.OtherBusiness(t)
	_, foreign, err := s.CreateKey(t.Context(), app.Key{Name: "k", OwnerID: owner.ID, BusinessID: other.ID, Scopes: app.Scopes{app.ManageAll}})
	if err != nil {
		t.Fatal(err)
	}
	theirs := s.collection(t, foreign.Reveal(), "Theirs")
	ours, theirCall, ourCall := s.collection(t, key, "Ours"), s.Call(t, other.ID), s.Call(t, s.Business.ID)
	const nothing = "01936b2e-0000-7000-8000-000000000000"
	unknown := collectionsPath + "/" + nothing
	for _, tt := range []struct {
		name, method, theirs, unknown string
		body, unknownBody             any
		code                          string
	}{
		{"read", "GET", theirs, unknown, nil, nil, "collection_not_found"},
		{"change", "PATCH", theirs, unknown, map[string]any{"name": "x"}, map[string]any{"name": "x"}, "collection_not_found"},
		{"delete", "DELETE", theirs, unknown, nil, nil, "collection_not_found"},
		{"add to", "POST", theirs + "/items", unknown + "/items", items(ourCall), items(ourCall), "collection_not_found"},
		{"take out of", "DELETE", theirs + "/items?callRecordingId=" + ourCall, unknown + "/items?callRecordingId=" + ourCall, nil, nil, "collection_not_found"},
		{"add", "POST", ours + "/items", ours + "/items", items(ourCall, theirCall), items(ourCall, nothing), "recording_not_found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a, b := s.call(t, tt.method, tt.theirs, key, tt.body), s.call(t, tt.method, tt.unknown, key, tt.unknownBody)
			is.Equal(a.status, 404)
			is.Equal(b.status, 404)
			one, two := a.json(t), b.json(t)
			is.Equal(one["error"], tt.code)
			delete(one, "requestId")
			delete(two, "requestId")
			is.Equal(one, two) // nothing tells that there is one
		})
	}
	is := is.New(t)
	is.Equal(s.call(t, "GET", ours, key, nil).json(t)["itemCount"], 0.0)                     // nothing was half done
	is.Equal(s.call(t, "GET", collectionsPath, key, nil).json(t)["total"], 1.0)              // nor is theirs listed
	is.Equal(s.call(t, "GET", theirs, foreign.Reveal(), nil).json(t)["name"], "Theirs")      // nor was it changed
	is.Equal(s.call(t, "DELETE", ours+"/items?callRecordingId="+theirCall, key, nil).status, // a call that is not in it
		s.call(t, "DELETE", ours+"/items?callRecordingId="+nothing, key, nil).status) // is passed over, whoever's it is
}

func TestLimitedKeysSeeTheirCallsInCollections(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	u := s.User(t, "agent@example.com", app.Supervisor)
	is.NoErr(s.SetMemberAgents(t.Context(), s.Business.ID, u.ID, []string{"1001"}))
	_, k, err := s.CreateKey(t.Context(), app.Key{
		Name: "k", OwnerID: u.ID, BusinessID: s.Business.ID, Scopes: app.Scopes{app.ViewRecordingSelf, app.ManageCollection},
	})
	is.NoErr(err)
	limited := k.Reveal()
	mine, notMine := s.Call(t, s.Business.ID), s.Call(t, s.Business.ID)
	s.Exec(t, `UPDATE recordings SET agent_number = '1002' WHERE id = ?`, notMine)
	path := s.collection(t, key, "Some")
	is.Equal(s.call(t, "POST", path+"/items", key, items(mine, notMine)).status, 200)

	one := s.call(t, "GET", path, limited, nil).json(t)
	is.Equal(one["itemCount"], 1.0) // the count is of what is seen
	is.Equal(recordingIDs(one["recordings"]), []string{mine})
	is.Equal(one["recordings"].(map[string]any)["total"], 1.0)
	list := s.call(t, "GET", collectionsPath, limited, nil).json(t)
	is.Equal(list["items"].([]any)[0].(map[string]any)["itemCount"], 1.0)
	is.Equal(s.call(t, "PATCH", path, limited, map[string]any{"name": "x"}).json(t)["itemCount"], 1.0)
	a := s.call(t, "POST", path+"/items", limited, items(mine, notMine))
	is.Equal(a.json(t)["error"], "recording_not_found") // what is not seen is not there
	is.Equal(s.call(t, "DELETE", path+"/items?callRecordingId="+notMine, limited, nil).status, 204)
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["itemCount"], 2.0) // and stays where it is
}

func TestScopesOfCollections(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	path := s.collection(t, s.Key(t), "Some")
	call := s.Call(t, s.Business.ID)
	viewer, writer := s.Key(t, app.ViewRecordingAll), s.Key(t, app.ManageCollection)
	is.Equal(s.call(t, "GET", path, viewer, nil).status, 200)
	is.Equal(s.call(t, "PATCH", path, viewer, map[string]any{}).status, 403)
	is.Equal(s.call(t, "DELETE", path, viewer, nil).status, 403)
	is.Equal(s.call(t, "GET", path, writer, nil).status, 403)
	is.Equal(s.call(t, "PATCH", path, writer, map[string]any{"name": "x"}).status, 200)
	a := s.call(t, "POST", path+"/items", writer, items(call))
	is.Equal(a.status, 403) // who sees no call puts none anywhere
	is.Equal(a.json(t)["details"].([]any)[0].(map[string]any)["message"], "view_recording_self")
	is.Equal(s.call(t, "DELETE", path+"/items?callRecordingId="+call, writer, nil).status, 403)
	is.Equal(s.call(t, "POST", path+"/items", s.Key(t, app.ManageCollection, app.ViewRecordingAll), items(call)).status, 200)
}
