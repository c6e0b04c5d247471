package threecx_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

const (
	client   = "crk-reader"
	password = "s3cret-k3y"
	user     = "116"
)

// hour is the window that the tests list, and now the time they stand at.
var (
	hour = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	now  = hour.Add(50 * time.Hour)
)

// start serves a simulator and returns a client for it that never pauses. For both
// it is now. The simulator knows an API client, who is meant where cfg names
// nobody.
func start(t *testing.T, cfg threecx.Config) (*phonetest.ThreeCX, *threecx.Client) {
	t.Helper()
	clock := func() time.Time { return now }
	sim, c := startLive(t, cfg, threecx.WithClock(clock))
	sim.SetClock(clock)
	return sim, c
}

// startLive is start at the time that it really is.
func startLive(t *testing.T, cfg threecx.Config, options ...threecx.Option) (*phonetest.ThreeCX, *threecx.Client) {
	t.Helper()
	sim := phonetest.NewThreeCX()
	sim.AddClient(client, password)
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	cfg.BaseURL = srv.URL
	if cfg.Username == "" {
		cfg.Username = client
	}
	if cfg.Password == "" {
		cfg.Password = password
	}
	c, err := threecx.New(cfg, srv.Client(), append(options, threecx.WithSleep(noSleep))...)
	if err != nil {
		t.Fatal(err)
	}
	return sim, c
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// TestContract holds both ways of listing to the contract: the list of recordings,
// and the call log where that is all one may read.
func TestContract(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
	}{
		{"list", phonetest.PBXFaults{}},
		{"call log", phonetest.PBXFaults{Role: phonetest.GroupManager}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			phonetest.Run(t, func(t *testing.T, calls []phonetest.Fixture) phonetest.System {
				sim, c := startLive(t, threecx.Config{})
				sim.Fail(tt.faults)
				for _, f := range calls {
					sim.Add(simulated(t, f))
				}
				return phonetest.System{Source: c, Refuse: func() {
					sim.AddClient(client, "another")
					sim.EndSessions()
				}}
			})
		})
	}
}

// simulated is a call as 3CX has it.
func simulated(t *testing.T, f phonetest.Fixture) phonetest.PBXRecording {
	t.Helper()
	id, err := strconv.ParseInt(f.Call.ID, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	r := phonetest.PBXRecording{
		ID: id, StartedAt: f.Call.StartedAt, EndedAt: f.Call.StartedAt.Add(f.Call.Duration), Audio: f.Audio, CallType: "InboundExternal",
		From: phonetest.Outside(f.Call.CustomerPhone), To: phonetest.Extension(f.Call.AgentNumber, f.Call.AgentName),
	}
	if f.Call.Direction == phone.Out {
		r.CallType, r.From, r.To = "OutboundExternal", r.To, r.From
	}
	return r
}

// fill adds n calls, one in each second of the hour, with ids from 1.
func fill(sim *phonetest.ThreeCX, n int) {
	for i := range n {
		sim.Add(recording(int64(i+1), hour.Add(time.Duration(i)*time.Second)))
	}
}

func recording(id int64, at time.Time) phonetest.PBXRecording {
	return phonetest.PBXRecording{
		ID: id, StartedAt: at, EndedAt: at.Add(30 * time.Second), CallType: "InboundExternal",
		From: phonetest.Outside("0899998888"), To: phonetest.Extension(user, "Dina R."),
	}
}

// list walks the hour.
func list(t *testing.T, c *threecx.Client) (got map[string]int, rows int, err error) {
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
	manager := phonetest.GroupManager
	for _, tt := range []struct {
		name    string
		calls   int
		faults  phonetest.PBXFaults
		signIns int
	}{
		{"nothing wrong", 250, phonetest.PBXFaults{}, 1},
		{"a full last page", 200, phonetest.PBXFaults{}, 1},
		{"next links, at another host", 350, phonetest.PBXFaults{NextLink: true}, 1},
		{"fewer rows a page than asked for", 70, phonetest.PBXFaults{PageLimit: 30}, 1},
		{"a row that comes meanwhile", 150, phonetest.PBXFaults{InsertAtList: 2, Insert: []phonetest.PBXRecording{late}}, 1},
		{"three failures in a row", 150, phonetest.PBXFaults{FailLists: 3}, 1},
		{"every third request too many", 250, phonetest.PBXFaults{BusyEvery: 3}, 1},
		{"a token is good for two requests", 350, phonetest.PBXFaults{TokenUses: 2}, 3},
		{"tokens that are no JWTs", 150, phonetest.PBXFaults{Opaque: true}, 1},
		{"lives in minutes", 150, phonetest.PBXFaults{Opaque: true, Minutes: true}, 1},
		{"one token at a time", 150, phonetest.PBXFaults{SingleToken: true}, 1},
		{"a clock ten minutes ahead", 150, phonetest.PBXFaults{ClockSkew: 10 * time.Minute}, 1},
		{"a clock two hours behind", 150, phonetest.PBXFaults{ClockSkew: -2 * time.Hour}, 1},
		{"an administrator", 150, phonetest.PBXFaults{Role: phonetest.SystemAdmin}, 1},
		{"a group manager", 150, phonetest.PBXFaults{Role: manager}, 1},
		{"a group manager, few rows a page", 70, phonetest.PBXFaults{Role: manager, PageLimit: 30}, 1},
		{"a group manager, failures", 70, phonetest.PBXFaults{Role: manager, FailLists: 3}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			fill(sim, tt.calls)
			sim.Fail(tt.faults)
			got, _, err := list(t, c)
			is.NoErr(err)      // the window was read
			delete(got, "900") // may or may not be seen in this walk
			is.Equal(len(got), tt.calls)
			for _, times := range got {
				is.Equal(times, 1) // once
			}
			stats := sim.Stats()
			is.Equal(stats.ClientSignIns, tt.signIns) // no more than tokens that ended
			is.Equal(stats.ClientRefused+stats.UserRefused, 0)
			is.Equal(len(stats.BadRequests), 0) // 3CX understands what is asked
			is.Equal(len(stats.Writes), 0)      // nothing is changed
			is.Equal(len(stats.Unknown), 0)     // nothing else is asked for
			is.Equal(stats.MostAtOnce, 1)       // one request at a time
		})
	}
}

func TestListFailures(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
		kind   phone.Kind
		lists  int // of recordings and of the call log
	}{
		{"keeps failing", phonetest.PBXFaults{FailLists: 1000}, phone.Transient, 4},
		{"is down", phonetest.PBXFaults{ListStatus: 503}, phone.Transient, 4},
		{"no XAPI there", phonetest.PBXFaults{ListStatus: 404}, phone.Unexpected, 1},
		{"a refused query", phonetest.PBXFaults{MaxTop: 50}, phone.Unexpected, 1},
		{"a user of no role", phonetest.PBXFaults{Role: phonetest.OrdinaryUser}, phone.Forbidden, 0},
		{"a token that is never good", phonetest.PBXFaults{ListStatus: 401}, phone.Forbidden, 2},
		{"a page for browsers", phonetest.PBXFaults{ListHTML: true}, phone.Unexpected, 1},
		{"rows in no order", phonetest.PBXFaults{AnyOrder: true}, phone.Unexpected, 1},
		{"the same rows again and again", phonetest.PBXFaults{IgnoreAfter: true}, phone.Unexpected, 2},
		{"the same log again and again", phonetest.PBXFaults{Role: phonetest.GroupManager, StuckLog: true}, phone.Unexpected, 2},
		{"a redirect", phonetest.PBXFaults{RedirectTo: "http://elsewhere.invalid/"}, phone.Unexpected, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			fill(sim, 9)
			sim.Fail(tt.faults)
			_, _, err := list(t, c)
			is.Equal(phone.KindOf(err), tt.kind) // the kind says what to do
			stats := sim.Stats()
			is.Equal(stats.Lists+stats.Logs, tt.lists) // and no request was wasted
		})
	}
}

func TestAReportThatMayBeCutShort(t *testing.T) {
	is := is.New(t)
	pages := 0
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "GetCallLogData") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		pages++
		row := `{"CdrId":"` + r.URL.Query().Get("$skip") + `"},`
		_, _ = io.WriteString(w, `{"value":[`+strings.TrimSuffix(strings.Repeat(row, 100), ",")+`]}`)
	})
	_, _, err := list(t, c)
	is.Equal(phone.KindOf(err), phone.TooMany) // a shorter window may be whole
	is.Equal(pages, 200)                       // as many rows as 3CX gives of a report
}

// serve returns a client for a server that grants every sign-in and answers all
// else by answer.
func serve(t *testing.T, answer http.HandlerFunc) *threecx.Client {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.WriteString(w, `{"access_token":"a1b2c3d4-0000","expires_in":60}`)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	c, err := threecx.New(threecx.Config{BaseURL: srv.URL, Username: client, Password: password}, srv.Client(), threecx.WithSleep(noSleep))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheRoleIsNamed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
		words  string
	}{
		{"a user of no role", phonetest.PBXFaults{Role: phonetest.OrdinaryUser}, "Role must be System Owner"},
		{"a token that is never good", phonetest.PBXFaults{ListStatus: 401}, "Role must be System Owner"},
		{"kept out", phonetest.PBXFaults{LoginStatus: 403}, "IP blocklist"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			sim.Fail(tt.faults)
			_, _, err := list(t, c)
			e, ok := errors.AsType[*phone.Error](err)
			is.True(ok && e.Kind == phone.Forbidden)
			is.True(strings.Contains(e.Fix, tt.words)) // what to do about it is said
		})
	}
}

func TestTheListIsTriedAgainAfterTheRoleWasMended(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	fill(sim, 3)
	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager})
	_, _, err := list(t, c)
	is.NoErr(err)
	sim.Fail(phonetest.PBXFaults{})
	logs := sim.Stats().Logs
	got, _, err := list(t, c)
	is.NoErr(err)
	is.Equal(len(got), 3)
	is.Equal(sim.Stats().Logs, logs) // the call log is asked no more
}

func TestOddRowsDoNotHideTheOthers(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	fill(sim, 3)
	sim.Fail(phonetest.PBXFaults{BadRows: 2})
	got, bad, err := list(t, c)
	is.Equal(len(got), 3)                         // the rows that can be read
	is.Equal(bad, 4)                              // the others are told one by one
	is.Equal(phone.KindOf(err), phone.Unexpected) // until a page holds nothing else
}

func TestFilters(t *testing.T) {
	inner := recording(4, hour)
	inner.CallType, inner.From = "Local", phonetest.Extension("101", "Nok")
	short, other := recording(2, hour), recording(3, hour)
	short.EndedAt = hour.Add(19 * time.Second)
	other.To = phonetest.Extension("117", "Somchai")
	for _, tt := range []struct {
		name string
		cfg  threecx.Config
		want map[string]string
	}{
		{"none", threecx.Config{}, map[string]string{"1": "", "2": "", "3": "", "4": phone.SkipInternal}},
		{"internal calls too", threecx.Config{ImportInternal: true}, map[string]string{"1": "", "2": "", "3": "", "4": ""}},
		{"long calls", threecx.Config{MinDurationSec: 20}, map[string]string{"1": "", "2": phone.SkipShort, "3": "", "4": phone.SkipInternal}},
		{"one extension", threecx.Config{Extensions: []string{"Ext.116"}}, map[string]string{"1": "", "2": "", "3": phone.SkipLine, "4": phone.SkipInternal}},
	} {
		for _, role := range []phonetest.PBXRole{phonetest.SystemOwner, phonetest.GroupManager} {
			t.Run(tt.name, func(t *testing.T) {
				is := is.New(t)
				sim, c := start(t, tt.cfg)
				sim.Add(recording(1, hour), short, other, inner)
				sim.Fail(phonetest.PBXFaults{Role: role})
				skips := map[string]string{}
				for call, err := range c.Calls(t.Context(), hour, hour.Add(time.Hour)) {
					is.NoErr(err)
					skips[call.ID] = call.Skip
				}
				is.Equal(skips, tt.want) // all come, each with its reason
			})
		}
	}
}

func TestACallUnderWayHasNoDuration(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	r := recording(1, hour)
	r.EndedAt = time.Time{}
	sim.Add(r)
	for call, err := range c.Calls(t.Context(), hour, hour.Add(time.Hour)) {
		is.NoErr(err)
		is.Equal(call.Duration, time.Duration(0)) // which has the caller wait for its end
	}
}

func TestTheCallLogSaysWhoTalked(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	r := recording(7, hour)
	r.Segments = 2 // in a queue
	sim.Add(r)
	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager})
	var calls []phone.Call
	for call, err := range c.Calls(t.Context(), hour, hour.Add(time.Hour)) {
		is.NoErr(err)
		calls = append(calls, call)
	}
	is.Equal(len(calls), 1) // segments of one recording are one call
	is.Equal(calls[0].AgentNumber, user)
	is.Equal(calls[0].Duration, 30*time.Second)
}

func TestSecretsStayIn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		faults phonetest.PBXFaults
	}{
		{"sign-in refused", phonetest.PBXFaults{LoginStatus: 401}},
		{"sign-in fails", phonetest.PBXFaults{LoginStatus: 500}},
		{"list fails", phonetest.PBXFaults{ListStatus: 500}},
		{"no role", phonetest.PBXFaults{Role: phonetest.OrdinaryUser}},
		{"redirect", phonetest.PBXFaults{RedirectTo: "http://u:" + password + "@elsewhere.invalid/"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			sim.Fail(tt.faults)
			_, _, err := list(t, c)
			is.True(err != nil)
			is.True(!strings.Contains(err.Error(), password))  // no password
			is.True(!strings.Contains(err.Error(), "http://")) // no URL
			is.True(!strings.Contains(err.Error(), client))    // no name
			is.Equal(slices.Contains(sim.Stats().Unknown, "a token in the URL"), false)
		})
	}
}

func TestUnreachable(t *testing.T) {
	is := is.New(t)
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	c, err := threecx.New(threecx.Config{BaseURL: srv.URL, Username: client, Password: password}, srv.Client())
	is.NoErr(err)
	_, _, err = list(t, c)
	is.Equal(phone.KindOf(err), phone.Unreachable)
	is.True(!strings.Contains(err.Error(), "/connect")) // the URL is left out

	tls := httptest.NewUnstartedServer(phonetest.NewThreeCX())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is meant
	tls.StartTLS()
	t.Cleanup(tls.Close)
	c, err = threecx.New(threecx.Config{BaseURL: tls.URL, Username: client, Password: password}, srv.Client())
	is.NoErr(err)
	_, err = c.Audio(t.Context(), "1")
	is.Equal(phone.KindOf(err), phone.TLS) // a certificate nobody vouches for
}
