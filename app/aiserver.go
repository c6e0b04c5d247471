package app

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// An AITask is what an AI server does for calls.
type AITask string

// The tasks, in the order in which a call goes through them.
const (
	TaskTranscription AITask = "transcription"
	TaskAnalysis      AITask = "analysis"
)

// AITasks lists every task.
func AITasks() []AITask { return []AITask{TaskTranscription, TaskAnalysis} }

// Valid reports whether t is a known task.
func (t AITask) Valid() bool { return slices.Contains(AITasks(), t) }

// Job is the kind of jobs that wait for a server of the task.
func (t AITask) Job() JobKind {
	if t == TaskTranscription {
		return JobTranscribe
	}
	return JobAnalyse
}

// An AIServer is the OpenAI-compatible server that a business has set for a
// task. It wins over the appliance's own default.
type AIServer struct {
	BusinessID BusinessID
	Task       AITask
	URL        string // as NormalizeAIURL returns it
	Key        Secret // empty: the server asks for none
	Model      string // empty: a name that many servers know
	AIOptions
	UpdatedAt time.Time
}

// AIOptions are what a server that differs from the usual is asked in another
// way. The zero value suits most.
type AIOptions struct {
	KeyHeader string        `json:"keyHeader,omitempty"` // that carries the bare key; empty: Authorization: Bearer
	Language  string        `json:"language,omitempty"`  // of the speech, ISO 639-1; empty: the server finds out
	Timeout   time.Duration `json:"timeout,omitempty"`   // of one request; 0: by what is asked
	Extra     []AIParameter `json:"extra,omitempty"`     // sent with every request
	CA        string        `json:"ca,omitempty"`        // PEM: the authority that may have signed the server's certificate
}

// An AIParameter is a field of a request that only some servers know.
type AIParameter struct {
	Name  string `json:"name"`
	Value string `json:"value"` // JSON where it is valid, else text
}

const (
	maxAIURL     = 500
	maxAIKey     = 4000
	maxAIModel   = 200
	maxAITimeout = time.Hour
	maxAIExtra   = 20
	maxAIValue   = 1000
)

var (
	languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)
	headerName   = regexp.MustCompile(`^[A-Za-z0-9-]{1,60}$`)
	fieldName    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.\[\]-]{0,59}$`)
)

// ownParameters are what the product fills in itself.
func ownParameters() []string {
	return []string{"file", "messages", "model", "prompt", "response_format", "stream", "timestamp_granularities[]"}
}

// Validate returns what is wrong with the settings, of which the URL is taken
// as normalized already.
func (s AIServer) Validate() error {
	var p Problems
	if len(s.Key) > maxAIKey || strings.ContainsFunc(s.Key.Reveal(), func(r rune) bool { return r < '!' || r > '~' }) {
		p.Add("key", "A key has no blanks, line ends or letters beyond ASCII.")
	}
	if utf8.RuneCountInString(s.Model) > maxAIModel || strings.ContainsFunc(s.Model, func(r rune) bool { return r < ' ' }) {
		p.Add("model", "Use at most %d characters, on one line.", maxAIModel)
	}
	if s.KeyHeader != "" && !headerName.MatchString(s.KeyHeader) {
		p.Add("keyHeader", "Give the name of a header, such as api-key.")
	}
	if s.Language != "" && !languageCode.MatchString(s.Language) {
		p.Add("language", "Give a code such as th or en, or leave it empty.")
	}
	if s.Timeout < 0 || s.Timeout > maxAITimeout || s.Timeout > 0 && s.Timeout < 5*time.Second {
		p.Add("timeout", "Use 5 to %d seconds, or leave it empty.", int(maxAITimeout.Seconds()))
	}
	bad := func(e AIParameter) bool {
		return !fieldName.MatchString(e.Name) || len(e.Value) > maxAIValue || slices.Contains(ownParameters(), e.Name)
	}
	if len(s.Extra) > maxAIExtra || slices.ContainsFunc(s.Extra, bad) {
		p.Add("extra", "Write one name=value a line, at most %d; none of: %s.", maxAIExtra, strings.Join(ownParameters(), ", "))
	}
	return p.Err()
}

// Host names the server, with its port.
func (s AIServer) Host() string { return AIHost(s.URL) }

// AIHost is the host of a server's URL, with its port.
func AIHost(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// CostServer names a server where its use and its price are kept: by its host,
// which stays when a service moves to another port.
func CostServer(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// AIOrigin is where a key is sent to: a URL's scheme and host.
func AIOrigin(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// NormalizeAIURL returns the base of a server's addresses as it is stored. It
// takes what people paste: without a scheme, with the path of one of the
// addresses at its end, with or without the slash. A server named without any
// path gets /v1. A query is kept, as Azure needs one.
func NormalizeAIURL(s string) (string, error) {
	var p Problems
	s = strings.TrimSpace(s)
	if s == "" {
		p.Add("url", "Give the server's address, such as https://api.openai.com/v1.")
		return "", p.Err()
	}
	if !strings.Contains(s, "://") {
		s = guessScheme(s) + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || len(s) > maxAIURL || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		p.Add("url", "Give a whole address, such as https://api.openai.com/v1.")
	case u.User != nil:
		p.Add("url", "Leave the user name and password out of the address: a key has a field of its own.")
	case u.Fragment != "":
		p.Add("url", "Leave out what follows #.")
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	path := strings.TrimRight(u.Path, "/")
	for _, end := range []string{"/chat/completions", "/audio/transcriptions", "/models"} {
		path = strings.TrimSuffix(path, end)
	}
	if path == "" {
		path = "/v1"
	}
	u.Path, u.RawPath, u.Host = path, "", strings.ToLower(u.Host)
	return u.String(), nil
}

// guessScheme is how an address that was given without one is asked: machines
// of one's own network rarely have a certificate.
func guessScheme(s string) string {
	host, _, _ := strings.Cut(s, "/")
	if u, err := url.Parse("//" + host); err == nil && IsLocalHost(u.Hostname()) {
		return "http://"
	}
	return "https://"
}

// IsLocalHost reports whether a host is, by its name or address alone, on this
// machine or in a network of one's own.
func IsLocalHost(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback() || ip.Unmap().IsPrivate()
	}
	if !strings.Contains(host, ".") {
		return host != ""
	}
	return slices.ContainsFunc([]string{".local", ".lan", ".internal", ".localhost", ".home.arpa"},
		func(domain string) bool { return strings.HasSuffix(strings.ToLower(host), domain) })
}
