package web_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone/phonetest"
)

// providerFields is the form of an integration with the simulated OrkTrack.
func (p *phoneServer) providerFields(change ...string) []string {
	form := map[string]string{
		"kind": "dtac", "name": "DTAC main", "baseUrl": p.url, "username": phoneUser, "password": phonePassword,
		"syncIntervalMinutes": "30", "backfillFrom": "",
	}
	for i := 0; i+1 < len(change); i += 2 {
		form[change[i]] = change[i+1]
	}
	var out []string
	for name, value := range form {
		out = append(out, name, value)
	}
	return out
}

// TestPhoneIntegrationAsAPersonMakesOne: add, test, save, set as default, and
// calls come in.
func TestPhoneIntegrationAsAPersonMakesOne(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(3)
	b := p.enter(t, "owner@example.com")
	page := b.get(t, "/settings/providers")
	says(t, page, "Phone Integrations")
	says(t, page, "No phone system is connected")
	says(t, b.get(t, "/settings/providers/new"), "Test connection")

	page = b.post(t, "/settings/providers/try", p.providerFields()...)
	says(t, page, "Login accepted")
	says(t, page, "3 recent calls seen")
	says(t, page, "Recordings can be heard")
	is.True(!strings.Contains(page.body, phonePassword)) // a password is not sent back
	p.sim.Fail(phonetest.Faults{AudioStatus: 403})
	page = b.post(t, "/settings/providers/try", p.providerFields()...)
	says(t, page, "3 recent calls seen")
	says(t, page, "The recording of the newest call cannot be heard")
	says(t, page, "let this account see and download recordings") // may list, but not hear
	p.sim.Fail(phonetest.Faults{})
	page = b.post(t, "/settings/providers/try", p.providerFields("password", "wrong")...)
	says(t, page, "The phone system refuses this user name or password")
	says(t, b.post(t, "/settings/providers/try", p.providerFields("password", "")...), "It cannot be tested yet")

	page = b.follow(t, "/settings/providers", p.providerFields()...)
	says(t, page, "Added. Press Set as default to begin reading calls")
	says(t, page, phoneUser+" @ ")
	says(t, page, "Paused") // a new one reads nothing by itself
	list, _, err := p.Providers(t.Context(), p.Business.ID, 10, 0)
	is.NoErr(err)
	id := list[0].ID
	is.Equal(list[0].Interval.Minutes(), 30.0)

	says(t, b.post(t, "/settings/providers/"+id+"/test"), "Login accepted")
	page = b.follow(t, "/settings/providers/"+id+"/default")
	says(t, page, "Default")
	p.lastSync(t, "/api/v1/providers/"+id) // the first sync starts at once
	page = b.get(t, "/settings/providers")
	says(t, page, "Imported 3")
	says(t, page, "In all 3")
	says(t, b.get(t, "/calls"), "3 calls") // and the calls are there
}

func TestChangeAnIntegration(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	b := p.enter(t, "owner@example.com")
	b.follow(t, "/settings/providers", p.providerFields()...)
	list, _, err := p.Providers(t.Context(), p.Business.ID, 10, 0)
	is.NoErr(err)
	id := list[0].ID

	form := b.get(t, "/settings/providers/"+id)
	is.True(strings.Contains(form.body, `value="`+strings.ReplaceAll(phoneUser, "+", "&#43;")+`"`) || strings.Contains(form.body, `value="`+phoneUser+`"`)) // what is set
	is.True(!strings.Contains(form.body, phonePassword))                                                                                                    // but for the password
	says(t, b.post(t, "/settings/providers/"+id+"/try", p.providerFields("password", "")...), "Login accepted")                                             // an empty one means that which is stored
	says(t, b.follow(t, "/settings/providers/"+id, p.providerFields("name", "Renamed", "password", "")...), "Renamed")
	says(t, b.post(t, "/settings/providers/"+id+"/test"), "Login accepted") // it was kept
	says(t, b.follow(t, "/settings/providers/"+id+"/active", "active", "true"), "Switched on")
	says(t, b.follow(t, "/settings/providers/"+id+"/sync"), "Reading has begun")
	p.lastSync(t, "/api/v1/providers/"+id)
	says(t, b.follow(t, "/settings/providers/"+id+"/active", "active", "false"), "Switched off")
	says(t, b.follow(t, "/settings/providers/"+id+"/delete"), "Deleted")
	is.Equal(b.get(t, "/settings/providers/"+id).status, 404)
}

// TestTheFormKeepsWhatItDoesNotShow: an edit by the form changes the settings that
// it shows, and no other.
func TestTheFormKeepsWhatItDoesNotShow(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	b := p.enter(t, "owner@example.com")
	a := p.call(t, "POST", providersPath, p.key, map[string]any{"kind": "dtac", "name": "OneCall", "config": p.config(
		"pageSize", 50, "minDurationSec", 10, "timeZone", "Asia/Bangkok", "localPartyAllow", []string{"0811112222", "0833334444"}, "tokenField", "ticket",
	)})
	is.Equal(a.status, 201)
	id := a.json(t)["id"].(string)
	form := b.get(t, "/settings/providers/"+id).body
	for _, shown := range []string{`value="50"`, `value="10"`, `value="Asia/Bangkok"`, `value="0811112222, 0833334444"`} {
		is.True(strings.Contains(form, shown)) // what is set is shown
	}
	config := func() map[string]any {
		return p.call(t, "GET", providersPath+"/"+id, p.key, nil).json(t)["config"].(map[string]any)
	}
	b.follow(t, "/settings/providers/"+id, p.providerFields("password", "", "pageSize", "20", "minDurationSec", "", "localPartyAllow", " 0811112222 ,, 0855556666", "timeZone", "Asia/Bangkok")...)
	c := config()
	is.Equal(c["pageSize"], 20.0)
	is.Equal(c["minDurationSec"], nil)                                // an empty one is the default again
	is.Equal(c["localPartyAllow"], []any{"0811112222", "0855556666"}) // a list as people type it
	is.Equal(c["timeZone"], "Asia/Bangkok")                           //
	is.Equal(c["tokenField"], "ticket")                               // what the form does not show stays
	b.follow(t, "/settings/providers/"+id, p.providerFields("password", "")...)
	is.Equal(config()["pageSize"], 20.0) // and so does what a form did not send
	says(t, b.post(t, "/settings/providers/"+id, p.providerFields("password", "", "pageSize", "many")...), "A whole number from 1 to 10000")
	says(t, b.post(t, "/settings/providers/"+id, p.providerFields("password", "", "timeZone", "Mars")...), "Give the name of a time zone")
}

func TestIntegrationIsChecked(t *testing.T) {
	p := newPhoneServer(t, "127.0.0.0/8")
	b := p.enter(t, "owner@example.com")
	for _, tt := range []struct {
		name   string
		change []string
		want   string
	}{
		{"a short name", []string{"name", "x"}, "Give a name of 2 to 60 characters"},
		{"no user", []string{"username", ""}, "Give the phone system's user name"},
		{"no password", []string{"password", ""}, "Give the phone system's password"},
		{"no address", []string{"baseUrl", "ftp://x"}, "This address cannot be used"},
		{"a metadata address", []string{"baseUrl", "http://169.254.169.254"}, "CRK_ALLOW_NETWORKS"},
		{"too often", []string{"syncIntervalMinutes", "0"}, "A whole number from 1 to 1440"},
		{"no number", []string{"syncIntervalMinutes", "often"}, "A whole number from 1 to 1440"},
		{"the future", []string{"backfillFrom", "2099-01-01"}, "A date that is not in the future"},
		{"no such kind", []string{"kind", "fax"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := b.post(t, "/settings/providers", p.providerFields(tt.change...)...)
			is.Equal(a.status, 422)
			says(t, a, tt.want) // at the field that is wrong
			_, total, err := p.Providers(t.Context(), p.Business.ID, 1, 0)
			is.NoErr(err)
			is.Equal(total, 0) // nothing is saved
		})
	}
}

func TestA3CXAsAPersonMakesOne(t *testing.T) {
	is := is.New(t)
	p := newPBXServer(t)
	b := p.enter(t, "owner@example.com")
	says(t, b.get(t, "/settings/providers/new"), "3CX")
	fields := []string{"kind", "threecx", "name", "Head office", "baseUrl", p.url, "username", pbxClient, "password", pbxKey, "syncIntervalMinutes", "15"}
	p.pbx.Fail(phonetest.PBXFaults{Role: phonetest.OrdinaryUser})
	says(t, b.post(t, "/settings/providers/try", fields...), "Role must be System Owner")
	p.pbx.Fail(phonetest.PBXFaults{})
	says(t, b.post(t, "/settings/providers/try", fields...), "Login accepted")
	says(t, b.follow(t, "/settings/providers", fields...), pbxClient+" @ ")
	list, _, err := p.Providers(t.Context(), p.Business.ID, 10, 0)
	is.NoErr(err)
	is.Equal(list[0].Kind, "threecx")
	is.True(strings.Contains(b.get(t, "/settings/providers/"+list[0].ID).body, "https://company.3cx.co")) // an address of its kind as the example
}
