package syncer

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"crk/app"
	"crk/app/phone"
	"crk/app/phone/dtac"
	"crk/app/phone/threecx"
)

// A Kind is a kind of phone system that integrations are made of.
type Kind struct {
	// Read checks settings as people give them and brings them into the form in
	// which they are kept. The error is an Invalid [app.Error].
	Read func(config json.RawMessage) (Settings, error)

	// Open makes a source of settings that Read returned. It asks nothing yet.
	Open func(config json.RawMessage, secret app.Secret, client *http.Client) (phone.Source, error)

	// Reuses says that such a system may give an id a second time, to another call:
	// after it was set up anew or restored. A call's start tells the two apart.
	Reuses bool
}

// Settings are those of a phone integration, checked.
type Settings struct {
	Config   json.RawMessage // without the secret
	Secret   app.Secret      // empty where none was given
	BaseURL  string
	Username string
	Host     string // of BaseURL, with its port unless it is the scheme's own
}

// Kinds is the table of phone systems: a new connector is added here, and to the
// domain's list of sources.
func Kinds() map[string]Kind {
	return map[string]Kind{
		app.SourceDTAC:    DTAC(),
		app.SourceThreeCX: ThreeCX(),
	}
}

// DTAC is the kind of DTAC OneCall and other OrkTracks. The options are for all
// its sources.
func DTAC(options ...dtac.Option) Kind {
	return Kind{
		Read: readDTAC,
		Open: func(config json.RawMessage, secret app.Secret, client *http.Client) (phone.Source, error) {
			var c dtac.Config
			if err := json.Unmarshal(config, &c); err != nil {
				return nil, err
			}
			c.Password = secret.Reveal()
			return dtac.New(c, client, options...)
		},
	}
}

func readDTAC(config json.RawMessage) (Settings, error) {
	var c dtac.Config
	problems := readConfig(config, &c)
	c, err := c.Normalized()
	password := c.Password
	c.Password = ""
	return newSettings(problems, err, c.BaseURL, c.Username, password, c)
}

// ThreeCX is the kind of 3CX. The options are for all its sources.
func ThreeCX(options ...threecx.Option) Kind {
	return Kind{
		Read: readThreeCX,
		Open: func(config json.RawMessage, secret app.Secret, client *http.Client) (phone.Source, error) {
			var c threecx.Config
			if err := json.Unmarshal(config, &c); err != nil {
				return nil, err
			}
			c.Password = secret.Reveal()
			return threecx.New(c, client, options...)
		},
		Reuses: true,
	}
}

func readThreeCX(config json.RawMessage) (Settings, error) {
	var c threecx.Config
	problems := readConfig(config, &c)
	c, err := c.Normalized()
	password := c.Password
	c.Password = ""
	return newSettings(problems, err, c.BaseURL, c.Username, password, c)
}

// newSettings are those of a connector's config, which is given without the
// password, unless something was wrong with its JSON or its fields.
func newSettings(problems app.Problems, wrong error, baseURL, username, password string, config any) (Settings, error) {
	if utf8.RuneCountInString(password) > phone.MaxPassword {
		problems.Add("config.password", "Use at most %d characters.", phone.MaxPassword)
	}
	if err := withFields(problems, wrong).Err(); err != nil {
		return Settings{}, err
	}
	u, err := url.Parse(baseURL)
	if err != nil {
		return Settings{}, err
	}
	b, err := json.Marshal(config)
	return Settings{Config: b, Secret: app.Secret(password), BaseURL: baseURL, Username: username, Host: u.Host}, err
}

// Preview says in a few words whose sign-in at which phone system an integration
// is, as "apiuser @ pbx.example.com".
func Preview(p app.Provider) string {
	var c struct{ BaseURL, Username string }
	host := p.Host
	if json.Unmarshal(p.Config, &c) == nil {
		if u, err := url.Parse(c.BaseURL); err == nil && u.Host != "" {
			host = u.Host
		}
	}
	return c.Username + " @ " + host
}

// Authority is the certificate authority, PEM text, that settings of any kind
// name; empty where they name none.
func Authority(config json.RawMessage) string {
	var c struct{ CACertificate string }
	_ = json.Unmarshal(config, &c) // what is no text is refused where settings are read
	return strings.TrimSpace(c.CACertificate)
}

// SameCalls reports whether under two settings of an integration the same calls are
// listed and let in: they differ in nothing, or only in how the system is trusted and
// asked. Of a setting that is not known here it is not taken for granted.
func SameCalls(was, is json.RawMessage) bool {
	return listed(was) == listed(is)
}

// listed are the settings that may decide which calls are listed and let in, as JSON
// with its keys in order.
func listed(config json.RawMessage) string {
	var all map[string]any
	if json.Unmarshal(config, &all) != nil {
		return string(config)
	}
	for _, asked := range []string{"caCertificate", "pageSize", "maxDownloadKiBps"} {
		delete(all, asked)
	}
	if all["auth"] == "auto" { // as when it is not given
		delete(all, "auth")
	}
	b, _ := json.Marshal(all) // it was JSON
	return string(b)
}

// readConfig reads the JSON of settings into v: what can be read of them, and what
// is wrong with the first that cannot.
func readConfig(config json.RawMessage, v any) (problems app.Problems) {
	err := json.Unmarshal(config, v)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		problems.Add("config."+wrong.Field, "This must be %s.", wanted(wrong.Type))
	} else if err != nil {
		problems.Add("config", "This must be an object.")
	}
	return problems
}

// wanted names what JSON is to hold for a type of Go.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list of texts"
	}
	return "an object of texts"
}

// withFields adds what a connector says of its fields to what is known to be wrong.
// Of one field the first is said: what cannot be read is missing too.
func withFields(problems app.Problems, err error) app.Problems {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		field, ok := errors.AsType[*phone.FieldError](err)
		switch {
		case err == nil:
		case !ok:
			problems.Add("config", "%s.", sentence(err.Error()))
		case !slices.ContainsFunc(problems, func(f app.Field) bool { return f.Name == "config."+field.Field || f.Name == "config" }):
			problems.Add("config."+field.Field, "This %s.", field.Message)
		}
	}
	return problems
}

// sentence begins a text with a capital letter.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return strings.TrimSuffix(string(unicode.ToUpper(r))+s[n:], ".")
}
