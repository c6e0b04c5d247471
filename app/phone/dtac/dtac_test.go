package dtac_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/contract"
	"crk/app/phone/dtac"
	"crk/app/phone/phonetest"
)

const (
	user     = "+66812345678"
	password = "s3cret-p4ss"
)

// hour is the window that the tests list, and now the time they stand at.
var (
	hour = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	now  = hour.Add(50 * time.Hour)
)

// start serves a simulator and returns a client for it that never pauses. For both
// it is now.
func start(t *testing.T, cfg dtac.Config) (*phonetest.OrkTrack, *dtac.Client) {
	t.Helper()
	clock := func() time.Time { return now }
	sim, client := startLive(t, cfg, dtac.WithClock(clock))
	sim.SetClock(clock)
	return sim, client
}

// startLive is start at the time that it really is.
func startLive(t *testing.T, cfg dtac.Config, options ...dtac.Option) (*phonetest.OrkTrack, *dtac.Client) {
	t.Helper()
	sim := phonetest.NewOrkTrack(user, password)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	cfg.BaseURL, cfg.Username = srv.URL, user
	if cfg.Password == "" {
		cfg.Password = password
	}
	client, err := dtac.New(cfg, srv.Client(), append(options, dtac.WithSleep(noSleep))...)
	if err != nil {
		t.Fatal(err)
	}
	return sim, client
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func TestContract(t *testing.T) {
	contract.Run(t, func(t *testing.T, calls []contract.Fixture) contract.System {
		sim, client := startLive(t, dtac.Config{})
		for _, f := range calls {
			id, err := strconv.ParseInt(f.Call.ID, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			first, last, _ := strings.Cut(f.Call.AgentName, " ")
			sim.Add(phonetest.Recording{
				ID: id, StartedAt: f.Call.StartedAt, Duration: f.Call.Duration, Audio: f.Audio,
				LocalParty: f.Call.AgentNumber, RemoteParty: f.Call.CustomerPhone,
				Direction: strings.ToUpper(string(f.Call.Direction)), FirstName: first, LastName: last,
			})
		}
		return contract.System{Source: client, Refuse: func() {
			sim.AddAccount(user, "another")
			sim.EndSessions()
		}, Odd: func() []string { return sim.Stats().Unknown }, Secrets: []string{user, password}}
	})
}

// fill adds n calls, one in each second of the hour, with ids from 1.
func fill(sim *phonetest.OrkTrack, n int) {
	for i := range n {
		sim.Add(recording(int64(i+1), hour.Add(time.Duration(i)*time.Second)))
	}
}

func recording(id int64, at time.Time) phonetest.Recording {
	return phonetest.Recording{ID: id, StartedAt: at, Duration: 30 * time.Second, LocalParty: user, RemoteParty: "0899998888", Direction: "IN"}
}

// list walks the hour.
func list(t *testing.T, c *dtac.Client) (got map[string]int, rows int, err error) {
	t.Helper()
	got = map[string]int{}
	for call, e := range c.Calls(t.Context(), hour, hour.Add(time.Hour)) {
		if _, ok := errors.AsType[*phone.RowError](e); ok {
			rows++
			continue
		}
		if e != nil {
			return got, rows, e
		}
		got[call.ID]++
	}
	return got, rows, nil
}

func TestCallsArriveOnceWhateverTheServerDoes(t *testing.T) {
	late := recording(900, hour.Add(50*time.Minute))
	for _, tt := range []struct {
		name   string
		calls  int
		cfg    dtac.Config
		faults phonetest.Faults
		want   int
		logins int
	}{
		{"nothing wrong", 25, dtac.Config{PageSize: 10}, phonetest.Faults{}, 25, 1},
		{"the last page is exactly full", 20, dtac.Config{PageSize: 10}, phonetest.Faults{}, 20, 1},
		{"a next page is named though there is none", 25, dtac.Config{PageSize: 10}, phonetest.Faults{AlwaysNext: true}, 25, 1},
		{"rows move on while pages are read", 25, dtac.Config{PageSize: 10}, phonetest.Faults{InsertAtPage: 2, Insert: []phonetest.Recording{late}}, 25, 1},
		{"order of its own", 25, dtac.Config{PageSize: 10}, phonetest.Faults{RandomOrder: true}, 25, 1},
		{"three failures in a row", 25, dtac.Config{PageSize: 10}, phonetest.Faults{FailLists: 3}, 25, 1},
		{"the server gives fewer a page than asked", 25, dtac.Config{PageSize: 10}, phonetest.Faults{PageLimit: 4}, 25, 1},
		{"addresses name an inner host", 25, dtac.Config{PageSize: 10}, phonetest.Faults{NextURIHost: "internal.invalid"}, 25, 1},
		{"a token is good for two requests", 25, dtac.Config{PageSize: 5}, phonetest.Faults{TokenUses: 2}, 25, 3},
		{"and its end is a 403", 25, dtac.Config{PageSize: 5}, phonetest.Faults{TokenUses: 2, InvalidToken: phonetest.TokenForbidden}, 25, 3},
		{"or a 200 with an error", 25, dtac.Config{PageSize: 5}, phonetest.Faults{TokenUses: 2, InvalidToken: phonetest.TokenErrorJSON}, 25, 3},
		{"the ends of a window are not in it", 25, dtac.Config{PageSize: 10}, phonetest.Faults{ExclusiveEnds: true}, 25, 1},
		{"a zone of its own", 25, dtac.Config{PageSize: 10, TimeZone: "Asia/Bangkok"}, phonetest.Faults{Zone: bangkok(t)}, 25, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, tt.cfg)
			fill(sim, tt.calls)
			sim.Fail(tt.faults)
			got, _, err := list(t, client)
			is.NoErr(err)                // the window was read
			delete(got, "900")           // may or may not be seen in this walk
			is.Equal(len(got), tt.want)  // every call came
			for id, times := range got { // and once
				is.Equal(times, 1)
				is.True(id != "")
			}
			stats := sim.Stats()
			is.Equal(stats.Logins, tt.logins) // no more sign-ins than tokens that ended
			is.Equal(stats.BearerRefused, 0)  // tokens go bare
			is.Equal(len(stats.Unknown), 0)   // nothing else is asked for
			is.Equal(stats.MostAtOnce, 1)     // one request at a time
		})
	}
}

func bangkok(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Bangkok")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func TestListFailures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
		kind   phone.Kind
		lists  int
	}{
		{"keeps failing", phonetest.Faults{FailLists: 1000}, phone.Transient, 9}, // 4 tries, then 5 wider windows
		{"is down", phonetest.Faults{ListStatus: 503}, phone.Transient, 4},       // no wider window helps
		{"asked too often", phonetest.Faults{ListStatus: 429}, phone.Transient, 1},
		{"no OrkTrack there", phonetest.Faults{ListStatus: 404}, phone.Unexpected, 1},
		{"not allowed", phonetest.Faults{ListStatus: 403}, phone.Forbidden, 2},
		{"a page for browsers", phonetest.Faults{ListHTML: true}, phone.Unexpected, 1},
		{"the list was cut", phonetest.Faults{LimitRows: 3}, phone.TooMany, 1},
		{"a redirect", phonetest.Faults{RedirectTo: "http://elsewhere.invalid/"}, phone.Unexpected, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			fill(sim, 5)
			sim.Fail(tt.faults)
			_, _, err := list(t, client)
			is.Equal(phone.KindOf(err), tt.kind)  // the kind says what to do
			is.Equal(sim.Stats().Lists, tt.lists) // and no request was wasted
		})
	}
}

func TestWindowWithoutCallsThatFails(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   time.Duration // of the one call, from the window's start
	}{
		{"a call two hours before", -2 * time.Hour},
		{"a call six days before", -6 * 24 * time.Hour},
		{"no call for weeks, but one since", 40 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			sim.Add(recording(1, hour.Add(tt.at)))
			sim.Fail(phonetest.Faults{EmptyFails: true})
			got, _, err := list(t, client)
			is.NoErr(err)         // a wider window shows that OrkTrack can be read
			is.Equal(len(got), 0) // and nothing outside the window asked for comes
		})
	}
	t.Run("nothing can be read", func(t *testing.T) {
		is := is.New(t)
		sim, client := start(t, dtac.Config{})
		sim.Fail(phonetest.Faults{EmptyFails: true})
		_, _, err := list(t, client)
		is.Equal(phone.KindOf(err), phone.Transient) // no sign of life is no empty window
	})
}

func TestEndlessPages(t *testing.T) {
	is := is.New(t)
	row := `{"id":7,"timestamp":"2026-11-20 09:00:00","duration":1}`
	srv := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"objects":[`+row+`],"nextPageUri":"x","pageSize":1}`)
	})
	got, _, err := list(t, srv)
	is.Equal(got["7"], 1)                         // the row came
	is.Equal(phone.KindOf(err), phone.Unexpected) // a server that turns in circles is left
}

// serve returns a client for a server that grants every login and answers all else
// by answer.
func serve(t *testing.T, answer http.HandlerFunc) *dtac.Client {
	t.Helper()
	return serveWith(t, dtac.Config{}, answer)
}

// serveWith is serve for a client with other settings.
func serveWith(t *testing.T, cfg dtac.Config, answer http.HandlerFunc) *dtac.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, `{"accesstoken":"a1b2c3d4-0000"}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	cfg.BaseURL, cfg.Username, cfg.Password = srv.URL, user, password
	client, err := dtac.New(cfg, srv.Client(), dtac.WithSleep(noSleep))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestOddRowsDoNotHideTheOthers(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{})
	fill(sim, 3)
	sim.Fail(phonetest.Faults{BadRows: 2})
	got, bad, err := list(t, client)
	is.NoErr(err)
	is.Equal(len(got), 3) // the rows that can be read
	is.Equal(bad, 2)      // the others are told one by one

	sim.Fail(phonetest.Faults{BadRows: 2})
	sim.Remove(1)
	sim.Remove(2)
	sim.Remove(3)
	_, _, err = list(t, client)
	is.Equal(phone.KindOf(err), phone.Unexpected) // none can be read: not the rows are odd
}

func TestFilters(t *testing.T) {
	is := is.New(t)
	sim, client := start(t, dtac.Config{MinDurationSec: 20, LocalPartyAllow: []string{"0812345678"}})
	short, other := recording(2, hour), recording(3, hour)
	short.Duration = 19 * time.Second
	other.LocalParty = "+66822222222"
	sim.Add(recording(1, hour), short, other)
	skips := map[string]string{}
	for call, err := range client.Calls(t.Context(), hour, hour.Add(time.Hour)) {
		is.NoErr(err)
		skips[call.ID] = call.Skip
	}
	is.Equal(skips, map[string]string{"1": "", "2": phone.SkipShort, "3": phone.SkipLine}) // all come, each with its reason
}

func TestSecretsStayIn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.Faults
	}{
		{"login refused", phonetest.Faults{LoginStatus: 401}},
		{"login fails", phonetest.Faults{LoginStatus: 500}},
		{"list fails", phonetest.Faults{ListStatus: 500}},
		{"redirect", phonetest.Faults{RedirectTo: "http://u:" + password + "@elsewhere.invalid/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, client := start(t, dtac.Config{})
			sim.Fail(tt.faults)
			_, _, err := list(t, client)
			is.True(err != nil)
			is.True(!strings.Contains(err.Error(), password))  // no password
			is.True(!strings.Contains(err.Error(), "http://")) // no URL
			is.True(!strings.Contains(err.Error(), user))      // no user name
		})
	}
}

func TestUnreachable(t *testing.T) {
	is := is.New(t)
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	client, err := dtac.New(dtac.Config{BaseURL: srv.URL, Username: user, Password: password}, srv.Client())
	is.NoErr(err)
	_, _, err = list(t, client)
	is.Equal(phone.KindOf(err), phone.Unreachable)
	is.True(!strings.Contains(err.Error(), "/orktrack")) // the URL is left out

	tls := httptest.NewUnstartedServer(phonetest.NewOrkTrack(user, password))
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is meant
	tls.StartTLS()
	t.Cleanup(tls.Close)
	client, err = dtac.New(dtac.Config{BaseURL: tls.URL, Username: user, Password: password}, srv.Client())
	is.NoErr(err)
	_, _, err = list(t, client)
	is.Equal(phone.KindOf(err), phone.TLS) // a certificate nobody vouches for

	client, err = dtac.New(dtac.Config{BaseURL: strings.Replace(serveURL(t), "http:", "https:", 1), Username: user, Password: password}, srv.Client())
	is.NoErr(err)
	_, _, err = list(t, client)
	is.Equal(phone.KindOf(err), phone.TLS) // no encryption where it was asked for
}

func serveURL(t *testing.T) string {
	t.Helper()
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	return srv.URL
}
