package dtac_test

import (
	"bytes"
	"context"
	"io"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
)

func TestAudioIsChecked(t *testing.T) {
	sound := phonetest.Talk(time.Second).WAV()
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		kind   phone.Kind // of opening or reading
	}{
		{"whole", phonetest.Faults{}, ""},
		{"without a length", phonetest.Faults{AudioNoLength: true}, ""},
		{"not there", phonetest.Faults{AudioStatus: 404}, phone.NotYet},
		{"gone", phonetest.Faults{AudioStatus: 410}, phone.NotYet},
		{"server fails", phonetest.Faults{AudioStatus: 503}, phone.Transient},
		{"not allowed", phonetest.Faults{AudioStatus: 403}, phone.Forbidden},
		{"a page", phonetest.Faults{AudioHTML: true}, phone.BadContent},
		{"an error in JSON", phonetest.Faults{AudioJSON: `{"error":"disk"}`}, phone.BadContent},
		{"a token error in JSON, twice", phonetest.Faults{AudioJSON: `{"error":"invalid access token"}`}, phone.Forbidden},
		{"nothing", phonetest.Faults{AudioEmpty: true}, phone.BadContent},
		{"the connection breaks", phonetest.Faults{AudioTruncate: 100, Range: phonetest.RangeIgnored}, phone.BadContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			r := recording(5, hour)
			r.Audio = sound
			sim.Add(r)
			sim.Fail(tt.faults)
			audio, err := client.Audio(t.Context(), "5")
			if err == nil {
				defer audio.Body.Close()
				var body []byte
				body, err = io.ReadAll(audio.Body)
				if err == nil {
					is.True(bytes.Equal(body, sound)) // what was recorded
				}
			}
			is.Equal(phone.KindOf(err), tt.kind)
		})
	}
}

func TestAudioThatBreaksOffGoesOn(t *testing.T) {
	sound := phonetest.Talk(8 * time.Second).WAV()
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		kind   phone.Kind // of opening or reading
		asked  int
	}{
		{"once", phonetest.Faults{AudioTruncate: 5000}, "", 2},
		{"again and again", phonetest.Faults{AudioBreak: 30000}, "", 3},
		{"once, with a tag", phonetest.Faults{AudioTruncate: 5000, AudioTag: "v1"}, "", 2},
		{"once, of no said length", phonetest.Faults{AudioTruncate: 5000, AudioNoLength: true}, "", 2},
		{"too often", phonetest.Faults{AudioBreak: 9000}, phone.BadContent, 6},
		{"and everything comes instead", phonetest.Faults{AudioTruncate: 5000, Range: phonetest.RangeIgnored}, phone.BadContent, 2},
		{"and the rest is refused", phonetest.Faults{AudioTruncate: 5000, Range: phonetest.RangeRefused}, phone.BadContent, 2},
		{"and another part comes", phonetest.Faults{AudioTruncate: 5000, Range: phonetest.RangeShifted}, phone.BadContent, 2},
		{"and it has another size", phonetest.Faults{AudioTruncate: 5000, Range: phonetest.RangeResized}, phone.BadContent, 2},
		{"with a token for one request", phonetest.Faults{AudioBreak: 30000, TokenUses: 1}, "", 3},
		{"with a token refused in JSON", phonetest.Faults{AudioBreak: 30000, TokenUses: 1, InvalidToken: phonetest.TokenErrorJSON}, "", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			r := recording(5, hour)
			r.Audio = sound
			sim.Add(r)
			sim.Fail(tt.faults)
			audio, err := client.Audio(t.Context(), "5")
			is.NoErr(err)
			defer audio.Body.Close()
			body, err := io.ReadAll(audio.Body)
			is.Equal(phone.KindOf(err), tt.kind)
			is.Equal(sim.Stats().Downloads[5], tt.asked)
			is.True(bytes.HasPrefix(sound, body)) // never a byte of anything else
			is.Equal(len(body) == len(sound), tt.kind == "")
		})
	}
}

func TestAudioWhoseSystemGoesAwayMeanwhile(t *testing.T) {
	is := is.New(t)
	sim := phonetest.NewOrkTrack(user, password)
	r := recording(5, hour)
	r.Audio = phonetest.Talk(8 * time.Second).WAV()
	sim.Add(r)
	sim.Fail(phonetest.Faults{AudioTruncate: 5000})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	gone := func(context.Context, time.Duration) error { srv.Listener.Close(); return nil } // in the pause before the rest is asked for
	client, err := dtac.New(dtac.Config{BaseURL: srv.URL, Username: user, Password: password}, srv.Client(), dtac.WithSleep(gone))
	is.NoErr(err)
	audio, err := client.Audio(t.Context(), "5")
	is.NoErr(err)
	defer audio.Body.Close()
	_, err = io.ReadAll(audio.Body)
	is.Equal(phone.KindOf(err), phone.Unreachable) // that is about the system
}

func TestAudioOfOneThatIsNoID(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{})
	_, err := client.Audio(t.Context(), "../user/login")
	is.Equal(phone.KindOf(err), phone.NotYet)
	is.Equal(len(sim.Stats().Unknown), 0) // it was not even asked for
}

func TestRecordingsThatAreForbiddenCostNoSignIns(t *testing.T) {
	for _, status := range []int{401, 403} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			fill(sim, 50)
			sim.Fail(phonetest.Faults{AudioStatus: status})
			for i := range 50 {
				_, err := client.Audio(t.Context(), strconv.Itoa(i+1))
				is.Equal(phone.KindOf(err), phone.Forbidden)
			}
			is.Equal(sim.Stats().Logins, 2) // the first refusal may have been the token's fault, those after it not
			sim.EndSessions()
			_, _, err := list(t, client)
			is.NoErr(err) // a token that ended is renewed
			is.Equal(sim.Stats().Logins, 3)
		})
	}
}
