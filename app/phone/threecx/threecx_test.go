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
	"crk/app/phone/contract"
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
			contract.Run(t, func(t *testing.T, calls []contract.Fixture) contract.System {
				sim, c := startLive(t, threecx.Config{})
				sim.Fail(tt.faults)
				for _, f := range calls {
					sim.Add(simulated(t, f))
				}
				return contract.System{Source: c, Refuse: func() {
					sim.AddClient(client, "another")
					sim.EndSessions()
				}, Odd: func() []string {
					stats := sim.Stats()
					return slices.Concat(stats.Writes, stats.Unknown, stats.BadRequests)
				}, Secrets: []string{client, password}}
			})
		})
	}
}

// simulated is a call as 3CX has it.
func simulated(t *testing.T, f contract.Fixture) phonetest.PBXRecording {
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
		{"next links, at another host", 350, phonetest.PBXFaults{NextLink: phonetest.NextMore}, 1},
		{"fewer rows a page than asked for", 70, phonetest.PBXFaults{PageLimit: 30}, 1},
		{"a row that comes meanwhile", 150, phonetest.PBXFaults{InsertAtList: 2, Insert: []phonetest.PBXRecording{late}}, 1},
		{"three failures in a row", 150, phonetest.PBXFaults{FailLists: 3}, 1},
		{"every third request too many", 250, phonetest.PBXFaults{BusyEvery: 3}, 1},
		{"a token is good for two requests", 350, phonetest.PBXFaults{TokenUses: 2}, 3},
		{"tokens that are no JWTs", 150, phonetest.PBXFaults{Opaque: true}, 1},
		{"lives in minutes", 150, phonetest.PBXFaults{Opaque: true, Minutes: true}, 1},
		{"any number of tokens", 150, phonetest.PBXFaults{ManyTokens: true}, 1},
		{"next links on all pages", 150, phonetest.PBXFaults{NextLink: phonetest.NextAlways}, 1},
		{"a clock ten minutes ahead", 150, phonetest.PBXFaults{ClockSkew: 10 * time.Minute}, 1},
		{"a clock two hours behind", 150, phonetest.PBXFaults{ClockSkew: -2 * time.Hour}, 1},
		{"an administrator", 150, phonetest.PBXFaults{Role: phonetest.SystemAdmin}, 1},
		{"a group manager", 150, phonetest.PBXFaults{Role: manager}, 1},
		{"a group manager, few rows a page", 70, phonetest.PBXFaults{Role: manager, PageLimit: 30}, 1},
		{"no order, but not many", 70, phonetest.PBXFaults{AnyOrder: true}, 1},
		{"everything at once", 70, phonetest.PBXFaults{IgnoreAfter: true}, 1},
		{"a group manager, everything at once", 40, phonetest.PBXFaults{Role: manager, StuckLog: true}, 1},
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
