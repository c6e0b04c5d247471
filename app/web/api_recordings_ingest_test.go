package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

const recordingsPath = "/api/v1/recordings"

// brought is what a CRM says of a call; members given by turns replace or, where
// nil, leave out.
func brought(dataID string, change ...any) map[string]any {
	m := map[string]any{"dataId": dataID, "callAt": "2026-11-16T13:00:00+07:00", "direction": "in"}
	for i := 0; i+1 < len(change); i += 2 {
		if change[i+1] == nil {
			delete(m, change[i].(string))
			continue
		}
		m[change[i].(string)] = change[i+1]
	}
	return m
}

// bring makes a recording that awaits its audio and returns its id.
func (s *server) bring(t *testing.T, key, dataID string, change ...any) string {
	t.Helper()
	a := s.call(t, "POST", recordingsPath, key, brought(dataID, change...))
	if a.status != 201 {
		t.Fatalf("POST /recordings: %d %s", a.status, a.body)
	}
	id, _ := a.json(t)["id"].(string)
	return id
}

func TestIngest(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	a := s.call(t, "POST", recordingsPath, key, brought("crm-1", "duration", 90.4, "customerPhone", "081-234-5678",
		"callcenterNumber", "1001", "callcenterName", "สมชาย", "tag", "other", "score", 55.5, "note", "VIP", "contentType", "audio/wav"))
	is.Equal(a.status, 201)
	v := a.json(t)
	id, _ := v["id"].(string)
	is.Equal(a.body, `{"id":"`+id+`","dataId":"crm-1","processingStatus":"awaiting_audio"}`) // and no more

	got := s.call(t, "GET", recordingsPath+"/"+id, key, nil).json(t)
	is.Equal(got["sourceProvider"], "upload")
	is.Equal(got["callAt"], "2026-11-16T06:00:00.000Z")
	is.Equal(got["duration"], 90.0) // whole seconds
	is.Equal(got["direction"], "in")
	is.Equal(got["customerPhone"], "081-234-5678")
	is.Equal(got["customerPhoneNormalized"], "+66812345678")
	is.Equal(got["callcenterNumber"], "1001")
	is.Equal(got["callcenterName"], "สมชาย")
	is.Equal(got["tag"], "other")
	is.Equal(got["score"], 55.5)
	is.Equal(got["note"], "VIP")
	is.Equal(got["hasAudio"], false)
	is.Equal(got["audioUrl"], nil)

	a = s.call(t, "POST", recordingsPath, key, brought("crm-1", "note", "very important"))
	is.Equal(a.status, 200) // the same dataId is the same recording
	is.Equal(a.json(t)["id"], id)
	got = s.call(t, "GET", recordingsPath+"/"+id, key, nil).json(t)
	is.Equal(got["note"], "very important") // what is given anew replaces
	is.Equal(got["tag"], "other")           // what is not given stays
	is.Equal(s.call(t, "GET", recordingsPath, key, nil).json(t)["total"], 1.0)
}

func TestIngestChecksEveryField(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	for _, tt := range []struct {
		name  string
		body  any
		field string
	}{
		{"no dataId", brought("x", "dataId", nil), "dataId"},
		{"blank dataId", brought("  "), "dataId"},
		{"long dataId", brought(strings.Repeat("ก", 201)), "dataId"},
		{"dataId of another type", brought("x", "dataId", 5), "dataId"},
		{"no callAt", brought("x", "callAt", nil), "callAt"},
		{"callAt without offset", brought("x", "callAt", "2026-11-16T13:00:00"), "callAt"},
		{"callAt a date", brought("x", "callAt", "2026-11-16"), "callAt"},
		{"callAt that was never set", brought("x", "callAt", "0001-01-01T00:00:00Z"), "callAt"},
		{"no direction", brought("x", "direction", nil), "direction"},
		{"unknown direction", brought("x", "direction", "inbound"), "direction"},
		{"negative duration", brought("x", "duration", -1), "duration"},
		{"duration in milliseconds", brought("x", "duration", 90_000_000), "duration"},
		{"duration as text", brought("x", "duration", "90"), "duration"},
		{"score over 100", brought("x", "score", 101), "score"},
		{"score below 0", brought("x", "score", -0.5), "score"},
		{"unknown tag", brought("x", "tag", "angry"), "tag"},
		{"long note", brought("x", "note", strings.Repeat("x", 10_001)), "note"},
		{"long phone", brought("x", "customerPhone", strings.Repeat("1", 65)), "customerPhone"},
		{"long number", brought("x", "callcenterNumber", strings.Repeat("1", 65)), "callcenterNumber"},
		{"long name", brought("x", "callcenterName", strings.Repeat("x", 201)), "callcenterName"},
		{"content type of no sound", brought("x", "contentType", "text/html"), "contentType"},
		{"content type that is none", brought("x", "contentType", "audio"), "contentType"},
		{"flag as text", brought("x", "audioPresignedUploadUrl", "true"), "audioPresignedUploadUrl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "POST", recordingsPath, key, tt.body)
			is.Equal(a.status, 422) // refused
			v := a.json(t)
			is.Equal(v["error"], "validation_failed")
			details, _ := v["details"].([]any)
			is.Equal(len(details), 1)
			is.Equal(details[0].(map[string]any)["field"], tt.field) // for that field alone
		})
	}
	is := is.New(t)
	is.Equal(len(s.call(t, "POST", recordingsPath, key, `{}`).json(t)["details"].([]any)), 3) // everything that is missing is said at once
	is.Equal(s.call(t, "POST", recordingsPath, key, `{`).status, 400)
	is.Equal(s.call(t, "GET", recordingsPath, key, nil).json(t)["total"], 0.0) // nothing was made
}

func TestIngestTakesWhatIsAtTheEdge(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	s.bring(t, key, strings.Repeat("ก", 200), "score", 0, "duration", 0, "tag", "", "customerPhone", "", "unknownField", map[string]any{"a": 1})
	s.bring(t, key, "second", "score", 100, "callAt", "2026-11-16T06:00:00.123Z", "contentType", "audio/mpeg; rate=8000")
	is.Equal(s.call(t, "GET", recordingsPath, key, nil).json(t)["total"], 2.0)
}

func TestIngestOnce(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	first := s.call(t, "POST", recordingsPath, key, brought("crm-1"), "Idempotency-Key", "k1")
	again := s.call(t, "POST", recordingsPath, key, brought("crm-1"), "Idempotency-Key", "k1")
	is.Equal(again.status, 201) // the first answer again
	is.Equal(again.body, first.body)
	is.Equal(again.header.Get("Idempotency-Replayed"), "true")
}

func TestUploadURL(t *testing.T) {
	is := is.New(t)
	s := newServer(t, func(o *web.Options) { o.BaseURL = "https://calls.example.com" })
	a := s.call(t, "POST", recordingsPath, s.Key(t), brought("crm-1", "audioPresignedUploadUrl", true)).json(t)
	is.Equal(a["audioUploadExpiresInSec"], 900.0)
	url, _ := a["audioUploadUrl"].(string)
	is.True(strings.HasPrefix(url, "https://calls.example.com/api/v1/uploads/")) // where people reach the appliance
	path := strings.TrimPrefix(url, "https://calls.example.com")

	is.Equal(s.call(t, "PUT", path, "", "<html>").status, 415) // what is no sound does not use it up
	up := s.call(t, "PUT", path, "", string(speech(2)))
	is.Equal(up.status, 200)                                                                                                                // it takes the bytes with no key
	is.Equal(up.body, `{"id":"`+a["id"].(string)+`","dataId":"crm-1","processingStatus":"queued"}`)                                         // and tells nothing of the call
	is.Equal(s.call(t, "PUT", path, "", string(speech(2))).status, 409)                                                                     // it is good for one object
	is.Equal(s.call(t, "PUT", path+"x", "", string(speech(2))).status, 404)                                                                 // another is no URL
	is.Equal(s.call(t, "GET", path, "", nil).status, 405)                                                                                   // nothing is read by it
	is.Equal(s.call(t, "POST", recordingsPath, s.Key(t), brought("crm-1", "audioPresignedUploadUrl", true)).json(t)["audioUploadUrl"], nil) // and there is no other once the audio is here
	is.True(!strings.Contains(s.log.String(), strings.TrimPrefix(path, "/api/v1/uploads/")))                                                // the log never has it
}

func TestUploadURLExpires(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "POST", recordingsPath, s.Key(t), brought("crm-1", "audioPresignedUploadUrl", true)).json(t)
	path := strings.TrimPrefix(a["audioUploadUrl"].(string), "http://example.com")
	s.Clock.Advance(15 * time.Minute)
	late := s.call(t, "PUT", path, "", string(speech(2)))
	is.Equal(late.status, 404) // after fifteen minutes it is nothing
	is.Equal(late.json(t)["error"], "not_found")
}

func TestIngestScopes(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	a := s.call(t, "POST", recordingsPath, s.Key(t, app.ViewRecordingAll), brought("crm-1"))
	is.Equal(a.status, 403) // reading is not writing
	is.Equal(a.json(t)["error"], "insufficient_scope")

	bringer := s.Key(t, app.ManageCallRecording)
	id := s.bring(t, bringer, "crm-1")
	is.Equal(s.call(t, "POST", recordingsPath, bringer, brought("crm-1")).status, 200) // a key that only brings calls can do so again
	is.Equal(s.call(t, "GET", recordingsPath+"/"+id, bringer, nil).status, 403)        // but sees none
	up := s.call(t, "PUT", recordingsPath+"/"+id+"/audio", bringer, string(speech(2)))
	is.Equal(up.status, 200)                                                          // it brings the audio too
	is.Equal(up.body, `{"id":"`+id+`","dataId":"crm-1","processingStatus":"queued"}`) // and is told no more than it said

	limited := s.Key(t, app.ManageCallRecording, app.ViewRecordingSelf) // of an owner without agents
	s.bring(t, s.Key(t), "crm-2", "callcenterNumber", "1001")
	is.Equal(s.call(t, "POST", recordingsPath, limited, brought("crm-2")).status, 409) // what is not seen is not changed
}
