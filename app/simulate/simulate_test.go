package simulate_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/audio"
	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/threecx"
	"crk/app/simulate"
)

// A page is what a simulator prints; it can be read while it is written.
type page struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

var baseURL = regexp.MustCompile(`Base URL  (\S+)`)

// start runs a simulator until the test ends, and returns its address.
func start(t *testing.T, args ...string) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, ended := &page{}, make(chan error, 1)
	go func() { ended <- simulate.Run(ctx, out, append(args, "--listen", "127.0.0.1:0")) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("simulate:", err)
		}
	})
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(10 * time.Second); ; {
		if m := baseURL.FindStringSubmatch(out.String()); m != nil {
			return m[1]
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("it does not start:", out.String())
		}
	}
}

func count(t *testing.T, s phone.Source, days int) (calls []phone.Call) {
	t.Helper()
	now := time.Now()
	for c, err := range s.Calls(t.Context(), now.AddDate(0, 0, -days), now.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
	return calls
}

func TestASimulatedOrkTrack(t *testing.T) {
	is := is.New(t)
	url := start(t, "dtac", "--calls", "30", "--days", "3", "--seconds", "2", "--every", "0", "--faults", "token_uses=3,invalid_token_style=200json, random_order")
	s, err := dtac.New(dtac.Config{BaseURL: url, Username: "apiuser", Password: "simulated", PageSize: 7}, http.DefaultClient)
	is.NoErr(err)
	calls := count(t, s, 4)
	is.Equal(len(calls), 30) // every call, whatever is wrong
	a, err := s.Audio(t.Context(), calls[0].ID)
	is.NoErr(err)
	is.NoErr(a.Body.Close())
	is.Equal(a.ContentType, "audio/wav")
}

func TestASimulated3CX(t *testing.T) {
	is := is.New(t)
	url := start(t, "threecx", "--calls", "30", "--days", "3", "--every", "0", "--codec", "pcm", "--stereo", "--faults", "role=group_manager,single_token=true")
	s, err := threecx.New(threecx.Config{BaseURL: url, Username: "apiuser", Password: "simulated"}, http.DefaultClient)
	is.NoErr(err)
	is.Equal(len(count(t, s, 4)), 30)
}

func TestA3CXThatIsInABadWay(t *testing.T) {
	is := is.New(t)
	url := start(t, "threecx", "--calls", "30", "--days", "3", "--every", "0",
		"--faults", "archived,recording_stopped,quota_reached,version=20.0.8.1109,nextlink=always,id_reset=3,single_token=false")
	s, err := threecx.New(threecx.Config{BaseURL: url, Username: "apiuser", Password: "simulated"}, http.DefaultClient)
	is.NoErr(err)
	calls := count(t, s, 4) // two lists: a page, and the end
	is.Equal(len(calls), 30)
	_, err = s.Audio(t.Context(), calls[0].ID)
	is.Equal(phone.KindOf(err), phone.NotYet)
	warnings, err := s.Warnings(t.Context())
	is.NoErr(err)
	is.Equal(warnings, phone.Warnings())
	is.Equal(len(count(t, s, 4)), 0) // it was set up anew
	resp, err := http.Get(url)       //nolint:noctx // a test's own server
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	is.Equal(resp.Header.Get("X-3CX-Version"), "20.0.8.1109")
}

func TestNewCallsComeBythemselves(t *testing.T) {
	is := is.New(t)
	url := start(t, "dtac", "--calls", "0", "--every", "1ms", "--seconds", "1")
	s, err := dtac.New(dtac.Config{BaseURL: url, Username: "apiuser", Password: "simulated"}, http.DefaultClient)
	is.NoErr(err)
	late := time.Now().Add(10 * time.Second)
	for len(count(t, s, 1)) == 0 {
		is.True(time.Now().Before(late)) // it comes
	}
}

func TestWhatCannotBeSimulated(t *testing.T) {
	for _, tt := range []struct{ args, says string }{
		{"", "dtac or threecx"},
		{"avaya", "dtac or threecx"},
		{"dtac --codec opus", "--codec opus"},
		{"dtac --codec mp3 --stereo", "one channel"},
		{"dtac --faults burst_500_rate=2", "burst_500_rate=0.5"},
		{"dtac --faults burst_500_rate=NaN", "burst_500_rate=0.5"},
		{"dtac --faults nonsense", `no fault "nonsense"`},
		{"dtac --faults slow_list", "slow_list=5s"},
		{"dtac --faults burst_500=1", "write the fault as burst_500"},
		{"dtac --faults slow_list=often", "slow_list"},
		{"threecx --faults role=king", "role"},
		{"dtac more", `"more"`},
		{"dtac --calls many", "many"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			is := is.New(t)
			err := simulate.Run(t.Context(), &page{}, strings.Fields(tt.args))
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), tt.says)) // what to write instead
		})
	}
}

func TestTheFaultsAreListed(t *testing.T) {
	is := is.New(t)
	for kind, faults := range map[string][]string{
		"dtac":    {"empty_page1_500", "burst_500_rate=", "insert_during_paging=", "second_account_scope=", "no_next_uri", "bare_array"},
		"threecx": {"expires_minutes"},
	} {
		out := &page{}
		is.NoErr(simulate.Run(t.Context(), out, []string{kind, "--faults", "help"}))
		for _, fault := range faults {
			is.True(strings.Contains(out.String(), fault))
		}
	}
}

func TestEveryCodecIsOneThatTheProductReads(t *testing.T) {
	for _, tt := range []struct{ kind, codec, contentType string }{
		{"dtac", "ulaw", "audio/wav"}, {"dtac", "alaw", "audio/wav"}, {"dtac", "pcm", "audio/wav"},
		{"dtac", "gsm", "audio/wav"}, {"dtac", "mp3", "audio/mpeg"}, {"threecx", "mp3", "audio/mpeg"},
	} {
		t.Run(tt.kind+" "+tt.codec, func(t *testing.T) {
			is := is.New(t)
			url := start(t, tt.kind, "--codec", tt.codec, "--calls", "1", "--days", "1", "--seconds", "21", "--every", "0")
			s, err := open(tt.kind, url, "apiuser")
			is.NoErr(err)
			a, err := s.Audio(t.Context(), count(t, s, 2)[0].ID)
			is.NoErr(err)
			defer a.Body.Close()
			is.Equal(a.ContentType, tt.contentType)
			file, err := io.ReadAll(a.Body)
			is.NoErr(err)
			d, err := audio.NewDecoder(bytes.NewReader(file))
			is.NoErr(err)
			stats, err := audio.Measure(t.Context(), d)
			is.NoErr(err)                                                 // it is whole
			is.True(math.Abs(stats.Duration-21) <= 0.1)                   // as long as the call
			is.True(stats.SilenceRatio > 0.2 && stats.SilenceRatio < 0.8) // with talk and silence
		})
	}
}

// open returns a client for a simulator.
func open(kind, url, user string) (phone.Source, error) {
	if kind == "dtac" {
		return dtac.New(dtac.Config{BaseURL: url, Username: user, Password: "simulated", PageSize: 4}, http.DefaultClient)
	}
	return threecx.New(threecx.Config{BaseURL: url, Username: user, Password: "simulated"}, http.DefaultClient)
}

func TestASecondUserHasCallsOfItsOwn(t *testing.T) {
	is := is.New(t)
	url := start(t, "dtac", "--calls", "10", "--days", "2", "--every", "0", "--faults", "second_account_scope=other")
	seen := map[string]bool{}
	for _, user := range []string{"apiuser", "other"} {
		s, err := open("dtac", url, user)
		is.NoErr(err)
		calls := count(t, s, 3)
		is.Equal(len(calls), 5) // half of them
		for _, c := range calls {
			is.True(!seen[c.ID]) // and no other's
			seen[c.ID] = true
		}
		_, err = s.Audio(t.Context(), "1001")
		is.Equal(err == nil, user == "other") // nor does it hear those
	}
}

func TestCallsThatComeWhilePagesAreRead(t *testing.T) {
	is := is.New(t)
	url := start(t, "dtac", "--calls", "20", "--days", "2", "--every", "0", "--faults", "insert_during_paging=2")
	s, err := open("dtac", url, "apiuser")
	is.NoErr(err)
	first := map[string]bool{}
	for _, c := range count(t, s, 3) {
		is.True(!first[c.ID]) // each once
		first[c.ID] = true
	}
	is.True(len(first) >= 20)                 // none was lost for it
	is.True(len(count(t, s, 3)) > len(first)) // and more are there now
}

func TestNumbersThatNoSimulatorCanGoBy(t *testing.T) {
	for _, tt := range []struct{ args, says string }{
		{"--calls -3", "--calls -3: it is 0 to"},
		{"--calls 2000000", "--calls 2000000: it is 0 to"},
		{"--days 0", "--days 0: it is 1 to"},
		{"--seconds -1", "--seconds -1: it is 1 to"},
		{"--every -1s", "--every -1s: it is 0"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			is := is.New(t)
			err := simulate.Run(t.Context(), io.Discard, append([]string{"dtac"}, strings.Fields(tt.args)...))
			is.True(err != nil && strings.Contains(err.Error(), tt.says)) // the flag, and what it takes
		})
	}
	is := is.New(t)
	out := &page{}
	is.NoErr(simulate.Run(t.Context(), out, []string{"threecx", "--faults", "help"}))
	is.True(strings.Contains(out.String(), "1000 with the same password")) // who signs in with a second factor
}
