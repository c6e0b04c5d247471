package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone/phonetest"
	"crk/store"
	"crk/store/storetest"
)

func TestTheSecretGoesToNoOtherMachine(t *testing.T) {
	const secretField = `config.password`
	for _, tt := range []struct {
		name   string
		to     string
		asked  bool
		config map[string]any
	}{
		{name: "the same", to: "http://127.0.0.1:5001"},
		{name: "another port of it", to: "http://127.0.0.1:5002"},
		{name: "loopback by its name", to: "http://localhost:5001"},
		{name: "another machine", to: "http://127.0.0.1.example.com:5001", asked: true},
		{name: "another address", to: "http://10.0.0.9:5001", asked: true},
		{name: "another, with the password", to: "http://10.0.0.9:5001", config: map[string]any{"password": "another"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			p := newPhoneServer(t, "127.0.0.0/8", "10.0.0.0/8")
			made := p.call(t, "POST", providersPath, p.key, map[string]any{"kind": "dtac", "name": "OneCall", "config": p.config("baseUrl", "http://127.0.0.1:5001")})
			is.Equal(made.status, 201)
			config := map[string]any{"baseUrl": tt.to}
			for k, v := range tt.config {
				config[k] = v
			}
			a := p.call(t, "PATCH", providersPath+"/"+made.json(t)["id"].(string), p.key, map[string]any{"config": config})
			if !tt.asked {
				is.Equal(a.status, 200)
				return
			}
			is.Equal(a.status, 422)
			is.True(strings.Contains(a.body, secretField)) // the password is asked for anew
		})
	}
}

// TestATestLeavesAnAddressThatCanBeAskedFor: without a script the page comes at
// the address of the test, where a language can be chosen all the same.
func TestATestLeavesAnAddressThatCanBeAskedFor(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	id := strings.TrimPrefix(p.create(t), providersPath+"/")
	b := p.enter(t, p.Owner.Email)
	from := func(referer string) string {
		req := httptest.NewRequest("POST", "/settings/providers/"+id+"/test?here=1", nil)
		req.Header.Set("Referer", referer)
		return b.do(t, req).body
	}
	at := "/settings/providers/" + id + "/sync?x=1"
	is.True(strings.Contains(from("http://example.com"+at), `name="back" value="`+at+`"`)) // the page that the button lay on
	is.True(!strings.Contains(from("http://elsewhere.example/x"), `value="/x"`))           // and no other site's
}

// TestTheFormOfATestShowsEachFieldsError: as saving does.
func TestTheFormOfATestShowsEachFieldsError(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	b := p.enter(t, p.Owner.Email)
	a := b.post(t, "/settings/providers/try", p.providerFields("baseUrl", "http://169.254.169.254")...)
	says(t, a, "open it with CRK_ALLOW_NETWORKS")
	is.Equal(a.header.Get("HX-Retarget"), "#provider-form") // a script puts in all of the form
	says(t, b.post(t, "/settings/providers/try", p.providerFields("username", "")...), "Give the phone system's user name")
	a = b.post(t, "/settings/providers/try", p.providerFields("password", "wrong")...)
	is.Equal(a.header.Get("HX-Retarget"), "") // and of a test that was made its result
}

// TestTheReasonsOfATest: the page says of a failure what the API says.
func TestTheReasonsOfATest(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		want   string
	}{
		{"asked too often", phonetest.Faults{LoginStatus: 429}, "asks to be asked less often"},
		{"in trouble", phonetest.Faults{LoginStatus: 503}, "busy or in trouble"},
		{"something else", phonetest.Faults{LoginHTML: true}, "answers in a way that is not understood"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPhoneServer(t, "127.0.0.0/8")
			p.sim.Fail(tt.faults)
			b := p.enter(t, p.Owner.Email)
			says(t, b.post(t, "/settings/providers/try", p.providerFields()...), tt.want)
		})
	}
}

func TestTheSecretIsNotTriedElsewhere(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8", "10.0.0.0/8")
	id := strings.TrimPrefix(p.create(t), providersPath+"/")
	b := p.enter(t, p.Owner.Email)
	a := b.post(t, "/settings/providers/"+id+"/try", "kind", "dtac", "baseUrl", "http://10.0.0.9", "username", phoneUser)
	is.True(strings.Contains(words(a.body), "It cannot be tested yet")) // without the password nothing is sent there
}

func TestThePageOfAnIntegration(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(3)
	path := p.create(t)
	id := strings.TrimPrefix(path, providersPath+"/")
	at := "/settings/providers/" + id
	b := p.enter(t, p.Owner.Email)
	says(t, b.get(t, at+"/sync"), "Nothing was compared yet")

	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	a := b.get(t, at+"/sync")
	says(t, a, "New today 3 0 with their audio")
	says(t, a, "Waiting for audio 3 The oldest:")

	says(t, b.follow(t, at+"/compare"), "The last days are being compared")
	csv := func() string { return b.get(t, at+"/days.csv").body }
	p.until(t, func() bool { return strings.Contains(csv(), "2026-11-10,0,") }) // the last of seven days
	is.True(strings.Contains(csv(), "\n2026-11-16,3,0,3,0,0,0,2026-11-16T"))    // three are listed, and wait for their audio
	says(t, b.get(t, at+"/sync"), "16 Nov 2026 3 0 3")

	says(t, b.follow(t, at+"/backfill", "preset", "2026-10-20"), "Going further back")
	p.until(t, func() bool { // the shorter way back was done before
		return strings.Contains(words(b.get(t, at+"/sync").body), "Older calls Done Read back to 20 Oct 2026")
	})
	says(t, b.follow(t, at+"/backfill", "backfillFrom", "2030-01-01"), "Give a date that is not in the future")
}

// TestOldCallsAreNotOfToday: what came today of other days is not counted as today's.
func TestOldCallsAreNotOfToday(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(2)
	p.sim.Add(phonetest.Recording{
		ID: 7, StartedAt: storetest.Start.Add(-72 * time.Hour), Duration: 2 * time.Second, LocalParty: phoneUser, RemoteParty: "0899998888",
		Direction: "IN", Audio: phonetest.Talk(2 * time.Second).WAV(),
	})
	path := p.create(t)
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	a := p.enter(t, p.Owner.Email).get(t, "/settings/providers/"+strings.TrimPrefix(path, providersPath+"/")+"/sync")
	says(t, a, "New today 2 0 with their audio")
	says(t, a, "Waiting for audio 3")
}

func TestTheButtonsOfTheBackfill(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	id := strings.TrimPrefix(p.create(t), providersPath+"/")
	at := "/settings/providers/" + id
	p.Exec(t, `INSERT INTO backfills (provider_id, state, since, until, reached, next_at, started_at) VALUES (?, 'running', 0, 1000, 750, 0, 0)`, id)
	b := p.enter(t, p.Owner.Email)
	says(t, b.get(t, at+"/sync"), "25%")
	says(t, b.get(t, at+"/sync"), "Older calls Waits for the integration") // which is not switched on
	a := b.follow(t, at+"/backfill/pause")
	says(t, a, "Older calls Paused")
	is.True(!strings.Contains(words(a.body), "Switched off")) // nothing is
	says(t, b.follow(t, at+"/backfill/nights", "nights", "true"), "Only at night")
	fill, _, err := p.Backfill(t.Context(), p.Business.ID, id)
	is.NoErr(err)
	is.True(fill.Nights)
	is.Equal(fill.State, app.BackfillPaused)
	says(t, b.follow(t, at+"/backfill/resume"), "Older calls Waits for the integration")
}

func TestAudioThatWasGivenUpIsTriedAnew(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(1)
	path := p.create(t)
	at := "/settings/providers/" + strings.TrimPrefix(path, providersPath+"/")
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	p.Exec(t, `UPDATE recordings SET status = 'failed', error = 'audio_gone'`)
	p.Exec(t, `DELETE FROM jobs`)
	b := p.enter(t, p.Owner.Email)
	says(t, b.get(t, at+"/sync"), "Audio could not be had 1")
	says(t, b.follow(t, at+"/retry"), "The audio is asked for again")
	is.Equal(p.Text(t, `SELECT status FROM recordings`), "awaiting_audio")
	is.Equal(p.Text(t, `SELECT count(*) FROM jobs WHERE kind = 'fetch'`), "1")
}

func TestACallShowsThePhoneSystemsOwnText(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	call := s.Call(t, s.Business.ID)
	b := s.enter(t, s.Owner.Email)
	is.True(!strings.Contains(b.get(t, "/calls/"+call).body, "What the phone system itself wrote down"))
	is.NoErr(s.SaveSourceText(t.Context(), s.Business.ID, call, store.SourceText{Transcript: "Dina: <hello>", Summary: "A greeting", Sentiment: 4}))
	says(t, b.get(t, "/calls/"+call), "What the phone system itself wrote down A greeting Dina: <hello>")
	says(t, b.get(t, "/calls/"+call), "sentiment score: 4 of 5")
}

// until waits until done reports true, and fails the test after half a minute.
func (p *phoneServer) until(t *testing.T, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it does not come")
		}
	}
}

func TestACallThatWaitsForItsAudio(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	p.record(1)
	path := p.create(t)
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	call := "/calls/" + p.Text(t, `SELECT id FROM recordings`)
	b := p.enter(t, p.Owner.Email)
	is.True(!strings.Contains(b.get(t, call).body, "Fetch it now")) // it is due

	due := p.Text(t, `SELECT run_at FROM jobs WHERE kind = 'fetch'`)
	p.Exec(t, `UPDATE jobs SET run_at = run_at + 3600000 WHERE kind = 'fetch'`)
	says(t, b.get(t, call), "The audio is asked for again: ")
	says(t, b.get(t, call), "Fetch it now")
	says(t, b.follow(t, call+"/retry"), "Waiting for audio")
	is.Equal(p.Text(t, `SELECT run_at FROM jobs WHERE kind = 'fetch'`), due) // at once

	is.NoErr(p.DenyAudio(t.Context(), p.Business.ID, strings.TrimPrefix(path, providersPath+"/"), app.AudioDenied))
	says(t, b.get(t, call), "This account may not see or hear recordings")
}

func TestWhatIsWrongWithAnIntegration(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	id := strings.TrimPrefix(path, providersPath+"/")
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	p.lastSync(t, path)
	wrong := func() any { return p.call(t, "GET", path, p.key, nil).json(t)["error"] }
	is.Equal(wrong(), nil)
	b := p.enter(t, p.Owner.Email)

	is.NoErr(p.DenyAudio(t.Context(), p.Business.ID, id, app.AudioDenied))
	is.Equal(wrong(), "forbidden") // as downloads saw it
	says(t, b.get(t, "/settings/providers"), "This account may not see or hear recordings")

	for range 3 {
		_, err := p.RefuseProvider(t.Context(), p.Business.ID, id)
		is.NoErr(err)
	}
	is.Equal(wrong(), "invalid_credentials")
	is.Equal(p.lastSync(t, path)["error"], nil) // the run itself went well
	says(t, b.get(t, "/settings/providers"), "The phone system refuses this user name or password")
}

func TestTheSpeedOfDownloads(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	set := func(v any) answer {
		return p.call(t, "PATCH", path, p.key, map[string]any{"config": map[string]any{"maxDownloadKiBps": v}})
	}
	is.Equal(set(7).status, 422)
	is.Equal(set("fast").status, 422)
	is.True(strings.Contains(set(7).body, `"config.maxDownloadKiBps"`))
	is.Equal(set(512).json(t)["config"].(map[string]any)["maxDownloadKiBps"], 512.0)

	b := p.enter(t, p.Owner.Email)
	at := "/settings/providers/" + strings.TrimPrefix(path, providersPath+"/")
	is.True(strings.Contains(b.get(t, at).body, `value="512"`))
	says(t, b.post(t, at, p.providerFields("maxDownloadKiBps", "7")...), "A whole number from 8 to 1000000")
	is.Equal(b.post(t, at, p.providerFields("maxDownloadKiBps", "")...).status, 303)
	is.True(!strings.Contains(p.call(t, "GET", path, p.key, nil).body, "maxDownloadKiBps")) // no limit any more
}

// TestHomeAndThePageSayTheSameOfATrouble: since when no calls come in is since the
// last sync that succeeded.
func TestHomeAndThePageSayTheSameOfATrouble(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	path := p.create(t)
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	is.Equal(p.lastSync(t, path)["status"], "succeeded")
	b := p.enter(t, p.Owner.Email)
	ok := p.Clock.Now()
	p.sim.Fail(phonetest.Faults{ListStatus: 403})
	for range 2 {
		p.Clock.Advance(time.Hour)
		is.Equal(p.call(t, "POST", path+"/sync", p.key, nil).status, 202)
		is.Equal(p.lastSync(t, path)["status"], "failed")
	}
	at := ok.In(p.Business.Location()).Format("15:04")
	says(t, b.get(t, "/settings/providers/"+strings.TrimPrefix(path, providersPath+"/")+"/sync"), "Last success "+at)
	says(t, b.get(t, "/"), "New calls are not coming in since "+at)
}
