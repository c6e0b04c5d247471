package phonetest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone/phonetest"
)

func startPBX(t *testing.T) (*phonetest.ThreeCX, string) {
	t.Helper()
	sim := phonetest.NewThreeCX()
	sim.AddClient("reader", "key")
	sim.AddUser("116", "pw")
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	return sim, srv.URL
}

// send posts a sign-in.
func send(t *testing.T, address, contentType, body string) (status int, answer map[string]any) {
	t.Helper()
	resp, err := http.Post(address, contentType, strings.NewReader(body)) //nolint:noctx // a test's own server
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(b, &answer) // nil where it is none
	return resp.StatusCode, answer
}

const (
	form     = "application/x-www-form-urlencoded"
	goodForm = "client_id=reader&client_secret=key&grant_type=client_credentials"
)

// bearer signs in as the API client.
func bearer(t *testing.T, base string) string {
	t.Helper()
	status, answer := send(t, base+"/connect/token", form, goodForm)
	if status != 200 {
		t.Fatalf("sign in: %d", status)
	}
	return "Bearer " + answer["access_token"].(string)
}

func TestThreeCXSignsIn(t *testing.T) {
	is := is.New(t)
	sim, base := startPBX(t)
	status, answer := send(t, base+"/connect/token", form, goodForm)
	is.Equal(status, 200)
	is.Equal(answer["expires_in"], 3600.0)
	is.Equal(strings.Count(answer["access_token"].(string), "."), 2) // a JWT
	multipart := "--b\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nreader\r\n--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\nkey\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--b--\r\n"
	status, _ = send(t, base+"/connect/token", "multipart/form-data; boundary=b", multipart)
	is.Equal(status, 200) // in either kind of form
	status, answer = send(t, base+"/connect/token", form, strings.Replace(goodForm, "key", "x", 1))
	is.Equal(status, 400)
	is.Equal(answer["error"], "invalid_client")

	const asUser = "/webclient/api/Login/GetAccessToken"
	status, answer = send(t, base+asUser, "application/json", `{"SecurityCode":"","Username":"116","Password":"pw"}`)
	is.Equal(status, 200)
	is.Equal(answer["Status"], "AuthSuccess")
	_, answer = send(t, base+asUser, "application/json", `{"Username":"116","Password":"x"}`)
	is.Equal(answer["Status"], "AuthFailed")
	sim.Fail(phonetest.PBXFaults{TwoFactor: true})
	_, answer = send(t, base+asUser, "application/json", `{"Username":"116","Password":"pw"}`)
	is.True(answer["TwoFactorAuth"] != nil)
	sim.Fail(phonetest.PBXFaults{Minutes: true, Opaque: true})
	_, answer = send(t, base+"/connect/token", form, goodForm)
	is.Equal(answer["expires_in"], 60.0)
	is.Equal(strings.Count(answer["access_token"].(string), "."), 0)

	stats := sim.Stats()
	is.Equal([]int{stats.ClientSignIns, stats.ClientRefused, stats.UserSignIns, stats.UserRefused}, []int{3, 1, 1, 2})
}

func TestThreeCXLists(t *testing.T) {
	_, base := startPBXWith(t, 5)
	for _, tt := range []struct {
		name, filter, order string
		status              int
		ids                 string
	}{
		{"all", "", "", 200, "[1 2 3 4 5]"},
		{"downwards", "", "Id desc", 200, "[5 4 3 2 1]"},
		{"by time", "", "StartTime desc", 200, "[5 4 3 2 1]"},
		{"after", "Id gt 3", "Id asc", 200, "[4 5]"},
		{"from", "Id ge 3", "", 200, "[3 4 5]"},
		{"one", "Id eq 3", "", 200, "[3]"},
		{"before", "Id lt 3", "", 200, "[1 2]"},
		{"a time", "StartTime ge 2026-11-20T09:01:00Z and StartTime lt 2026-11-20T09:03:00Z", "", 200, "[2 3]"},
		{"to a time", "StartTime gt 2026-11-20T09:01:00Z and StartTime le 2026-11-20T09:03:00Z", "", 200, "[3 4]"},
		{"a type", "CallType eq 'Local'", "", 200, "[1]"},
		{"either", "(Id eq 1 or Id eq 5) and Id gt 0", "", 200, "[1 5]"},
		{"and first", "Id eq 1 or Id eq 5 and Id gt 9", "", 200, "[1]"},
		{"transcribed", "IsTranscribed eq true", "", 200, "[2]"},
		{"not transcribed", "IsTranscribed eq false", "", 200, "[1 3 4 5]"},
		{"a zone", "StartTime ge 2026-11-20T16:01:00+07:00", "", 400, ""},
		{"no such property", "Duration gt 3", "", 400, ""},
		{"no such order", "", "Duration desc", 400, ""},
		{"two ways", "", "Id asc desc", 400, ""},
		{"no such operator", "Id has 3", "", 400, ""},
		{"an operator for numbers", "CallType gt 'Local'", "", 400, ""},
		{"no quotes", "CallType eq Local", "", 400, ""},
		{"open", "(Id eq 3", "", 400, ""},
		{"too much", "Id eq 3 3", "", 400, ""},
		{"too little", "Id eq", "", 400, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			q := url.Values{"$select": {"Id"}}
			if tt.filter != "" {
				q.Set("$filter", tt.filter)
			}
			if tt.order != "" {
				q.Set("$orderby", tt.order)
			}
			status, body := ask(t, http.MethodGet, base+"/xapi/v1/Recordings?"+q.Encode(), bearer(t, base))
			is.Equal(status, tt.status)
			if status == 200 {
				is.Equal(fmt.Sprint(idsOf(t, body)), tt.ids)
			}
		})
	}
}

func idsOf(t *testing.T, body string) (ids []int) {
	t.Helper()
	var answer struct{ Value []map[string]int }
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	for _, row := range answer.Value {
		if len(row) != 1 {
			t.Errorf("%v has more than was selected", row)
		}
		ids = append(ids, row["Id"])
	}
	return ids
}

// startPBXWith is startPBX with calls, one a minute from nine.
func startPBXWith(t *testing.T, n int) (*phonetest.ThreeCX, string) {
	t.Helper()
	sim, base := startPBX(t)
	for i := range n {
		r := phonetest.PBXRecording{ID: int64(i + 1), StartedAt: nine.Add(time.Duration(i) * time.Minute), Audio: []byte("RIFF"), CallType: "InboundExternal"}
		if i == 0 {
			r.CallType = "Local"
		}
		if i == 1 {
			r.Transcript = "Agent: hello"
		}
		sim.Add(r)
	}
	return sim, base
}

func TestThreeCXAnswersAsKnown(t *testing.T) {
	is := is.New(t)
	sim, base := startPBXWith(t, 3)
	token := bearer(t, base)
	get := func(path string) (int, string) { return ask(t, http.MethodGet, base+"/xapi/v1/"+path, token) }
	_, body := get("Recordings?$top=2&$count=true")
	is.True(strings.Contains(body, `"@odata.count":3`))
	is.True(!strings.Contains(body, "nextLink")) // though there is more
	is.True(strings.Contains(body, `"EndTime":null`))
	is.True(strings.Contains(body, `"StartTime":"2026-11-20T09:01:00Z"`))
	sim.Fail(phonetest.PBXFaults{NextLink: phonetest.NextMore})
	_, body = get("Recordings?$top=2")
	is.True(strings.Contains(body, "nextLink"))
	sim.Fail(phonetest.PBXFaults{})
	_, body = get("Recordings?$top=2&$skip=2&$select=Id")
	is.Equal(fmt.Sprint(idsOf(t, body)), "[3]")
	status, _ := get("Recordings?$top=101")
	is.Equal(status, 400) // more than it gives
	status, _ = get("Recordings?$select=Duration")
	is.Equal(status, 400)
	status, _ = get("Recordings(1)")
	is.Equal(status, 404) // there is no single one
	status, body = get("Recordings/Pbx.DownloadRecording(recId=2)")
	is.Equal(status, 200)
	is.Equal(body, "RIFF")
	status, body = get("Recordings/Pbx.DownloadRecording(recId=9)")
	is.Equal(status, 400)
	is.True(strings.Contains(body, "FILE_NOT_FOUND"))
	for _, path := range []string{"Defs?$select=Id", "SystemStatus", "Recordings/Pbx.GetRecordingRepositorySettings()"} {
		status, _ = get(path)
		is.Equal(status, 200)
	}
	status, _ = get("ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-11-20T09:00:00Z)")
	is.Equal(status, 404) // every argument is needed
	status, _ = ask(t, http.MethodPost, base+"/xapi/v1/Recordings/Pbx.BulkRecordingsDelete", token)
	is.Equal(status, 400)
	_, _ = ask(t, http.MethodGet, base+"/xapi/v1/Defs?access_token=x", token)
	status, _ = ask(t, http.MethodGet, base+"/xapi/v1/Defs", strings.TrimPrefix(token, "Bearer "))
	is.Equal(status, 401) // a bare token
	sim.EndSessions()
	status, _ = get("Defs")
	is.Equal(status, 401)

	stats := sim.Stats()
	is.Equal(stats.Writes, []string{"POST /xapi/v1/Recordings/Pbx.BulkRecordingsDelete"}) // what would change something is noted
	is.Equal(stats.Unknown[len(stats.Unknown)-1], "a token in the URL")
	is.Equal(stats.Downloads, map[int64]int{2: 1})
	is.Equal(len(stats.BadRequests), 2)
}

func TestThreeCXRoles(t *testing.T) {
	const log = "ReportCallLogData/Pbx.GetCallLogData(periodFrom=2026-11-20T09:00:00Z,periodTo=2026-11-20T10:00:00Z,sourceType=0,sourceFilter='',destinationType=0," +
		"destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)?$top=100&$skip=0"
	for _, tt := range []struct {
		name string
		role phonetest.PBXRole
		want string // of the list, the call log, the audio and the rest
	}{
		{"owner", phonetest.SystemOwner, "[200 200 200 200]"},
		{"admin", phonetest.SystemAdmin, "[200 403 200 200]"},
		{"group manager", phonetest.GroupManager, "[403 200 200 403]"},
		{"user", phonetest.OrdinaryUser, "[403 403 403 403]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			sim, base := startPBXWith(t, 1)
			sim.Fail(phonetest.PBXFaults{Role: tt.role})
			token := bearer(t, base)
			var got []int
			for _, path := range []string{"Recordings", log, "Recordings/Pbx.DownloadRecording(recId=1)", "Defs"} {
				status, _ := ask(t, http.MethodGet, base+"/xapi/v1/"+path, token)
				got = append(got, status)
			}
			is.Equal(fmt.Sprint(got), tt.want)
		})
	}
}

func TestThreeCXIsSetUpAnew(t *testing.T) {
	is := is.New(t)
	sim, base := startPBXWith(t, 3)
	token := bearer(t, base)
	sim.Fail(phonetest.PBXFaults{ResetAtList: 2})
	listed := func() string {
		_, body := ask(t, http.MethodGet, base+"/xapi/v1/Recordings?$select=Id", token)
		return fmt.Sprint(idsOf(t, body))
	}
	is.Equal(listed(), "[1 2 3]")
	is.Equal(listed(), "[]") // all is lost
	sim.Add(phonetest.PBXRecording{ID: 4, StartedAt: nine, Audio: []byte("RIFF"), CallType: "Local"})
	is.Equal(listed(), "[1]") // and ids begin anew
	_, body := ask(t, http.MethodGet, base+"/xapi/v1/Recordings/Pbx.DownloadRecording(recId=1)", token)
	is.Equal(body, "RIFF") // of another call
	sim.Fail(phonetest.PBXFaults{Archived: true})
	status, body := ask(t, http.MethodGet, base+"/xapi/v1/Recordings/Pbx.DownloadRecording(recId=1)", token)
	is.Equal(status, 400)
	is.True(strings.Contains(body, "FILE_NOT_FOUND"))
	_, body = ask(t, http.MethodGet, base+"/xapi/v1/Recordings?$select=Id,IsArchived", token)
	is.True(strings.Contains(body, `"IsArchived":true`)) // though it is listed
}

func TestThreeCXTellsItsState(t *testing.T) {
	is := is.New(t)
	sim, base := startPBX(t)
	token := bearer(t, base)
	const path = "/xapi/v1/SystemStatus?$select=RecordingStopped,RecordingQuotaReached"
	_, body := ask(t, http.MethodGet, base+path, token)
	is.Equal(strings.TrimSpace(body), `{"RecordingQuotaReached":false,"RecordingStopped":false}`)
	sim.Fail(phonetest.PBXFaults{Stopped: true, QuotaReached: true})
	_, body = ask(t, http.MethodGet, base+path, token)
	is.Equal(strings.TrimSpace(body), `{"RecordingQuotaReached":true,"RecordingStopped":true}`)
	sim.Fail(phonetest.PBXFaults{NoStatus: true, Version: "20.0.8.1109"})
	status, _ := ask(t, http.MethodGet, base+path, token)
	is.Equal(status, 403)
	resp, err := http.Get(base + "/") //nolint:noctx // a test's own server
	is.NoErr(err)
	is.NoErr(resp.Body.Close())
	is.Equal(resp.Header.Get("X-3CX-Version"), "20.0.8.1109")
}

func TestThreeCXTokens(t *testing.T) {
	is := is.New(t)
	sim, base := startPBX(t)
	now := nine
	sim.SetClock(func() time.Time { return now })
	works := func(token string) bool {
		status, _ := ask(t, http.MethodGet, base+"/xapi/v1/Defs", token)
		return status == 200
	}
	sim.Fail(phonetest.PBXFaults{TokenLife: time.Minute})
	first := bearer(t, base)
	now = now.Add(59 * time.Second)
	is.True(works(first))
	now = now.Add(time.Second)
	is.True(!works(first)) // its life is over

	sim.Fail(phonetest.PBXFaults{})
	first = bearer(t, base)
	second := bearer(t, base)
	is.True(!works(first)) // the next one ends it
	is.True(works(second))
	_, answer := send(t, base+"/webclient/api/Login/GetAccessToken", "application/json", `{"Username":"116","Password":"pw"}`)
	is.True(answer["Status"] == "AuthSuccess" && works(second)) // but not another's
	sim.Fail(phonetest.PBXFaults{ManyTokens: true})
	bearer(t, base)
	is.True(works(second))
	sim.Fail(phonetest.PBXFaults{BusyEvery: 1})
	is.True(!works(second)) // too many requests
}
