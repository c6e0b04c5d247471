package dtac_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
)

// canned is a transport that grants logins and gives one body for all else.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	body := string(c)
	if r.Method == http.MethodPost {
		body = `{"accesstoken":"a1b2c3d4-0000"}`
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func answering(t testing.TB, body string) *dtac.Client {
	t.Helper()
	c, err := dtac.New(dtac.Config{Username: "u", Password: "p"}, &http.Client{Transport: canned(body)}, dtac.WithSleep(noSleep))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRows(t *testing.T) {
	base := phone.Call{ID: "7", StartedAt: hour, Direction: phone.Unknown}
	with := func(change func(*phone.Call)) phone.Call {
		c := base
		change(&c)
		return c
	}
	for _, tt := range []struct {
		name string
		row  string
		want phone.Call
	}{
		{"the least", `{"id":7,"timestamp":"2026-11-20 09:00:00"}`, base},
		{"id in quotes", `{"id":"7","timestamp":"2026-11-20 09:00:00"}`, base},
		{"an id beyond 53 bits", `{"id":9007199254740993,"timestamp":"2026-11-20 09:00:00"}`,
			with(func(c *phone.Call) { c.ID = "9007199254740993" })},
		{"time with T", `{"id":7,"timestamp":"2026-11-20T09:00:00"}`, base},
		{"time with a zone", `{"id":7,"timestamp":"2026-11-20T16:00:00+07:00"}`, base},
		{"time in milliseconds", `{"id":7,"timestamp":1795165200000}`, base},
		{"all fields", `{"id":7,"timestamp":"2026-11-20 09:00:00","duration":183,"localParty":"+66812345678","remoteParty":"+66899998888",
			"direction":"OUT","userDto":{"firstname":"Nok","lastname":"S."}}`,
			with(func(c *phone.Call) {
				c.Duration, c.Direction, c.AgentName = 183*time.Second, phone.Out, "Nok S."
				c.AgentNumber, c.CustomerPhone = "+66812345678", "+66899998888"
			})},
		{"numbers as numbers", `{"id":7,"timestamp":"2026-11-20 09:00:00","localParty":101,"duration":"12.5"}`,
			with(func(c *phone.Call) { c.AgentNumber, c.Duration = "101", 12500*time.Millisecond })},
		{"odd values", `{"id":7,"timestamp":"2026-11-20 09:00:00","duration":-4,"localParty":{},"remoteParty":[1],"direction":null,"userDto":"Nok"}`, base},
		{"a direction in small letters", `{"id":7,"timestamp":"2026-11-20 09:00:00","direction":"in"}`,
			with(func(c *phone.Call) { c.Direction = phone.In })},
		{"no last name", `{"id":7,"timestamp":"2026-11-20 09:00:00","userDto":{"firstname":"Nok"}}`,
			with(func(c *phone.Call) { c.AgentName = "Nok" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			for _, envelope := range []string{`{"objects":[%]}`, `{"recordings":[%]}`, `{"data":[%]}`, `{"recording":[%]}`, `[%]`} {
				client := answering(t, strings.ReplaceAll(envelope, "%", tt.row))
				n := 0
				for call, err := range client.Calls(t.Context(), hour, hour.Add(time.Hour)) {
					is.NoErr(err)
					is.Equal(string(call.Raw), tt.row) // kept to the letter
					call.Raw = nil
					is.Equal(call, tt.want)
					n++
				}
				is.Equal(n, 1)
			}
		})
	}
}

func TestAnswersThatAreNoList(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"empty", ""},
		{"text", "OK"},
		{"an object without a list", `{"resultCount":0}`},
		{"a list of something else", `{"objects":[1,2]}`},
		{"rows without an id", `{"objects":[{"timestamp":"2026-11-20 09:00:00"}]}`},
		{"rows without a time", `{"objects":[{"id":7}]}`},
		{"an id that is a path", `{"objects":[{"id":"../7","timestamp":"2026-11-20 09:00:00"}]}`},
		{"cut off", `{"objects":[{"id":7,"timestamp":"2026-11-20 09:00:00"}`},
		{"a page", "\ufeff <html>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, _, err := list(t, answering(t, tt.body))
			is.Equal(phone.KindOf(err), phone.Unexpected) // an answer not understood is never an empty list
		})
	}
}

func TestAnswersThatAreAnEmptyList(t *testing.T) {
	for _, body := range []string{`{"objects":[]}`, `{"objects":null}`, `[]`, `{"objects":[],"nextPageUri":"/x"}`} {
		t.Run(body, func(t *testing.T) {
			is := is.New(t)
			got, _, err := list(t, answering(t, body))
			is.NoErr(err)
			is.Equal(len(got), 0)
		})
	}
}

// FuzzList feeds anything as a list: a call that comes out has an id that can be
// asked for and a time in the window.
func FuzzList(f *testing.F) {
	for _, seed := range []string{
		`{"objects":[{"id":7,"timestamp":"2026-11-20 09:00:00","duration":3}],"nextPageUri":"x","pageSize":1}`,
		`[{"id":"a","timestamp":1795165200000}]`, `{"error":"invalid token"}`, `{"objects":[{}]}`, `<html>`, `{"objects":[{"id":1e9}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for call, err := range answering(t, body).Calls(t.Context(), hour, hour.Add(time.Hour)) {
			if err != nil {
				continue
			}
			if call.ID == "" || strings.ContainsAny(call.ID, "/?#% ") || call.Duration < 0 ||
				call.StartedAt.Before(hour) || !call.StartedAt.Before(hour.Add(time.Hour)) {
				t.Errorf("%q gives %+v", body, call)
			}
		}
	})
}

// FuzzAudio feeds anything as audio: what is handed over was told by its first
// bytes.
func FuzzAudio(f *testing.F) {
	for _, seed := range []string{"RIFF\x00\x00\x00\x00WAVEfmt ", "<html>", `{"error":"token"}`, "", "\xff\xfb\x90\x00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		audio, err := answering(t, string(body)).Audio(t.Context(), "7")
		if err != nil {
			if phone.KindOf(err) == "" {
				t.Errorf("%q gives an error without a kind: %v", body, err)
			}
			return
		}
		defer audio.Body.Close()
		got, err := io.ReadAll(audio.Body)
		if err != nil || string(got) != string(body) {
			t.Errorf("%q comes as %q, %v", body, got, err)
		}
		if _, ok := phone.Sniff(body[:min(len(body), phone.SniffLen)]); !ok {
			t.Errorf("%q was taken for audio", body)
		}
	})
}
