package threecx

import (
	"net/http"
	"regexp"
)

const (
	pathToken      = "/connect/token"
	pathUser       = "/webclient/api/Login/GetAccessToken"
	pathRecordings = "/xapi/v1/Recordings"
	pathAudio      = "/xapi/v1/Recordings/Pbx.DownloadRecording(recId="
	pathRetention  = "/xapi/v1/Recordings/Pbx.GetRecordingRepositorySettings()"
	pathStatus     = "/xapi/v1/SystemStatus"
	pathCallLog    = "/xapi/v1/ReportCallLogData/Pbx.GetCallLogData("
)

// reads are the paths that may be asked for. Functions of XAPI are told from what
// they are called with alone, so those are spelt out.
var reads = regexp.MustCompile(`^/xapi/v1/(Recordings|SystemStatus|Recordings/Pbx\.DownloadRecording\(recId=[0-9]{1,18}\)|` +
	`Recordings/Pbx\.GetRecordingRepositorySettings\(\)|` +
	`ReportCallLogData/Pbx\.GetCallLogData\([A-Za-z]+=[0-9A-Za-z:.'-]*(,[A-Za-z]+=[0-9A-Za-z:.'-]*)*\))$`)

// allows reports whether a request is a sign-in or only reads.
func allows(method, path string) bool {
	switch method {
	case http.MethodGet:
		return reads.MatchString(path)
	case http.MethodPost:
		return path == pathToken || path == pathUser
	}
	return false
}
