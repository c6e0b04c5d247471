package threecx

import (
	"errors"
	"strings"
	"time"

	"crk/app/phone"
)

// The ways to sign in (Config.Auth).
const (
	AuthAuto      = "auto"       // as an API client, else as a user; what worked is remembered
	AuthAPIClient = "api_client" // the name is a client id, the password its key
	AuthUser      = "user"       // an extension and its web client password
)

// A Config says where a 3CX is and what of it is wanted. Only the first three
// fields are asked of people.
type Config struct {
	BaseURL  string `json:"baseUrl,omitempty"`
	Username string `json:"username"`
	Password string `json:"password,omitempty"`
	Auth     string `json:"auth,omitempty"` // AuthAuto where empty

	// MaxDownloadKiBps is how many KiB a second recordings may take of the line,
	// all of this system's together; 0: no limit.
	MaxDownloadKiBps int `json:"maxDownloadKiBps,omitempty"`

	// CACertificate is the authority, as PEM, that may have signed the system's
	// certificate. The HTTP client of the one who opens it is to trust it.
	CACertificate string `json:"caCertificate,omitempty"`

	// Filters: calls they leave out are yielded with phone.Call.Skip set.
	ImportInternal bool     `json:"importInternal,omitempty"` // calls between two extensions too
	MinDurationSec int      `json:"minDurationSec,omitempty"`
	Extensions     []string `json:"extensions,omitempty"` // empty: all
}

// Normalized returns the config with its base URL in the one form that the same
// address always gets, or every [*phone.FieldError], joined. Blanks about the
// user name are cut off. A missing password is no error here: one may be on file
// already.
func (c Config) Normalized() (Config, error) {
	var errs []error
	bad := func(field, message string) { errs = append(errs, &phone.FieldError{Field: field, Message: message}) }

	base, err := phone.BaseURL(c.BaseURL)
	if err != nil {
		bad("baseUrl", err.Error())
	} else {
		c.BaseURL = base.String()
	}
	c.CACertificate = strings.TrimSpace(c.CACertificate)
	if c.Username, err = phone.Username(c.Username); err != nil {
		bad("username", err.Error())
	}
	switch c.Auth {
	case "", AuthAuto, AuthAPIClient, AuthUser:
	default:
		bad("auth", "must be one of: auto, api_client, user")
	}
	if err := phone.CheckKiBps("maxDownloadKiBps", c.MaxDownloadKiBps); err != nil {
		errs = append(errs, err)
	}
	if c.MinDurationSec < 0 || c.MinDurationSec > 86400 {
		bad("minDurationSec", "must be 0 to 86400")
	}
	if len(c.Extensions) > phone.MaxListed {
		bad("extensions", "must be at most 500 numbers")
	}
	return c, errors.Join(errs...)
}

// A filter is what a Config leaves out.
type filter struct {
	internal   bool // is wanted
	least      time.Duration
	extensions map[string]bool // empty: all
}

func (c Config) filter() filter {
	f := filter{
		internal: c.ImportInternal, least: time.Duration(c.MinDurationSec) * time.Second,
		extensions: make(map[string]bool, len(c.Extensions)),
	}
	for _, e := range c.Extensions {
		f.extensions[plainNumber(e)] = true
	}
	return f
}

// skip returns why a call is left out, or nothing.
func (f filter) skip(c phone.Call) string {
	switch {
	case c.Direction == phone.Internal && !f.internal:
		return phone.SkipInternal
	case c.Duration < f.least:
		return phone.SkipShort
	case len(f.extensions) > 0 && !f.extensions[c.AgentNumber]:
		return phone.SkipLine
	}
	return ""
}
