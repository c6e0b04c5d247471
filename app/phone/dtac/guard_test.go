package dtac_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone/dtac"
)

// counting is a transport that counts what is sent.
type counting int

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	*c++
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func TestTheGuardLetsOnlyReadingThrough(t *testing.T) {
	const base = "https://rec.example.com/x/orktrack/rest"
	usual := dtac.Config{BaseURL: "https://rec.example.com/x", Username: "u"}
	other := dtac.Config{BaseURL: "https://rec.example.com/x", Username: "u", LoginPath: "/in?v=1", ListPath: "/all", MediaPath: "/m.{id}.wav?full=1"}
	for _, tt := range []struct {
		name, method, url string
		cfg               dtac.Config
		sent              bool
	}{
		{"the sign-in", "POST", base + "/user/login?version=orktrack", usual, true},
		{"the list", "GET", base + "/recordings?page=1", usual, true},
		{"audio", "GET", base + "/mediastream/100659220", usual, true},
		{"another sign-in", "POST", base + "/in?v=1", other, true},
		{"another list", "GET", base + "/all", other, true},
		{"other audio", "GET", base + "/m.7.wav", other, true},
		{"deleting", "DELETE", base + "/recordings", usual, false},
		{"deleting audio", "DELETE", base + "/mediastream/7", usual, false},
		{"changing", "PUT", base + "/recordings", usual, false},
		{"writing to the list", "POST", base + "/recordings", usual, false},
		{"reading the sign-in", "GET", base + "/user/login", usual, false},
		{"what its pages use", "PUT", base + "/users/sessions", usual, false},
		{"users", "GET", base + "/users", usual, false},
		{"below the list", "GET", base + "/recordings/7", usual, false},
		{"below audio", "GET", base + "/mediastream/7/delete", usual, false},
		{"audio of no id", "GET", base + "/mediastream/", usual, false},
		{"a path that climbs", "GET", base + "/mediastream/../users", usual, false},
		{"the usual list where another is configured", "GET", base + "/recordings", other, false},
		{"a dot that is none", "GET", base + "/mx7.wav", other, false},
		{"another host", "GET", "https://elsewhere.example.com/x/orktrack/rest/recordings", usual, false},
		{"another port", "GET", "https://rec.example.com:8443/x/orktrack/rest/recordings", usual, false},
		{"without encryption", "GET", "http://rec.example.com/x/orktrack/rest/recordings", usual, false},
		{"beside the base", "GET", "https://rec.example.com/recordings", usual, false},
		{"a name in the address", "GET", "https://u:p@rec.example.com/x/orktrack/rest/recordings", usual, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			var next counting
			guard, err := dtac.Guard(tt.cfg, &next)
			is.NoErr(err)
			req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader("x"))
			is.NoErr(err)
			resp, err := guard.RoundTrip(req)
			is.Equal(err == nil, tt.sent)
			is.Equal(next == 1, tt.sent) // what is refused is not sent
			if resp != nil {
				is.NoErr(resp.Body.Close())
			}
		})
	}
}
