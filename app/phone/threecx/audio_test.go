package threecx_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

func TestAudioIsChecked(t *testing.T) {
	sound := phonetest.Talk(time.Second).WAV()
	for _, tt := range []struct {
		name   string
		change func(*phonetest.PBXRecording)
		faults phonetest.PBXFaults
		kind   phone.Kind // of opening or reading
	}{
		{"whole", nil, phonetest.PBXFaults{}, ""},
		{"under another type", func(r *phonetest.PBXRecording) { r.ContentType = "application/octet-stream" }, phonetest.PBXFaults{}, ""},
		{"under the type of an answer", func(r *phonetest.PBXRecording) { r.ContentType = "application/json" }, phonetest.PBXFaults{}, ""},
		{"for a group manager", nil, phonetest.PBXFaults{Role: phonetest.GroupManager}, ""},
		{"not written yet", func(r *phonetest.PBXRecording) { r.ReadyFrom = now.Add(time.Minute) }, phonetest.PBXFaults{}, phone.NotYet},
		{"in an archive", func(r *phonetest.PBXRecording) { r.Archived = true }, phonetest.PBXFaults{}, phone.NotYet},
		{"not there, with status 200", nil, phonetest.PBXFaults{AudioJSON: `{"error":{"code":"400","message":"WARNINGS.XAPI.FILE_NOT_FOUND"}}`}, phone.NotYet},
		{"not there", nil, phonetest.PBXFaults{AudioStatus: 404}, phone.NotYet},
		{"gone", nil, phonetest.PBXFaults{AudioStatus: 410}, phone.NotYet},
		{"another refusal", nil, phonetest.PBXFaults{AudioStatus: 400}, phone.Unexpected},
		{"server fails", nil, phonetest.PBXFaults{AudioStatus: 503}, phone.Transient},
		{"not allowed", nil, phonetest.PBXFaults{Role: phonetest.OrdinaryUser}, phone.Forbidden},
		{"a part", nil, phonetest.PBXFaults{AudioStatus: 206}, phone.BadContent},
		{"a page", nil, phonetest.PBXFaults{AudioHTML: true}, phone.BadContent},
		{"an answer in JSON", nil, phonetest.PBXFaults{AudioJSON: `{"Status":"ok"}`}, phone.BadContent},
		{"nothing", nil, phonetest.PBXFaults{AudioEmpty: true}, phone.BadContent},
		{"the connection breaks", nil, phonetest.PBXFaults{AudioTruncate: 100}, phone.BadContent}, // no Range
		{"the connection breaks, with Range", nil, phonetest.PBXFaults{AudioTruncate: 100, Ranges: true}, ""},
		{"the connection breaks after the token served", nil, phonetest.PBXFaults{AudioTruncate: 100, Ranges: true, TokenUses: 1}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			r := recording(5, hour)
			r.Audio = sound
			if tt.change != nil {
				tt.change(&r)
			}
			sim.Add(r)
			sim.Fail(tt.faults)
			audio, err := c.Audio(t.Context(), "5")
			if err == nil {
				defer audio.Body.Close()
				is.Equal(audio.ContentType, "audio/wav") // told by its bytes
				is.Equal(audio.Size, int64(len(sound)))
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

func TestAudioInAnArchive(t *testing.T) {
	for _, tt := range []struct {
		name     string
		archived bool
		faults   phonetest.PBXFaults
		want     bool
	}{
		{"archived", true, phonetest.PBXFaults{}, true},
		{"not written yet", false, phonetest.PBXFaults{AudioStatus: 404}, false},
		{"a role that may not ask", true, phonetest.PBXFaults{Role: phonetest.GroupManager}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			r := recording(5, hour)
			r.Archived = tt.archived
			sim.Add(r)
			sim.Fail(tt.faults)
			for range 3 {
				_, err := c.Audio(t.Context(), "5")
				e, ok := errors.AsType[*phone.Error](err)
				is.True(ok && e.Kind == phone.NotYet) // it may be brought back
				is.Equal(e.Archived, tt.want)
			}
			is.True(sim.Stats().Lists <= 1) // it is not asked for each time
		})
	}
}

func TestAudioOfOneThatIsNoID(t *testing.T) {
	for _, id := range []string{"", "../Defs", "7)/x", "+7", "007", "-1", "1e3"} {
		t.Run(id, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			_, err := c.Audio(t.Context(), id)
			is.Equal(phone.KindOf(err), phone.NotYet)
			is.Equal(sim.Stats().ClientSignIns, 0) // it was not even asked for
		})
	}
}

// FuzzAudio feeds anything as audio: what is handed over was told by its first
// bytes.
func FuzzAudio(f *testing.F) {
	for _, seed := range []string{"RIFF\x00\x00\x00\x00WAVEfmt ", "<html>", `{"error":{"message":"FILE_NOT_FOUND"}}`, "", "\xff\xfb\x90\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		audio, err := answering(t, string(body)).Audio(t.Context(), "7")
		if err != nil {
			if phone.KindOf(err) == "" {
				t.Errorf("%q gives an error without a kind: %v", body, err)
			}
			return
		}
		defer audio.Body.Close()
		got, err := io.ReadAll(audio.Body)
		if err != nil || string(got) != string(body) {
			t.Errorf("%q comes as %q, %v", body, got, err)
		}
		if _, ok := phone.Sniff(body[:min(len(body), phone.SniffLen)]); !ok {
			t.Errorf("%q was taken for audio", body)
		}
	})
}
