package dtac

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"crk/app/phone"
)

// guard is the transport under a client, through next.
func (s *settings) guard(next http.RoundTripper) http.RoundTripper {
	return phone.Guard(s.base, next, s.allows)
}

// allows reports whether a request is the sign-in or reads one of the configured
// paths.
func (s *settings) allows(method, path string) bool {
	switch method {
	case http.MethodGet:
		return path == pathOf(s.list) || s.mediaShape.MatchString(path)
	case http.MethodPost:
		return path == pathOf(s.login)
	}
	return false
}

// mediaShape matches the media path with a call's id in its place.
func mediaShape(media string) *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pathOf(media)), `\{id\}`, idShape) + "$")
}

// pathOf is the path of a configured one, which may have a query.
func pathOf(local string) string {
	u, err := url.Parse(local) // was checked by Normalized
	if err != nil {
		return ""
	}
	return u.Path
}
