package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

func TestBulkOnThePage(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	var ids []string
	for range 3 {
		ids = append(ids, s.Call(t, s.Business.ID))
	}
	b := s.enter(t, "owner@example.com")
	page := b.get(t, "/calls?sentiment=negative")
	is.True(strings.Contains(page.body, `name="id" value="`+ids[0]+`"`)) // every row can be chosen
	says(t, page, "All 3 that match")

	page = b.follow(t, "/calls/bulk", "filter", "sentiment=negative", "action", "collect", "id", ids[0], "id", ids[1], "newCollection", "Angry")
	says(t, page, "Added to the collection")
	is.True(strings.Contains(page.body, `value="sentiment=negative"`)) // back where it came from
	all, _, err := s.Collections(t.Context(), s.Business.ID, nil, 10, 0)
	is.NoErr(err)
	is.Equal([]any{all[0].Name, all[0].Items}, []any{"Angry", 2})
	says(t, b.follow(t, "/calls/bulk", "action", "collect", "all", "1", "filter", "", "collection", all[0].ID), "Added to the collection")
	says(t, b.get(t, "/collections"), "3 calls")
	says(t, b.follow(t, "/calls/bulk", "action", "collect", "id", ids[0]), "Choose a collection")
	says(t, b.follow(t, "/calls/bulk", "action", "delete"), "No call was chosen")
	says(t, b.follow(t, "/calls/bulk", "action", "analyse", "id", ids[0]), "Not now") // it has no sound

	file := b.post(t, "/calls/bulk", "action", "export", "id", ids[2])
	is.Equal(file.header.Get("Content-Type"), "text/csv; charset=utf-8")
	is.True(strings.Contains(file.body, ids[2]) && !strings.Contains(file.body, ids[0])) // what was chosen and no more

	ask := b.post(t, "/calls/bulk", "action", "delete", "all", "1", "filter", "sentiment=negative")
	is.Equal(ask.status, 200)
	says(t, ask, "Delete 3 calls") // it says how many, and asks
	says(t, b.follow(t, "/calls/bulk", "action", "delete", "sure", "1", "all", "1", "filter", "sentiment=negative"), "Deleted")
	says(t, b.get(t, "/calls"), "No calls yet")
	is.Equal(b.post(t, "/calls/bulk", "action", "explode", "id", ids[0]).status, 303) // gone: nothing is chosen
}

func TestManyCallsAreWorkForAJob(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	var ids []string
	for range 201 {
		ids = append(ids, "id", s.Call(t, s.Business.ID))
	}
	b := s.enter(t, "owner@example.com")
	page := b.follow(t, "/calls/bulk", append(ids, "action", "delete", "sure", "1", "filter", "tag=normal")...)
	says(t, page, "0 of 201 calls")                                  // nothing is done while somebody waits
	is.True(strings.Contains(page.body, `href="/calls?tag=normal"`)) // and the way back is there
	is.Equal(s.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'bulk'`), "1")
}

func TestBulkByRole(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	s.User(t, "viewer@example.com", app.Viewer)
	s.User(t, "agent@example.com", app.Agent)
	s.User(t, "supervisor@example.com", app.Supervisor)
	other, _ := s.OtherBusiness(t)
	theirs := s.Call(t, other.ID)

	viewer := s.enter(t, "viewer@example.com")
	is.True(!strings.Contains(viewer.get(t, "/calls").body, `value="delete"`)) // nothing is offered that is refused
	is.Equal(viewer.post(t, "/calls/bulk", "action", "delete", "sure", "1", "id", id).status, 403)
	is.Equal(viewer.post(t, "/calls/bulk", "action", "collect", "newCollection", "x", "id", id).status, 403)
	is.True(strings.Contains(viewer.post(t, "/calls/bulk", "action", "export", "id", id).body, id))
	agent := s.enter(t, "agent@example.com")
	is.True(!strings.Contains(agent.post(t, "/calls/bulk", "action", "export", "all", "1").body, id)) // who sees no call takes none away
	super := s.enter(t, "supervisor@example.com")
	is.Equal(super.post(t, "/calls/bulk", "action", "analyse", "id", id).status, 403)
	says(t, super.follow(t, "/calls/bulk", "action", "collect", "newCollection", "x", "id", id), "Added")
	says(t, super.follow(t, "/calls/bulk", "action", "collect", "newCollection", "x", "id", theirs), "No call was chosen") // another business's is none
}

func TestCollectionsOnThePages(t *testing.T) {
	is := is.New(t)
	s := newPages(t)
	id := s.Call(t, s.Business.ID)
	b := s.enter(t, "owner@example.com")
	says(t, b.get(t, "/collections"), "No collection yet")
	page := b.follow(t, "/collections", "name", " Training ", "description", "Good ones", "color", "#2563EB")
	says(t, page, "Training")
	says(t, page, "Nothing in here yet")
	all, _, err := s.Collections(t.Context(), s.Business.ID, nil, 10, 0)
	is.NoErr(err)
	path := "/collections/" + all[0].ID
	refused := b.post(t, "/collections", "name", " ", "color", "blue")
	is.Equal(refused.status, 422)
	says(t, refused, "Give a name of 1 to 80 characters")
	says(t, refused, "Choose a colour")

	says(t, b.follow(t, "/calls/"+id+"/collections", "collection", all[0].ID), "Training")
	is.True(strings.Contains(b.get(t, path).body, id))
	is.True(strings.Contains(b.get(t, path+"/export.csv").body, id))
	says(t, b.get(t, "/calls?collection="+all[0].ID), "Training") // the filter says its name
	says(t, b.follow(t, path, "name", "Coaching", "color", "#DC2626"), "Coaching")
	says(t, b.get(t, path+"/edit"), "Coaching")
	says(t, b.follow(t, path+"/remove", "id", id), "Nothing in here yet")
	says(t, b.follow(t, "/calls/"+id+"/collections", "newCollection", "Later"), "Later")
	says(t, b.follow(t, path+"/delete"), "Deleted")
	is.Equal(b.get(t, "/calls/"+id).status, 200) // its calls stay

	s.OtherBusiness(t)
	stranger := s.enter(t, "other@example.com")
	for _, of := range []string{path, path + "/edit", path + "/export.csv"} {
		is.Equal(stranger.get(t, of).status, 404) // no business sees another's
	}
}
