package threecx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/phonetest"
	"crk/app/phone/threecx"
)

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
		{"a token that is never good", phonetest.PBXFaults{ListStatus: 401}, phone.Transient, 3},
		{"a page for browsers", phonetest.PBXFaults{ListHTML: true}, phone.Unexpected, 1},
		{"rows in no order", phonetest.PBXFaults{AnyOrder: true}, phone.Unexpected, 1},
		{"the same rows again and again", phonetest.PBXFaults{IgnoreAfter: true}, phone.Unexpected, 2},
		{"the same log again and again", phonetest.PBXFaults{Role: phonetest.GroupManager, StuckLog: true}, phone.Unexpected, 2},
		{"a redirect", phonetest.PBXFaults{RedirectTo: "http://elsewhere.invalid/"}, phone.Unexpected, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, c := start(t, threecx.Config{})
			fill(sim, 150)
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

// TestSomebodyElseSignsInAsTheSameClient has another program take the token as often
// as it can.
func TestSomebodyElseSignsInAsTheSameClient(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	fill(sim, 3)
	sim.Fail(phonetest.PBXFaults{ListStatus: 401})
	_, _, err := list(t, c)
	e, ok := errors.AsType[*phone.Error](err)
	is.True(ok && e.Kind == phone.Transient) // it passes
	is.True(strings.Contains(err.Error(), "token taken by another sign-in"))
	is.True(strings.Contains(e.Fix, "same client"))
	is.True(!strings.Contains(e.Fix, "Role")) // the role is not to blame
	is.True(sim.Stats().ClientSignIns <= 4)
	sim.Fail(phonetest.PBXFaults{})
	got, _, err := list(t, c)
	is.NoErr(err)
	is.Equal(len(got), 3)
}

func TestRowsInNoOrderAreNeverLost(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	fill(sim, 70)
	sim.Fail(phonetest.PBXFaults{AnyOrder: true, PageLimit: 30}) // a page is not full though there is more
	_, _, err := list(t, c)
	is.Equal(phone.KindOf(err), phone.Unexpected)
}

func TestACallThatCameInBeforeTheWindow(t *testing.T) {
	is := is.New(t)
	sim, c := start(t, threecx.Config{})
	sim.Fail(phonetest.PBXFaults{Role: phonetest.GroupManager})
	r := recording(7, hour.Add(time.Minute))
	r.Waited, r.Segments = 2*time.Minute, 1 // the log has it under the hour before
	sim.Add(r)
	got, _, err := list(t, c)
	is.NoErr(err)
	is.Equal(got, map[string]int{"7": 1})
	for call, err := range c.Calls(t.Context(), hour.Add(-time.Hour), hour) {
		t.Error("nor does it come in that hour as well:", call.ID, err)
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
	is.NoErr(err)
	is.Equal(len(got), 3) // the rows that can be read
	is.Equal(bad, 1)      // the others are told, alike ones once
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

func TestPauses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after string // of Retry-After
		want  []time.Duration
		kind  phone.Kind
	}{
		{"a moment", "", []time.Duration{500 * time.Millisecond, 2 * time.Second, 250 * time.Millisecond, 250 * time.Millisecond}, ""},
		{"as long as it asks", "3", []time.Duration{3 * time.Second, 3 * time.Second, 250 * time.Millisecond, 250 * time.Millisecond}, ""},
		{"longer than one waits", "31", nil, phone.Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			asked := 0
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					_, _ = io.WriteString(w, granted)
					return
				}
				switch asked++; {
				case asked <= 2:
					w.Header().Set("Retry-After", tt.after)
					w.WriteHeader(http.StatusTooManyRequests)
				case asked == 3:
					_, _ = io.WriteString(w, `{"value":[{"Id":7,"StartTime":"2026-11-20T09:00:00Z"}]}`)
				default:
					_, _ = io.WriteString(w, `{"value":[]}`)
				}
			}))
			defer srv.Close()
			var pauses []time.Duration
			clock := time.Now()
			c, err := threecx.New(threecx.Config{BaseURL: srv.URL, Username: client, Password: password}, srv.Client(),
				threecx.WithSleep(func(_ context.Context, d time.Duration) error {
					pauses, clock = append(pauses, d), clock.Add(d)
					return nil
				}), threecx.WithClock(func() time.Time { return clock }))
			is.NoErr(err)
			_, _, err = list(t, c)
			is.Equal(phone.KindOf(err), tt.kind)
			is.Equal(pauses, tt.want) // a 3CX also has calls to carry; one that said so is eased for a while
			if e, ok := errors.AsType[*phone.Error](err); ok {
				is.Equal(e.RetryAfter, 31*time.Second) // the caller is told
			}
		})
	}
}

func TestWindowsOfFractions(t *testing.T) {
	for _, role := range []phonetest.PBXRole{phonetest.SystemOwner, phonetest.GroupManager} {
		is := is.New(t)
		sim, c := start(t, threecx.Config{})
		sim.Add(recording(1, hour.Add(200*time.Millisecond)), recording(2, hour.Add(400*time.Millisecond)), recording(3, hour.Add(600*time.Millisecond)))
		sim.Fail(phonetest.PBXFaults{Role: role})
		var ids []string
		for call, err := range c.Calls(t.Context(), hour.Add(300*time.Millisecond), hour.Add(500*time.Millisecond)) {
			is.NoErr(err)
			ids = append(ids, call.ID)
		}
		is.Equal(ids, []string{"2"}) // though 3CX is asked for whole seconds
	}
}
