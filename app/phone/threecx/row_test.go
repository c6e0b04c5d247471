package threecx_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/threecx"
)

// canned is a transport that grants sign-ins, gives its body for the first page of
// all else and an empty one after it.
type canned struct {
	signIn, body string
	noList       bool // the list of recordings is refused
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := 200, c.body
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodPost:
		body = c.signIn
	case c.noList && strings.HasSuffix(r.URL.Path, "/Recordings"):
		status, body = 403, ""
	case strings.Contains(query.Get("$filter"), "Id gt"), query.Get("$skip") != "" && query.Get("$skip") != "0":
		body = `{"value":[]}`
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const granted = `{"access_token":"a1b2c3d4-0000","expires_in":60}`

func over(t testing.TB, transport canned, auth string) *threecx.Client {
	t.Helper()
	c, err := threecx.New(threecx.Config{BaseURL: "pbx.invalid", Username: "u", Password: "p", Auth: auth},
		&http.Client{Transport: transport}, threecx.WithSleep(noSleep))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// answering gives body for every list and recording.
func answering(t testing.TB, body string) *threecx.Client {
	t.Helper()
	return over(t, canned{signIn: granted, body: body}, threecx.AuthAPIClient)
}

// logging gives body as the call log.
func logging(t testing.TB, body string) *threecx.Client {
	t.Helper()
	return over(t, canned{signIn: granted, body: body, noList: true}, threecx.AuthAPIClient)
}

// signing gives answer to every sign-in, and empty lists.
func signing(t testing.TB, answer string, auth ...string) *threecx.Client {
	t.Helper()
	way := threecx.AuthAPIClient
	if len(auth) > 0 {
		way = auth[0]
	}
	return over(t, canned{signIn: answer, body: `{"value":[]}`}, way)
}

func TestRows(t *testing.T) {
	base := phone.Call{ID: "7", StartedAt: hour, Direction: phone.Unknown}
	with := func(change func(*phone.Call)) phone.Call {
		c := base
		change(&c)
		return c
	}
	const start = `"Id":7,"StartTime":"2026-11-20T09:00:00Z"`
	for _, tt := range []struct {
		name string
		row  string
		want phone.Call
	}{
		{"the least", `{` + start + `}`, base},
		{"id in quotes", `{"Id":"7","StartTime":"2026-11-20T09:00:00Z"}`, base},
		{"a fraction of a second", `{"Id":7,"StartTime":"2026-11-20T09:00:00.817332Z","EndTime":"2026-11-20T09:00:02.531003Z"}`,
			with(func(c *phone.Call) {
				c.StartedAt, c.Duration = hour.Add(817332*time.Microsecond), 1713671*time.Microsecond
			})},
		{"time with a zone", `{"Id":7,"StartTime":"2026-11-20T16:00:00+07:00"}`, base},
		{"time without", `{"Id":7,"StartTime":"2026-11-20T09:00:00"}`, base},
		{"no end", `{` + start + `,"EndTime":null}`, base},
		{"an end before its start", `{` + start + `,"EndTime":"2026-11-20T08:00:00Z"}`, base},
		{"a call in", `{` + start + `,"EndTime":"2026-11-20T09:00:41Z","CallType":"InboundExternal","FromDn":"10003","FromDnType":1,
			"FromCallerNumber":"0891234567","FromDisplayName":"Sales:0891234567","ToDn":"116","ToDnType":0,"ToCallerNumber":"Ext.116","ToDisplayName":"Dina R."}`,
			with(func(c *phone.Call) {
				c.Duration, c.Direction, c.CustomerPhone = 41*time.Second, phone.In, "0891234567"
				c.AgentNumber, c.AgentName = "116", "Dina R."
			})},
		{"a call out", `{` + start + `,"CallType":"OutboundExternal","FromCallerNumber":"Ext.116","FromDisplayName":"Doe, Jane","ToDn":"10003","ToDnType":1,"ToCallerNumber":"+66891234567"}`,
			with(func(c *phone.Call) {
				c.Direction, c.CustomerPhone, c.AgentNumber, c.AgentName = phone.Out, "+66891234567", "116", "Doe, Jane"
			})},
		{"a call inside", `{` + start + `,"CallType":"Local","FromCallerNumber":"Ext.101","FromDisplayName":"Nok","ToCallerNumber":"Ext.116"}`,
			with(func(c *phone.Call) {
				c.Direction, c.CustomerPhone, c.AgentNumber, c.AgentName, c.Skip = phone.Internal, "116", "101", "Nok", phone.SkipInternal
			})},
		{"no number, but an extension", `{` + start + `,"CallType":"InboundExternal","ToDn":"116"}`,
			with(func(c *phone.Call) { c.Direction, c.AgentNumber = phone.In, "116" })},
		{"a type that is new", `{` + start + `,"CallType":"Conference","FromDn":"116","FromDnType":0,"ToDnType":1,"ToCallerNumber":"0891234567"}`,
			with(func(c *phone.Call) { c.AgentNumber, c.CustomerPhone = "116", "0891234567" })},
		{"odd values", `{` + start + `,"CallType":5,"FromCallerNumber":{},"ToCallerNumber":[1],"ToDnType":null}`, base},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			n := 0
			for call, err := range answering(t, `{"value":[`+tt.row+`]}`).Calls(t.Context(), hour, hour.Add(time.Hour)) {
				is.NoErr(err)
				is.Equal(string(call.Raw), tt.row) // kept to the letter
				call.Raw = nil
				is.Equal(call, tt.want)
				n++
			}
			is.Equal(n, 1)
		})
	}
}

func TestSegments(t *testing.T) {
	const start = `"StartTime":"2026-11-20T09:00:00Z"`
	for _, tt := range []struct {
		name string
		rows string
		want []phone.Call
	}{
		{"not recorded", `{` + start + `}`, nil},
		{"not recorded and odd", `{"StartTime":5}`, nil},
		{"one side", `{` + start + `,"DstRecId":7,"Direction":"Inbound","TalkingDuration":"PT1M35S","SourceCallerId":"0891234567",
			"DestinationCallerId":"Ext.116","DestinationDisplayName":"Dina R."}`,
			[]phone.Call{{ID: "7", StartedAt: hour, Duration: 95 * time.Second, Direction: phone.In, CustomerPhone: "0891234567", AgentNumber: "116", AgentName: "Dina R."}}},
		{"both sides", `{` + start + `,"SrcRecId":8,"DstRecId":7,"Recordings":[{"Id":7},{"Id":8}],"Direction":"Outbound","TalkingDuration":"PT1M16.5S","SourceDn":"116","DestinationCallerId":"089"}`,
			[]phone.Call{
				{ID: "8", StartedAt: hour, Duration: 76500 * time.Millisecond, Direction: phone.Out, CustomerPhone: "089", AgentNumber: "116"},
				{ID: "7", StartedAt: hour, Duration: 76500 * time.Millisecond, Direction: phone.Out, CustomerPhone: "089", AgentNumber: "116"},
			}},
		{"the longest talk counts", `{` + start + `,"DstRecId":7,"DestinationDn":"800"},{"StartTime":"2026-11-20T09:00:09Z","DstRecId":7,"DestinationDn":"116","TalkingDuration":"PT1H"},{` + start + `,"SrcRecId":7,"DestinationDn":"801","TalkingDuration":"PT2S"}`,
			[]phone.Call{{ID: "7", StartedAt: hour.Add(9 * time.Second), Duration: time.Hour, Direction: phone.Unknown, AgentNumber: "116"}}},
		{"the type where there is no direction", `{` + start + `,"DstRecId":7,"CallType":"OutboundExternal","SourceDn":"116"}`,
			[]phone.Call{{ID: "7", StartedAt: hour, Direction: phone.Out, AgentNumber: "116"}}},
		{"inside", `{` + start + `,"DstRecId":7,"Direction":"Internal","SourceDn":"101","DestinationCallerId":"Ext.116"}`,
			[]phone.Call{{ID: "7", StartedAt: hour, Direction: phone.Internal, AgentNumber: "101", CustomerPhone: "116", Skip: phone.SkipInternal}}},
		{"durations that are none", `{` + start + `,"DstRecId":7,"TalkingDuration":"-PT1S"},{` + start + `,"DstRecId":8,"TalkingDuration":"P9D"},{` + start + `,"DstRecId":9,"TalkingDuration":95}`,
			[]phone.Call{{ID: "7", StartedAt: hour, Direction: phone.Unknown}, {ID: "8", StartedAt: hour, Direction: phone.Unknown}, {ID: "9", StartedAt: hour, Direction: phone.Unknown}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var got []phone.Call
			for call, err := range logging(t, `{"value":[`+tt.rows+`]}`).Calls(t.Context(), hour, hour.Add(time.Hour)) {
				is.NoErr(err)
				is.True(len(call.Raw) > 0) // kept
				call.Raw = nil
				got = append(got, call)
			}
			is.Equal(got, tt.want)
		})
	}
}

func TestAnswersThatAreNoList(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"empty", ""},
		{"text", "OK"},
		{"an object without a list", `{"@odata.count":0}`},
		{"no list", `{"value":null}`},
		{"a bare list", `[]`},
		{"a list of something else", `{"value":[1,2]}`},
		{"rows without an id", `{"value":[{"StartTime":"2026-11-20T09:00:00Z","Recordings":[{"Id":7}]}]}`},
		{"rows without a time", `{"value":[{"Id":7,"DstRecId":7}]}`},
		{"an id that is a path", `{"value":[{"Id":"../7","StartTime":"2026-11-20T09:00:00Z"}]}`},
		{"an id of nothing", `{"value":[{"Id":0,"StartTime":"2026-11-20T09:00:00Z"}]}`},
		{"cut off", `{"value":[{"Id":7,"DstRecId":7,"StartTime":"2026-11-20T09:00:00Z"}`},
		{"a page", "\ufeff <html>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, _, err := list(t, answering(t, tt.body))
			is.Equal(phone.KindOf(err), phone.Unexpected) // an answer not understood is never an empty list
		})
	}
	for _, body := range []string{"", `{"value":null}`, `{"value":[1]}`, `{"value":[{"DstRecId":7}]}`, "<html>"} {
		t.Run("log "+body, func(t *testing.T) {
			is := is.New(t)
			_, _, err := list(t, logging(t, body))
			is.Equal(phone.KindOf(err), phone.Unexpected)
		})
	}
}

// FuzzList feeds anything as a list, and as a call log: a call that comes out has
// an id that can be asked for and a time in the window.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		`{"value":[{"Id":7,"StartTime":"2026-11-20T09:00:00Z","EndTime":"2026-11-20T09:00:41Z","FromCallerNumber":"Ext.1"}]}`,
		`{"value":[{"Id":"7","StartTime":"2026-11-20 09:00:00"},{"Id":6}]}`, `{"error":{"message":"x"}}`, `{"value":[{}]}`, `<html>`,
		`{"value":[{"StartTime":"2026-11-20T09:00:00Z","DstRecId":7,"TalkingDuration":"PT1H1M1.5S","Recordings":[{"Id":1e9}]}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, c := range []*threecx.Client{answering(t, body), logging(t, body)} {
			seen := map[string]bool{}
			for call, err := range c.Calls(t.Context(), hour, hour.Add(time.Hour)) {
				if err != nil {
					continue
				}
				if call.ID == "" || strings.Trim(call.ID, "0123456789") != "" || seen[call.ID] || call.Duration < 0 ||
					call.StartedAt.Before(hour) || !call.StartedAt.Before(hour.Add(time.Hour)) {
					t.Errorf("%q gives %+v", body, call)
				}
				seen[call.ID] = true
			}
		}
	})
}
