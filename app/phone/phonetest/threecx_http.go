package phonetest

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const xapi = "/xapi/v1/"

// ServeHTTP implements [http.Handler].
func (x *ThreeCX) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.inFlight++
	x.asked++
	x.stats.MostAtOnce = max(x.stats.MostAtOnce, x.inFlight)
	f, busy := x.faults, x.faults.BusyEvery > 0 && x.asked%x.faults.BusyEvery == 0
	w.Header().Set("Date", x.now().Add(f.ClockSkew).UTC().Format(http.TimeFormat))
	w.Header().Set("X-3CX-Version", f.version())
	if r.URL.Query().Has("access_token") {
		x.stats.Unknown = append(x.stats.Unknown, "a token in the URL")
	}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		x.inFlight--
		x.mu.Unlock()
	}()
	switch {
	case f.RedirectTo != "":
		w.Header().Set("Location", f.RedirectTo)
		w.WriteHeader(http.StatusFound)
	case busy:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	default:
		x.route(w, r, f)
	}
}

func (x *ThreeCX) route(w http.ResponseWriter, r *http.Request, f PBXFaults) {
	path, ofXAPI := strings.CutPrefix(r.URL.Path, xapi)
	switch {
	case r.Method == http.MethodPost && r.URL.Path == "/connect/token":
		x.signInClient(w, r, f)
	case r.Method == http.MethodPost && r.URL.Path == "/webclient/api/Login/GetAccessToken" && !f.NoUsers:
		x.signInUser(w, r, f)
	case r.Method != http.MethodGet:
		x.mu.Lock()
		x.stats.Writes = append(x.stats.Writes, r.Method+" "+r.URL.Path)
		x.mu.Unlock()
		odataError(w, http.StatusBadRequest, "the simulator changes nothing")
	case ofXAPI:
		x.serve(w, r, f, path)
	case strings.HasPrefix(r.URL.Path, "/webclient"):
		writePage(w)
	default:
		x.unknown(w, r)
	}
}

// serve answers what needs a token.
func (x *ThreeCX) serve(w http.ResponseWriter, r *http.Request, f PBXFaults, path string) {
	x.mu.Lock()
	ok := x.live(r, f)
	x.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	id, audio := strings.CutPrefix(path, "Recordings/Pbx.DownloadRecording(recId=")
	logged := strings.HasPrefix(path, "ReportCallLogData/Pbx.GetCallLogData(")
	switch {
	case f.Role == OrdinaryUser,
		f.Role == GroupManager && !audio && !logged,
		f.Role == SystemAdmin && logged:
		w.WriteHeader(http.StatusForbidden)
	case path == "Recordings":
		x.list(w, r, f)
	case logged:
		x.log(w, r, f, strings.TrimSuffix(strings.TrimPrefix(path, "ReportCallLogData/Pbx.GetCallLogData("), ")"))
	case audio:
		x.media(w, r, f, strings.TrimSuffix(id, ")"))
	case path == "Recordings/Pbx.GetRecordingRepositorySettings()":
		writeJSON(w, map[string]any{"AutoDeleteRecordingEnabled": true, "AutoDeleteRecordingDays": 30})
	case path == "Defs":
		writeJSON(w, map[string]any{"value": []any{map[string]any{"Id": 1}}})
	case path == "SystemStatus":
		x.status(w, r, f)
	default: // Recordings(5) among them
		x.unknown(w, r)
	}
}

// status answers what the system tells of itself.
func (x *ThreeCX) status(w http.ResponseWriter, r *http.Request, f PBXFaults) {
	x.mu.Lock()
	x.stats.StatusReads++
	x.mu.Unlock()
	if f.NoStatus {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	all := map[string]any{
		"Version": f.version(), "FQDN": "simulated.3cx.example", "RecordingStopped": f.Stopped, "RecordingQuotaReached": f.QuotaReached,
	}
	writeJSON(w, pageQuery{fields: fieldsOf(r.URL.Query())}.selected(all))
}

func (x *ThreeCX) unknown(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.stats.Unknown = append(x.stats.Unknown, r.Method+" "+r.URL.Path)
	x.mu.Unlock()
	http.NotFound(w, r)
}

// failLogin answers a sign-in as the faults want it.
func failLogin(w http.ResponseWriter, f PBXFaults) bool {
	if f.LoginHTML {
		writePage(w)
		return true
	}
	if f.LoginStatus != 0 {
		w.WriteHeader(f.LoginStatus)
		return true
	}
	return false
}

func (x *ThreeCX) signInClient(w http.ResponseWriter, r *http.Request, f PBXFaults) {
	if failLogin(w, f) {
		return
	}
	id, key := r.FormValue("client_id"), r.FormValue("client_secret") // in either kind of form
	x.mu.Lock()
	defer x.mu.Unlock()
	want, known := x.clients[id]
	if !known || want != key || r.FormValue("grant_type") != "client_credentials" {
		x.stats.ClientRefused++
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
		return
	}
	x.stats.ClientSignIns++
	value, expires := x.grant(id, f)
	writeJSON(w, map[string]any{"token_type": "Bearer", "expires_in": expires, "access_token": value, "refresh_token": nil})
}

func (x *ThreeCX) signInUser(w http.ResponseWriter, r *http.Request, f PBXFaults) {
	if failLogin(w, f) {
		return
	}
	var in struct{ SecurityCode, Username, Password string }
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in)
	x.mu.Lock()
	defer x.mu.Unlock()
	want, known := x.users[in.Username]
	if err != nil || !known || want != in.Password {
		x.stats.UserRefused++
		writeJSON(w, map[string]any{"Status": "AuthFailed", "Token": nil, "TwoFactorAuth": nil})
		return
	}
	if f.TwoFactor {
		x.stats.UserRefused++
		writeJSON(w, map[string]any{"Status": "AuthFailed", "Token": nil, "TwoFactorAuth": map[string]any{"Type": "Totp"}})
		return
	}
	x.stats.UserSignIns++
	value, expires := x.grant(in.Username, f)
	writeJSON(w, map[string]any{"Status": "AuthSuccess", "TwoFactorAuth": nil, "Token": map[string]any{
		"token_type": "Bearer", "expires_in": expires, "access_token": value, "refresh_token": newToken(),
	}})
}

func (x *ThreeCX) media(w http.ResponseWriter, r *http.Request, f PBXFaults, text string) {
	id, _ := strconv.ParseInt(text, 10, 64)
	x.mu.Lock()
	var rec PBXRecording
	found := false
	for _, r := range x.recordings {
		if r = r.under(f, x.now()); r.ID == id && !r.Archived && !r.ReadyFrom.After(x.now()) {
			rec, found = r, true
		}
	}
	if found && f.AudioStatus == 0 {
		x.stats.Downloads[id]++
	}
	x.mu.Unlock()
	w.Header().Set("Content-Type", "audio/x-wav")
	if kind := cmp.Or(f.ContentType, rec.ContentType); kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	switch {
	case f.AudioStatus != 0:
		w.WriteHeader(f.AudioStatus)
	case !found:
		odataError(w, http.StatusBadRequest, "WARNINGS.XAPI.FILE_NOT_FOUND")
	case f.AudioHTML:
		_, _ = io.WriteString(w, page)
	case f.AudioJSON != "":
		_, _ = io.WriteString(w, f.AudioJSON)
	case f.AudioEmpty:
	default:
		w.Header().Set("Content-Disposition", `attachment; filename="recording.wav"`)
		d := delivery{sound: rec.Audio, ranges: RangeIgnored, noLength: f.AudioNoLength, truncate: f.AudioTruncate, breaks: f.AudioBreak}
		if f.Ranges {
			d.ranges = RangeHonoured
		}
		d.send(w, r)
	}
}

func odataError(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": strconv.Itoa(status), "message": message}})
}
