package web_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone/phonetest"
)

// Test3CXAsAPersonAddsOne: add, test, save and change a 3CX on the page.
func Test3CXAsAPersonAddsOne(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	b := p.enter(t, "owner@example.com")
	form := func(change ...string) []string {
		return p.providerFields(append([]string{"kind", "threecx", "name", "Head office", "baseUrl", p.url, "username", pbxClient, "password", pbxKey}, change...)...)
	}
	page := b.post(t, "/settings/providers/try", form("auth", "api_client")...)
	says(t, page, "Login accepted")
	is.Equal(p.pbx.Stats().ClientSignIns, 1)      // as the API client it is
	is.True(!strings.Contains(page.body, pbxKey)) // the key is not sent back
	says(t, b.post(t, "/settings/providers/try", form("auth", "api_client", "password", "wrong")...), "Of an API client")
	page = b.post(t, "/settings/providers", form("auth", "magic")...)
	is.Equal(page.status, 422)
	says(t, page, "Choose one of the ways of the list")

	says(t, b.follow(t, "/settings/providers", form("auth", "api_client", "importInternal", "true")...), "Head office")
	list, _, err := p.Providers(t.Context(), p.Business.ID, 10, 0)
	is.NoErr(err)
	kept := func(id string) (c struct {
		Auth           string
		ImportInternal bool
	}) {
		pr, err := p.Provider(t.Context(), p.Business.ID, id)
		is.NoErr(err)
		is.NoErr(json.Unmarshal(pr.Config, &c))
		return c
	}
	id := list[0].ID
	is.Equal(kept(id).Auth, "api_client") // how it signs in
	is.True(kept(id).ImportInternal)      // and which calls it takes
	page = b.get(t, "/settings/providers/"+id)
	is.True(strings.Contains(page.body, `value="api_client" selected`)) // are shown again
	b.follow(t, "/settings/providers/"+id, form("password", "", "auth", "user")...)
	is.Equal(kept(id).Auth, "user")   // and changed
	is.True(!kept(id).ImportInternal) // a box that is not ticked is off
}

func TestAThreeCXThatRecordsNoMoreIsShown(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	b := p.enter(t, "owner@example.com")
	id := p.call(t, "POST", providersPath, p.key, p.request()).json(t)["id"].(string)
	page := "/settings/providers/" + id + "/sync"
	p.pbx.Fail(phonetest.PBXFaults{Stopped: true, QuotaReached: true})
	tested := b.post(t, "/settings/providers/"+id+"/test?here=1")
	says(t, tested, "The phone system has stopped recording calls")
	is.Equal(strings.Count(tested.body, "The phone system has stopped recording calls"), 1)
	says(t, b.get(t, page), "The phone system has no space left for recordings")
	says(t, b.get(t, "/settings/providers"), "The phone system has stopped recording calls")
	p.pbx.Fail(phonetest.PBXFaults{})
	b.post(t, "/settings/providers/"+id+"/test?here=1")
	is.True(!strings.Contains(b.get(t, page).body, "The phone system has stopped recording calls")) // as soon as it records again
}
