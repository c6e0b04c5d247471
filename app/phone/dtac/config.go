package dtac

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	"crk/app/phone"
)

// DefaultBaseURL is the address of DTAC OneCall's voice recording service.
const DefaultBaseURL = "https://onecallvoicerecord.dtac.co.th"

// A Config says where an OrkTrack is and how it is spoken to. Only the first three
// fields are asked of people; the zero value of each other one stands for what
// DTAC's installation needs.
//
// There is no path of a keepalive: a token that ended is renewed by the request that
// finds out, and nothing is to be asked for beside. Nor is the address that a row
// gives for its audio used in place of MediaPath: of a recording the id alone is
// kept, and a 404 means that it is not there yet, which is looked for again.
type Config struct {
	BaseURL  string `json:"baseUrl,omitempty"`
	Username string `json:"username"`
	Password string `json:"password,omitempty"`

	RestPrefix  string            `json:"restPrefix,omitempty"`  // /orktrack/rest
	LoginPath   string            `json:"loginPath,omitempty"`   // with its query
	LoginAuth   string            `json:"loginAuth,omitempty"`   // LoginBasic or LoginJSON; default LoginBasic
	TokenField  string            `json:"tokenField,omitempty"`  // of the login's answer, as "data.token"
	TokenHeader string            `json:"tokenHeader,omitempty"` // that carries the token: bare, or as in "Authorization: Bearer {token}"
	ListPath    string            `json:"listPath,omitempty"`
	ListParams  map[string]string `json:"listParams,omitempty"` // each replaces or adds one parameter
	DateFormat  string            `json:"dateFormat,omitempty"` // Go layout of startdate and enddate, to the second
	TimeZone    string            `json:"timeZone,omitempty"`   // IANA name, of query and answer
	ArrayField  string            `json:"arrayField,omitempty"` // of the list's answer
	MediaPath   string            `json:"mediaPath,omitempty"`  // {id} stands for the call's id
	PageSize    int               `json:"pageSize,omitempty"`   // 1 to 10000

	// MaxDownloadKiBps is how many KiB a second recordings may take of the line,
	// all of this system's together; 0: no limit.
	MaxDownloadKiBps int `json:"maxDownloadKiBps,omitempty"`

	// CACertificate is the authority, as PEM, that may have signed the system's
	// certificate. The HTTP client of the one who opens it is to trust it.
	CACertificate string `json:"caCertificate,omitempty"`

	// Filters: calls they leave out are yielded with phone.Call.Skip set.
	MinDurationSec  int      `json:"minDurationSec,omitempty"`
	LocalPartyAllow []string `json:"localPartyAllow,omitempty"` // empty: all lines
}

// Normalized returns the config with its base URL in the one form that the same
// address always gets, or every [*phone.FieldError], joined. Blanks about the user
// name are cut off. A missing password is no error here: one may be on file already.
func (c Config) Normalized() (Config, error) {
	var errs []error
	bad := func(field, message string) { errs = append(errs, &phone.FieldError{Field: field, Message: message}) }

	base, err := phone.BaseURL(cmpOr(c.BaseURL, DefaultBaseURL))
	if err != nil {
		bad("baseUrl", err.Error())
	} else {
		c.BaseURL = base.String()
	}
	c.CACertificate = strings.TrimSpace(c.CACertificate)
	if c.Username, err = phone.Username(c.Username); err != nil {
		bad("username", err.Error())
	}
	errs = append(errs, c.checkSignIn()...)
	for field, p := range map[string]string{"restPrefix": c.RestPrefix, "loginPath": c.LoginPath, "listPath": c.ListPath, "mediaPath": c.MediaPath} {
		if p != "" && !localPath(p) {
			bad(field, "must be a path that begins with /")
		}
	}
	if before, _, _ := strings.Cut(c.MediaPath, "?"); c.MediaPath != "" && !strings.Contains(before, "{id}") {
		bad("mediaPath", "must hold {id} in its path")
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil {
		bad("timeZone", "is not the name of a time zone")
	}
	if c.DateFormat != "" && !tellsSeconds(c.DateFormat) {
		bad("dateFormat", "must be a Go layout that tells date and time to the second: 2 January 2006, 15:04:05 is written as in 20060102_150405")
	}
	if c.PageSize < 0 || c.PageSize > 10000 {
		bad("pageSize", "must be 1 to 10000")
	}
	if err := phone.CheckKiBps("maxDownloadKiBps", c.MaxDownloadKiBps); err != nil {
		errs = append(errs, err)
	}
	if c.MinDurationSec < 0 || c.MinDurationSec > 86400 {
		bad("minDurationSec", "must be 0 to 86400")
	}
	if len(c.LocalPartyAllow) > phone.MaxListed {
		bad("localPartyAllow", "must be at most 500 numbers")
	}
	return c, errors.Join(errs...)
}

// tellsSeconds reports whether a time survives being written in layout and read again.
func tellsSeconds(layout string) bool {
	for _, t := range []time.Time{
		time.Date(2026, 11, 23, 21, 48, 37, 0, time.UTC),
		time.Date(2027, 1, 9, 8, 5, 2, 0, time.UTC),
	} {
		if read, err := time.Parse(layout, t.Format(layout)); err != nil || !read.Equal(t) {
			return false
		}
	}
	return true
}

// localPath reports whether p can only lead to the configured host.
func localPath(p string) bool {
	u, err := url.Parse(p)
	return err == nil && strings.HasPrefix(p, "/") && u.Host == "" && u.Scheme == "" &&
		path.Clean(u.Path) == strings.TrimRight(u.Path, "/")
}

func cmpOr(s, otherwise string) string {
	if s = strings.TrimSpace(s); s == "" {
		return otherwise
	}
	return s
}

// settings is a Config with every default in its place and every text parsed.
type settings struct {
	base               *url.URL // with the REST prefix
	username, password string
	login, list, media string
	mediaShape         *regexp.Regexp
	tokenField         string
	tokenHeader        tokenHeader
	loginAuth          string
	listParams         map[string]string
	dateFormat         string
	zone               *time.Location
	arrayField         string
	pageSize           int
	minDuration        time.Duration
	lines              map[string]bool
}

// resolve fills in DTAC's defaults. c is Normalized.
func (c Config) resolve() (settings, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return settings{}, fmt.Errorf("base URL: %w", errors.New("is not an address"))
	}
	zone, err := time.LoadLocation(c.TimeZone) // "" is UTC
	if err != nil {
		return settings{}, fmt.Errorf("time zone: %w", err)
	}
	base = base.JoinPath(cmpOr(c.RestPrefix, "/orktrack/rest"))
	base.Path = "/" + strings.Trim(base.Path, "/") // JoinPath leaves out the first slash where there is no path
	s := settings{
		base:       base,
		username:   c.Username,
		password:   c.Password,
		login:      cmpOr(c.LoginPath, "/user/login?version=orktrack&accesspolicy=all&licenseinfo=true"),
		list:       cmpOr(c.ListPath, "/recordings"),
		media:      cmpOr(c.MediaPath, "/mediastream/{id}"),
		tokenField: cmpOr(c.TokenField, "accesstoken"),
		loginAuth:  c.LoginAuth,
		listParams: map[string]string{
			"range": "custom", "sort": "", "maxresults": "0",
			"includetags": "false", "includemetadata": "false", "includeprograms": "false",
		},
		dateFormat:  cmpOr(c.DateFormat, "20060102_150405"),
		zone:        zone,
		arrayField:  cmpOr(c.ArrayField, "objects"),
		pageSize:    c.PageSize,
		minDuration: time.Duration(c.MinDurationSec) * time.Second,
		lines:       make(map[string]bool, len(c.LocalPartyAllow)),
	}
	s.mediaShape = mediaShape(s.media)
	s.tokenHeader, _ = readTokenHeader(cmpOr(c.TokenHeader, "Authorization")) // was checked by Normalized
	if s.pageSize == 0 {
		s.pageSize = 500
	}
	maps.Copy(s.listParams, c.ListParams)
	for _, line := range c.LocalPartyAllow {
		s.lines[lineKey(line)] = true
	}
	return s, nil
}
