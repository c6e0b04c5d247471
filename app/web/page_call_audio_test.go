package web_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
)

// signedIn returns the cookie of a user's session.
func (s *server) signedIn(t *testing.T, u app.User) string {
	t.Helper()
	_, token, err := s.CreateSession(t.Context(), app.Session{UserID: u.ID, BusinessID: s.Business.ID, IP: "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	return "crk_session=" + token.Reveal()
}

func TestPlayerGetsWhatBrowsersPlay(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key, cookie := s.Key(t), s.signedIn(t, s.Owner)
	gsm, err := os.ReadFile("../audio/testdata/speech-gsm.wav")
	is.NoErr(err)
	id := s.bring(t, key, "gsm")
	is.Equal(s.call(t, "PUT", recordingsPath+"/"+id+"/audio", key, string(gsm)).status, 200)

	played := s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie)
	is.Equal(played.status, 200)
	is.Equal(len(played.body), 44+2*16240)                                    // 16 bits for each frame
	is.Equal(binary.LittleEndian.Uint16([]byte(played.body[20:])), uint16(1)) // as PCM, which every browser plays
	part := s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie, "Range", "bytes=20000-20099")
	is.Equal(part.status, 206)
	is.True(part.body == played.body[20000:20100]) // it can be jumped about in
	saved := s.call(t, "GET", "/calls/"+id+"/audio?download=1", "", nil, "Cookie", cookie)
	is.True(saved.body == string(gsm)) // who saves it gets what came
	is.True(strings.HasPrefix(saved.header.Get("Content-Disposition"), "attachment;"))
	is.True(saved.header.Get("ETag") != played.header.Get("ETag"))                          // the two are not taken for one another
	is.True(s.call(t, "GET", recordingsPath+"/"+id+"/audio", key, nil).body == string(gsm)) // as does a program

	path := strings.TrimPrefix(s.heard(t, key, "pcm"), recordingsPath)
	is.True(s.call(t, "GET", "/calls"+path+"/audio", "", nil, "Cookie", cookie).body == string(speech(2))) // what browsers play is sent as it came
}

// TestPlayerSeeks has the player jump about in what was decoded for it.
func TestPlayerSeeks(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key, cookie := s.Key(t), s.signedIn(t, s.Owner)
	opus, err := os.ReadFile("../audio/testdata/mono-silk.opus")
	is.NoErr(err)
	id := s.bring(t, key, "opus")
	is.Equal(s.call(t, "PUT", recordingsPath+"/"+id+"/audio", key, string(opus)).status, 200)
	whole := s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie)
	etag := whole.header.Get("ETag")
	is.Equal(whole.header.Get("Content-Type"), "audio/wav") // Safari plays no Opus
	is.Equal(whole.header.Get("Content-Length"), fmt.Sprint(len(whole.body)))
	for _, tt := range []struct {
		wanted   string
		from, to int
	}{{"bytes=0-", 0, len(whole.body)}, {"bytes=71000-", 71000, len(whole.body)}, {"bytes=44-143", 44, 144}, {"bytes=-100", len(whole.body) - 100, len(whole.body)}} {
		part := s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie, "Range", tt.wanted, "If-Range", etag)
		is.Equal(part.status, 206)
		is.True(part.body == whole.body[tt.from:tt.to])
		is.Equal(part.header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", tt.from, tt.to-1, len(whole.body)))
	}
	is.Equal(s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie, "If-None-Match", etag).status, 304)
	is.Equal(s.call(t, "DELETE", recordingsPath+"/"+id, key, nil).status, 204)
	is.Equal(s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie).status, 404) // gone with the call
}

func TestPlayerIsForWhoMayListen(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	id := strings.TrimPrefix(s.heard(t, s.Key(t), "crm-1", "callcenterNumber", "1001"), recordingsPath+"/")
	agent := s.signedIn(t, s.User(t, "agent@example.com", app.Agent))
	is.Equal(s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", agent).status, 404) // an agent hears no other's calls
	is.True(s.call(t, "GET", "/calls/"+id+"/audio", "", nil).status != 200)                 // a stranger none
	waiting := s.bring(t, s.Key(t), "crm-2")
	is.Equal(s.call(t, "GET", "/calls/"+waiting+"/audio", "", nil, "Cookie", s.signedIn(t, s.Owner)).status, 404) // and there is none to hear yet
}
