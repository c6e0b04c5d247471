package threecx

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
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

// errGuard is what a request gets that is none of this package's. It is never
// sent.
var errGuard = errors.New("threecx: not a request that only reads")

// A guard is a transport that lets through the sign-ins and what only reads, at
// one host.
type guard struct {
	base *url.URL
	next http.RoundTripper // nil: the default
}

// RoundTrip implements [http.RoundTripper].
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if !g.allows(req) {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper must
		}
		return nil, errGuard
	}
	if g.next == nil {
		return http.DefaultTransport.RoundTrip(req)
	}
	return g.next.RoundTrip(req)
}

func (g *guard) allows(req *http.Request) bool {
	path, below := strings.CutPrefix(req.URL.Path, g.base.Path)
	if !below || req.URL.Scheme != g.base.Scheme || req.URL.Host != g.base.Host || req.URL.User != nil {
		return false
	}
	switch req.Method {
	case http.MethodGet:
		return reads.MatchString(path)
	case http.MethodPost:
		return path == pathToken || path == pathUser
	}
	return false
}
