package web_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/web"
)

// speech is a stereo WAV file, 8 kHz: the left channel is loud, the right one
// silent.
func speech(seconds int) []byte {
	le := binary.LittleEndian
	n := seconds * 8000
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00")
	b = le.AppendUint32(b, 8000)
	b = le.AppendUint32(b, 32000)
	b = append(b, 4, 0, 16, 0)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(4*n))
	for i := range n {
		b = le.AppendUint16(b, uint16(int16(16384*math.Sin(float64(i)/3))))
		b = append(b, 0, 0)
	}
	return b
}

// heard makes a recording with audio and returns its path.
func (s *server) heard(t *testing.T, key, dataID string, change ...any) string {
	t.Helper()
	path := recordingsPath + "/" + s.bring(t, key, dataID, change...)
	if a := s.call(t, "PUT", path+"/audio", key, string(speech(2))); a.status != 200 {
		t.Fatalf("PUT audio: %d %s", a.status, a.body)
	}
	return path
}

func TestPutAudio(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := recordingsPath + "/" + s.bring(t, key, "crm-1", "duration", 99, "contentType", "audio/mpeg")
	a := s.call(t, "PUT", path+"/audio", key, string(speech(2)))
	is.Equal(a.status, 200)
	v := a.json(t)
	is.Equal(v["processingStatus"], "queued")
	is.Equal(v["hasAudio"], true)
	is.Equal(v["duration"], 2.0)            // the decoded audio's
	is.Equal(v["contentType"], "audio/wav") // what it is, not what it was said to be
	is.Equal(v["size"], float64(44+2*8000*4))
	is.Equal(v["audioUrl"], path+"/audio")
	is.Equal(s.call(t, "GET", path, key, nil).body, a.body) // as GET shows it

	jobs, err := s.JobCounts(t.Context())
	is.NoErr(err)
	is.Equal(jobs[app.JobTranscribe], 1) // the next stage is queued

	again := s.call(t, "PUT", path+"/audio", key, string(speech(3)))
	is.Equal(again.status, 409) // once
	is.Equal(again.json(t)["error"], "conflict")
	is.Equal(s.call(t, "GET", path+"/audio", key, nil).body, string(speech(2))) // the first stays
}

// TestPutCompressedAudio brings what is no WAV: it is kept byte for byte under its
// own type.
func TestPutCompressedAudio(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	for _, tt := range []struct{ file, kind, ending string }{
		{"8000-mono.mp3", "audio/mpeg", ".mp3"},
		{"stereo-celt.opus", "audio/ogg", ".ogg"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			is := is.New(t)
			body, err := os.ReadFile("../audio/testdata/" + tt.file)
			is.NoErr(err)
			path := recordingsPath + "/" + s.bring(t, key, tt.file)
			a := s.call(t, "PUT", path+"/audio", key, string(body))
			is.Equal(a.status, 200)
			v := a.json(t)
			is.Equal(v["processingStatus"], "queued")
			is.Equal(v["contentType"], tt.kind)
			is.Equal(v["duration"], 1.0) // 0.75 s
			is.Equal(v["size"], float64(len(body)))
			got := s.call(t, "GET", path+"/audio", key, nil)
			is.True(got.body == string(body)) // as it came
			is.Equal(got.header.Get("Content-Type"), tt.kind)
			is.True(strings.HasSuffix(got.header.Get("Content-Disposition"), tt.ending+`"`))
			is.Equal(s.call(t, "GET", path+"/waveform", key, nil).json(t)["duration"], 0.75)
		})
	}
}

// TestPutAudioOfAnotherKind brings sound that cannot be decoded on a machine
// without ffmpeg: it is kept, and the next stage says what is wrong.
func TestPutAudioOfAnotherKind(t *testing.T) {
	is := is.New(t)
	t.Setenv("PATH", "")
	s := newServer(t)
	key, cookie := s.Key(t), s.signedIn(t, s.Owner)
	flac, err := os.ReadFile("../audio/testdata/16000-mono.flac")
	is.NoErr(err)
	id := s.bring(t, key, "crm-1", "duration", 42)
	path := recordingsPath + "/" + id
	a := s.call(t, "PUT", path+"/audio", key, string(flac))
	is.Equal(a.status, 200)
	v := a.json(t)
	is.Equal(v["processingStatus"], "queued")
	is.Equal(v["contentType"], "audio/flac")
	is.Equal(v["duration"], 42.0)                                                                    // what was given: nothing was decoded
	is.True(s.call(t, "GET", path+"/audio", key, nil).body == string(flac))                          // as it came
	is.True(s.call(t, "GET", "/calls/"+id+"/audio", "", nil, "Cookie", cookie).body == string(flac)) // also to the player
	is.Equal(s.call(t, "GET", path+"/waveform", key, nil).status, 404)                               // of which there is none
	is.Equal(s.call(t, "GET", "/calls/"+id, "", nil, "Cookie", cookie).status, 200)                  // the call's page stands it
}

// TestUploadsAreLargeHoweverThePathIsWritten sends more than the limit of other
// bodies.
func TestUploadsAreLargeHoweverThePathIsWritten(t *testing.T) {
	for _, change := range []func(string) string{
		func(path string) string { return path + "/audio/" },
		func(path string) string { return path + "/audio//" },
		func(path string) string { return strings.Replace(path, "recordings", "Recordings", 1) + "/AUDIO" },
	} {
		is := is.New(t)
		s := newServer(t)
		key := s.Key(t)
		path := recordingsPath + "/" + s.bring(t, key, "crm-1")
		is.Equal(s.call(t, "PUT", change(path), key, string(speech(60))).status, 200) // 1.9 MB
	}
}

func TestPutAudioThatIsNone(t *testing.T) {
	s := newServer(t, func(o *web.Options) { o.MaxAudio = 100_000 })
	key := s.Key(t)
	path := recordingsPath + "/" + s.bring(t, key, "crm-1")
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
		code   string
	}{
		{"nothing", nil, 415, "unsupported_media_type"},
		{"a page", []byte("<!doctype html><title>Please log in</title>"), 415, "unsupported_media_type"},
		{"a tag of MP3 and nothing else", []byte("ID3\x04\x00\x00\x00\x00\x00\x00TIT2"), 415, "unsupported_media_type"},
		{"cut off", speech(2)[:20_000], 422, "validation_failed"},
		{"header alone", speech(0), 422, "validation_failed"},
		{"damaged", speech(1)[:30], 422, "validation_failed"},
		{"too large", speech(4), 413, "payload_too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "PUT", path+"/audio", key, string(tt.body))
			is.Equal(a.status, tt.status) // refused
			is.Equal(a.json(t)["error"], tt.code)
			v := s.call(t, "GET", path, key, nil).json(t)
			is.Equal(v["processingStatus"], "awaiting_audio") // the recording waits on
			is.Equal(v["hasAudio"], false)
			is.Equal(s.call(t, "GET", path+"/audio", key, nil).status, 404) // without audio
		})
	}
	is := is.New(t)
	is.Equal(s.call(t, "PUT", path+"/audio", key, string(speech(1))).status, 200) // and takes the right file afterwards
}

func TestAudioOfOthers(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1", "callcenterNumber", "1001")
	waiting := recordingsPath + "/" + s.bring(t, key, "crm-2")

	business, owner := s.OtherBusiness(t)
	_, secret, err := s.CreateKey(t.Context(), app.Key{Name: "other", OwnerID: owner.ID, BusinessID: business.ID, Scopes: app.Scopes{app.ManageAll}})
	is.NoErr(err)
	for _, other := range []string{secret.Reveal(), s.Key(t, app.ViewRecordingSelf, app.ManageCallRecording)} {
		for _, ask := range []struct{ method, path string }{
			{"GET", path + "/audio"}, {"GET", path + "/waveform"}, {"PUT", waiting + "/audio"}, {"PUT", path + "/audio"},
		} {
			a := s.call(t, ask.method, ask.path, other, nil)
			is.Equal(a.status, 404) // what is another's is not there
			is.Equal(a.json(t)["error"], "recording_not_found")
		}
	}
	is.Equal(s.call(t, "GET", path+"/audio", "", nil).status, 401)                                              // nobody listens without a key
	is.Equal(s.call(t, "GET", path+"/audio", s.Key(t, app.ViewNotifications), nil).status, 403)                 // nor with another scope
	is.Equal(s.call(t, "PUT", waiting+"/audio", s.Key(t, app.ViewRecordingAll), string(speech(1))).status, 403) // who listens does not bring
	is.Equal(s.call(t, "PUT", recordingsPath+"/no-such/audio", key, string(speech(1))).status, 404)
}

func TestGetAudio(t *testing.T) {
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1", "customerPhone", "081-234-5678") + "/audio"
	file := string(speech(2))
	size := len(file)
	etag := s.call(t, "GET", path, key, nil).header.Get("ETag")
	for _, tt := range []struct {
		name   string
		header []string
		status int
		want   string
		rng    string
	}{
		{"whole", nil, 200, file, ""},
		{"first bytes", []string{"Range", "bytes=0-99"}, 206, file[:100], fmt.Sprintf("bytes 0-99/%d", size)},
		{"one byte", []string{"Range", "bytes=7-7"}, 206, file[7:8], fmt.Sprintf("bytes 7-7/%d", size)},
		{"from the middle on", []string{"Range", "bytes=1000-"}, 206, file[1000:], fmt.Sprintf("bytes 1000-%d/%d", size-1, size)},
		{"all of it, as browsers ask", []string{"Range", "bytes=0-"}, 206, file, fmt.Sprintf("bytes 0-%d/%d", size-1, size)},
		{"last bytes", []string{"Range", "bytes=-50"}, 206, file[size-50:], fmt.Sprintf("bytes %d-%d/%d", size-50, size-1, size)},
		{"more last bytes than there are", []string{"Range", "bytes=-999999"}, 206, file, fmt.Sprintf("bytes 0-%d/%d", size-1, size)},
		{"beyond the end", []string{"Range", "bytes=100-999999"}, 206, file[100:], fmt.Sprintf("bytes 100-%d/%d", size-1, size)},
		{"across chunks of the encryption", []string{"Range", "bytes=63000-64043"}, 206, file[63000:64044], fmt.Sprintf("bytes 63000-64043/%d", size)},
		{"outside", []string{"Range", fmt.Sprintf("bytes=%d-", size)}, 416, "", fmt.Sprintf("bytes */%d", size)},
		{"the last no bytes", []string{"Range", "bytes=-0"}, 416, "", fmt.Sprintf("bytes */%d", size)},
		{"several ranges", []string{"Range", "bytes=0-1,5-6"}, 200, file, ""},
		{"the wrong way round", []string{"Range", "bytes=9-5"}, 200, file, ""},
		{"no range", []string{"Range", "bytes=x-y"}, 200, file, ""},
		{"another unit", []string{"Range", "seconds=0-1"}, 200, file, ""},
		{"of this version", []string{"Range", "bytes=0-9", "If-Range", etag}, 206, file[:10], fmt.Sprintf("bytes 0-9/%d", size)},
		{"of another version", []string{"Range", "bytes=0-9", "If-Range", `"old"`}, 200, file, ""},
		{"known already", []string{"If-None-Match", etag}, 304, "", ""},
		{"known among others", []string{"If-None-Match", `"old", W/` + etag}, 304, "", ""},
		{"another is known", []string{"If-None-Match", `"old"`}, 200, file, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			a := s.call(t, "GET", path, key, nil, tt.header...)
			is.Equal(a.status, tt.status)
			is.Equal(a.header.Get("Content-Range"), tt.rng)
			is.Equal(a.header.Get("ETag"), etag)
			is.Equal(a.header.Get("Accept-Ranges"), "bytes")
			if tt.status == 416 {
				is.True(strings.Contains(a.body, `"requestId"`)) // an error like any other
				return
			}
			is.True(a.body == tt.want) // these bytes
			if tt.status != 304 {
				is.Equal(a.header.Get("Content-Type"), "audio/wav")
				is.Equal(a.header.Get("Content-Disposition"), `inline; filename="20261116-130000-+66812345678.wav"`)
				is.Equal(a.header.Get("Content-Length"), fmt.Sprint(len(tt.want)))
			}
		})
	}
	is := is.New(t)
	is.True(len(etag) == 66 && etag[0] == '"') // the file's hash
	head := s.call(t, "HEAD", path, key, nil, "Range", "bytes=0-99")
	is.Equal(head.status, 206) // HEAD answers as GET does
	is.Equal(head.header.Get("Content-Length"), "100")
	is.Equal(head.body, "") // without the bytes
}

func TestWaveform(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	waiting := recordingsPath + "/" + s.bring(t, key, "crm-0")
	is.Equal(s.call(t, "GET", waiting+"/waveform", key, nil).json(t)["error"], "not_found") // not there before the audio is

	v := s.call(t, "GET", s.heard(t, key, "crm-1")+"/waveform", key, nil).json(t)
	is.Equal(v["duration"], 2.0)
	channels := v["channels"].([]any)
	is.Equal(len(channels), 2)
	left, right := channels[0].(map[string]any)["peaks"].([]any), channels[1].(map[string]any)["peaks"].([]any)
	is.Equal(len(left), 800)
	is.True(left[400].(float64) > 0.49 && left[400].(float64) <= 0.5) // as loud as it is
	is.Equal(right[400], 0.0)
	is.Equal(v["talk"], []any{map[string]any{"channel": 0.0, "ratio": 1.0}, map[string]any{"channel": 1.0, "ratio": 0.0}})
	is.Equal(v["silenceRatio"], 0.0)
}

func TestDeletedAudioIsGone(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := s.heard(t, key, "crm-1")
	is.Equal(s.call(t, "DELETE", path, key, nil).status, 204)
	is.Equal(s.call(t, "GET", path+"/audio", key, nil).status, 404)
	for name := range s.sounds.Names() {
		t.Errorf("the file %s is still there", name)
	}
}

func TestUploadsOverTheNetwork(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	addr := s.listen(t)
	put := func(path string, body io.Reader) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "PUT", "http://"+addr+path+"/audio", body)
		is.NoErr(err)
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := http.DefaultClient.Do(req)
		is.NoErr(err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		is.NoErr(err)
		return res.StatusCode, string(b)
	}
	known := recordingsPath + "/" + s.bring(t, key, "known length")
	status, _ := put(known, bytes.NewReader(speech(60)))
	is.Equal(status, 200) // with a length
	chunked := recordingsPath + "/" + s.bring(t, key, "chunked")
	status, _ = put(chunked, io.MultiReader(bytes.NewReader(speech(60))))
	is.Equal(status, 200) // and without
	is.True(s.call(t, "GET", chunked+"/audio", key, nil).body == string(speech(60)))
	status, body := put(chunked, bytes.NewReader(speech(60)))
	is.Equal(status, 409) // refused without reading all of it
	is.True(strings.Contains(body, "conflict"))
}

func TestUploadThatBreaksOff(t *testing.T) {
	live := speech(2)
	binary.LittleEndian.PutUint32(live[40:], 0xFFFFFFFF) // a header that says no length: any part of it is a readable file
	for _, tt := range []struct{ name, head, body string }{
		{"with a length", "Content-Length: 64044", string(live[:30_000])},
		{"within a chunk", "Transfer-Encoding: chunked", "fa00\r\n" + string(live[:30_000])},
		{"between chunks", "Transfer-Encoding: chunked", "7530\r\n" + string(live[:30_000]) + "\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			s := newServer(t)
			key := s.Key(t)
			path := recordingsPath + "/" + s.bring(t, key, "crm-1")
			conn, err := net.Dial("tcp", s.listen(t))
			is.NoErr(err)
			defer conn.Close()
			fmt.Fprintf(conn, "PUT %s/audio HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n\r\n%s", path, key, tt.head, tt.body)
			is.NoErr(conn.(*net.TCPConn).CloseWrite()) // the sender goes away
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			is.NoErr(err)
			res.Body.Close()
			is.Equal(res.StatusCode, 400) // half a call is none
			v := s.call(t, "GET", path, key, nil).json(t)
			is.Equal(v["processingStatus"], "awaiting_audio") // it can be sent again
			is.Equal(s.call(t, "PUT", path+"/audio", key, string(speech(2))).status, 200)
		})
	}
}

func TestTwoUploadsAtOnce(t *testing.T) {
	is := is.New(t)
	s := newServer(t)
	key := s.Key(t)
	path := recordingsPath + "/" + s.bring(t, key, "crm-1")
	statuses := make([]int, 6)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = s.call(t, "PUT", path+"/audio", key, string(speech(i+1))).status })
	}
	wg.Wait()
	count := map[int]int{}
	winner := -1
	for i, status := range statuses {
		count[status]++
		if status == 200 {
			winner = i
		}
	}
	is.Equal(count, map[int]int{200: 1, 409: 5})                                        // one is taken
	is.True(s.call(t, "GET", path+"/audio", key, nil).body == string(speech(winner+1))) // and it is that one's file that is kept
	is.Equal(s.call(t, "GET", path, key, nil).json(t)["duration"], float64(winner+1))   // and its length
}
