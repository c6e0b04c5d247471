package threecx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone/threecx"
)

// counting is a transport that notes what is sent.
type counting struct{ sent []string }

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.sent = append(c.sent, r.Method+" "+r.URL.String())
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func TestTheGuardLetsOnlyReadingThrough(t *testing.T) {
	const base = "https://pbx.example.com/phone"
	for _, tt := range []struct {
		name, method, url string
		sent              bool
	}{
		{"the list", "GET", base + "/xapi/v1/Recordings?$top=100", true},
		{"audio", "GET", base + "/xapi/v1/Recordings/Pbx.DownloadRecording(recId=63214)", true},
		{"the call log", "GET", base + "/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-06-15T17:00:00Z,sourceFilter='',callTimeFilterFrom='0:00:0',hidePcalls=true)?$top=100", true},
		{"its state", "GET", base + "/xapi/v1/SystemStatus?$select=RecordingStopped", true},
		{"a part of its state", "GET", base + "/xapi/v1/SystemStatus/Pbx.SystemDatabaseInformation()", false},
		{"sign-in of a client", "POST", base + "/connect/token", true},
		{"sign-in of a user", "POST", base + "/webclient/api/Login/GetAccessToken", true},

		{"deleting", "POST", base + "/xapi/v1/Recordings/Pbx.BulkRecordingsDelete", false},
		{"deleting by method", "DELETE", base + "/xapi/v1/Recordings", false},
		{"changing", "PATCH", base + "/xapi/v1/Recordings", false},
		{"writing to the list", "POST", base + "/xapi/v1/Recordings", false},
		{"billing", "POST", base + "/xapi/v1/Recordings/Pbx.TranscribeRecordings", false},
		{"a function that archives", "GET", base + "/xapi/v1/Recordings/Pbx.Archive(recId=1)", false},
		{"two functions at once", "GET", base + "/xapi/v1/Recordings/Pbx.DownloadRecording(recId=1)/Pbx.PurgeLocal()", false},
		{"users", "GET", base + "/xapi/v1/Users", false},
		{"a path that climbs", "GET", base + "/xapi/v1/Recordings/../Users", false},
		{"another interface", "GET", base + "/connect/token", false},
		{"another host", "GET", "https://elsewhere.example.com/phone/xapi/v1/Recordings", false},
		{"another port", "GET", "https://pbx.example.com:5001/phone/xapi/v1/Recordings", false},
		{"without encryption", "GET", "http://pbx.example.com/phone/xapi/v1/Recordings", false},
		{"beside the base", "GET", "https://pbx.example.com/xapi/v1/Recordings", false},
		{"a name in the address", "GET", "https://u:p@pbx.example.com/phone/xapi/v1/Recordings", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			u, err := url.Parse(base)
			is.NoErr(err)
			next := &counting{}
			req, err := http.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader("x"))
			is.NoErr(err)
			resp, err := threecx.Guard(u, next).RoundTrip(req)
			is.Equal(err == nil, tt.sent)
			is.Equal(len(next.sent) == 1, tt.sent) // what is refused is not sent
			if resp != nil {
				is.NoErr(resp.Body.Close())
			}
		})
	}
}

func TestWhatIsSent(t *testing.T) {
	is := is.New(t)
	next := &counting{}
	c, err := threecx.New(threecx.Config{BaseURL: "pbx.example.com:5001", Username: "u", Password: "p", Auth: threecx.AuthAPIClient},
		&http.Client{Transport: next})
	is.NoErr(err)
	is.True(c != nil)
	_, _, err = list(t, c)
	is.True(err != nil)                                                              // there is no token in an empty answer
	is.Equal(next.sent, []string{"POST https://pbx.example.com:5001/connect/token"}) // at the host and port that were given
}
