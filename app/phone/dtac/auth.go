package dtac

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"crk/app/phone"
)

// The ways in which user name and password are sent at the sign-in.
const (
	LoginBasic = "basic" // in a header, as HTTP has it
	LoginJSON  = "json"  // as an object {"username":…, "password":…} in the body
)

// tokenPlace stands for the token in a header's value.
const tokenPlace = "{token}"

var (
	headerName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$")
	headerValue = regexp.MustCompile(`^[ -~]{1,200}$`)
	fieldPath   = regexp.MustCompile(`^[^.\s]+(\.[^.\s]+){0,9}$`)
)

// ownHeaders are those that HTTP itself needs.
var ownHeaders = map[string]bool{"Host": true, "Connection": true, "Content-Length": true, "Transfer-Encoding": true, "Te": true, "Trailer": true, "Upgrade": true}

// checkSignIn returns what is wrong with the fields about the sign-in and its token.
func (c Config) checkSignIn() (errs []error) {
	bad := func(field, message string) { errs = append(errs, &phone.FieldError{Field: field, Message: message}) }
	switch c.LoginAuth {
	case "", LoginBasic:
		if strings.Contains(c.Username, ":") {
			bad("username", "must not hold a colon") // Basic authentication would end it there
		}
	case LoginJSON:
	default:
		bad("loginAuth", "must be basic or json")
	}
	if c.TokenField != "" && !fieldPath.MatchString(c.TokenField) {
		bad("tokenField", "must be the name of a field of the login's answer, or a path to it with dots, such as data.token")
	}
	if _, ok := readTokenHeader(c.TokenHeader); c.TokenHeader != "" && !ok {
		bad("tokenHeader", "must be the name of a header, or name and value with {token} in it once, such as Authorization: Bearer {token}")
	}
	return errs
}

// A tokenHeader says how a token is sent.
type tokenHeader struct {
	name  string
	value string // with {token}
}

// readTokenHeader reads "Authorization", where the token goes bare, or
// "Authorization: Bearer {token}".
func readTokenHeader(s string) (h tokenHeader, ok bool) {
	name, value, given := strings.Cut(s, ":")
	h = tokenHeader{strings.TrimSpace(name), strings.TrimSpace(value)}
	if !given {
		h.value = tokenPlace
	}
	ok = headerName.MatchString(h.name) && !ownHeaders[http.CanonicalHeaderKey(h.name)] &&
		headerValue.MatchString(h.value) && strings.Count(h.value, tokenPlace) == 1
	return h, ok
}

// sign puts a token into a request.
func (h tokenHeader) sign(req *http.Request, token string) {
	req.Header.Set(h.name, strings.Replace(h.value, tokenPlace, token, 1))
}

// tokenAt is the token in a field of an answer, which may be a path; empty where
// there is none.
func tokenAt(answer map[string]json.RawMessage, field string) (token string) {
	if raw, there := answer[field]; there {
		if json.Unmarshal(raw, &token) != nil || !tokenShape.MatchString(token) {
			return ""
		}
		return token
	}
	name, rest, path := strings.Cut(field, ".")
	var inner map[string]json.RawMessage
	if !path || json.Unmarshal(answer[name], &inner) != nil {
		return ""
	}
	return tokenAt(inner, rest)
}
