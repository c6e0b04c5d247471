package phonetest_test

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/matryer/is"

	"crk/app/phone/phonetest"
)

const window = "/orktrack/rest/recordings?range=custom&startdate=20261120_090000&enddate=20261120_095959&pagesize=2&page="

var nine = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func start(t *testing.T) (*phonetest.OrkTrack, string) {
	t.Helper()
	sim := phonetest.NewOrkTrack("nok", "pw")
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, srv.URL
}

// ask sends a request with the given Authorization header.
func ask(t *testing.T, method, url, authorization string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func signIn(t *testing.T, url string) string {
	t.Helper()
	status, body := ask(t, http.MethodPost, url+"/orktrack/rest/user/login", "Basic bm9rOnB3")
	var answer struct{ Accesstoken string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 {
		t.Fatalf("login: %d %v", status, err)
	}
	return answer.Accesstoken
}

func TestOrkTrackAnswersAsKnown(t *testing.T) {
	is := is.New(t)
	sim, url := start(t)
	for i := range 3 {
		sim.Add(phonetest.Recording{ID: int64(100 + i), StartedAt: nine.Add(time.Duration(i) * time.Minute), Duration: time.Minute, Audio: []byte("RIFF")})
	}
	status, _ := ask(t, http.MethodPost, url+"/orktrack/rest/user/login", "Basic bm9rOng=")
	is.Equal(status, 401) // a wrong password
	token := signIn(t, url)
	is.Equal(len(token), 36) // a GUID

	status, _ = ask(t, http.MethodGet, url+window+"1", "Bearer "+token)
	is.Equal(status, 401) // the token goes bare

	_, first := ask(t, http.MethodGet, url+window+"1", token)
	_, second := ask(t, http.MethodGet, url+window+"2", token)
	is.True(strings.Contains(first, `"id":102`) && strings.Contains(first, `"id":101`)) // newest first
	is.True(strings.Contains(first, `"timestamp":"2026-11-20 09:02:00"`))               // UTC without a mark
	is.True(strings.Contains(first, `"nextPageUri":"http`))                             // there is more
	is.True(strings.Contains(second, `"id":100`))
	is.True(strings.Contains(second, `"nextPageUri":null`)) // there is no more
	status, _ = ask(t, http.MethodGet, url+window+"3", token)
	is.Equal(status, 500) // past the end

	status, body := ask(t, http.MethodGet, url+"/orktrack/rest/mediastream/101", token)
	is.Equal(status, 200)
	is.Equal(body, "RIFF")
	status, _ = ask(t, http.MethodGet, url+"/orktrack/rest/mediastream/999", token)
	is.Equal(status, 404)
	_, _ = ask(t, http.MethodDelete, url+"/orktrack/rest/recordings", token)

	sim.EndSessions()
	status, _ = ask(t, http.MethodGet, url+"/orktrack/rest/keepalive", token)
	is.Equal(status, 401) // the session ended

	stats := sim.Stats()
	is.Equal(stats.Logins, 1)
	is.Equal(stats.LoginsRefused, 1)
	is.Equal(stats.BearerRefused, 1)
	is.Equal(stats.Lists, 3)
	is.Equal(stats.Downloads, map[int64]int{101: 1})
	is.Equal(stats.Unknown, []string{"DELETE /orktrack/rest/recordings"}) // what OrkTrack does not have is noted
}

func TestOrkTrackShowsWhatAnAccountMaySee(t *testing.T) {
	is := is.New(t)
	sim, url := start(t)
	now := nine.Add(time.Hour)
	sim.SetClock(func() time.Time { return now })
	sim.Add(
		phonetest.Recording{ID: 1, StartedAt: nine, Account: "somebody else"},
		phonetest.Recording{ID: 2, StartedAt: nine, VisibleFrom: now.Add(time.Minute)},
	)
	token := signIn(t, url)
	_, body := ask(t, http.MethodGet, url+window+"1", token)
	is.True(strings.Contains(body, `"objects":[]`)) // another's and a late row
	now = now.Add(time.Minute)
	_, body = ask(t, http.MethodGet, url+window+"1", token)
	is.True(strings.Contains(body, `"id":2`)) // the late row is there now
	status, _ := ask(t, http.MethodGet, url+"/orktrack/rest/mediastream/1", token)
	is.Equal(status, 404) // nor is another's heard
}

func TestSounds(t *testing.T) {
	for _, tt := range []struct {
		name     string
		encoding phonetest.Encoding
		silence  []byte
		bytes    int // a second of one channel
	}{
		{"PCM", phonetest.PCM, []byte{0, 0}, 16000},
		{"A-law", phonetest.ALaw, []byte{0xD5}, 8000},
		{"µ-law", phonetest.MuLaw, []byte{0xFF}, 8000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sound := phonetest.Sound{
				Encoding: tt.encoding, Channels: 2, Length: time.Second,
				Bursts: []phonetest.Burst{{Channel: 1, At: 500 * time.Millisecond, Until: time.Second, Hz: 440}},
			}
			file := sound.WAV()
			is.Equal(string(file[:4])+string(file[8:16]), "RIFFWAVEfmt ")
			is.Equal(int(binary.LittleEndian.Uint32(file[4:])), len(file)-8) // the length it tells
			is.Equal(phonetest.Encoding(binary.LittleEndian.Uint16(file[20:])), tt.encoding)
			is.Equal(int(binary.LittleEndian.Uint16(file[22:])), 2)
			data := file[46:]
			is.Equal(len(data), 2*tt.bytes)
			is.Equal(string(data[:len(tt.silence)]), string(tt.silence)) // silence, as G.711 writes it
			width := len(tt.silence)
			last := data[len(data)-200*width:]
			left, right := 0, 0 // samples that are not silent
			for i := 0; i < len(last); i += 2 * width {
				if string(last[i:i+width]) != string(tt.silence) {
					left++
				}
				if string(last[i+width:i+2*width]) != string(tt.silence) {
					right++
				}
			}
			is.Equal(left, 0)                           // the first channel stays silent
			is.True(right >= 95)                        // the second sounds
			is.Equal(string(sound.WAV()), string(file)) // the same again
		})
	}
}

func TestOrkTrackAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		status int // of the second of two lists
	}{
		{"in good health", phonetest.Faults{}, 200},
		{"never", phonetest.Faults{BurstRate: 0}, 200},
		{"always", phonetest.Faults{BurstRate: 1}, 500},
		{"always, in one word", phonetest.Faults{BurstFails: true}, 500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				is := is.New(t)
				sim := phonetest.NewOrkTrack("nok", "pw")
				serve := func(method, target, authorization string) *httptest.ResponseRecorder {
					w, r := httptest.NewRecorder(), httptest.NewRequest(method, target, nil)
					r.Header.Set("Authorization", authorization)
					sim.ServeHTTP(w, r)
					return w
				}
				var login struct{ Accesstoken string }
				is.NoErr(json.Unmarshal(serve("POST", "/orktrack/rest/user/login", "Basic bm9rOnB3").Body.Bytes(), &login))
				tt.faults.SlowList = time.Second
				sim.Fail(tt.faults)
				first := make(chan int, 1)
				go func() { first <- serve("GET", window+"1", login.Accesstoken).Code }()
				synctest.Wait()
				is.Equal(serve("GET", window+"1", login.Accesstoken).Code, tt.status)
				is.Equal(<-first, 200) // it was alone when it came
			})
		})
	}
}

func TestOrkTrackSaysThatItsLimitWasReached(t *testing.T) {
	is := is.New(t)
	sim, url := start(t)
	for i := range 3 {
		sim.Add(phonetest.Recording{ID: int64(100 + i), StartedAt: nine.Add(time.Duration(i) * time.Minute)})
	}
	token := signIn(t, url)
	for limit, cut := range map[string]bool{"0": false, "-1": false, "2": true, "3": false} {
		_, body := ask(t, http.MethodGet, url+window+"1&maxresults="+limit, token)
		is.Equal(strings.Contains(body, `"limitReached":true`), cut)
		is.Equal(strings.Contains(body, `"nextPageUri":null`), cut) // what was cut off has no page
	}
}
