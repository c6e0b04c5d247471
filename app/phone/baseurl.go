package phone

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// maxHost is how long a name on the internet can be (RFC 1035, 2.3.4), as text.
const maxHost = 253

var errNoAddress = errors.New("must be the address of the phone system, as https://pbx.example.com")

// pastedPaths begin the pages that people copy their phone system's address from.
// They belong to its user interface and not to the base.
var pastedPaths = []string{"/orkui", "/orkweb", "/orktrack", "/webclient"}

// BaseURL reads a phone system's address as people paste it: a bare host means
// https, the path of a page of its user interface is cut off, and so are query,
// fragment, a trailing slash and the scheme's own port. The same system gives the
// same URL however it was pasted. The error's text, which completes "This …", is for
// the person who typed.
func BaseURL(pasted string) (*url.URL, error) {
	s := strings.TrimSpace(pasted)
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(u.Host, " \t") {
		return nil, errNoAddress
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("must begin with https:// or http://")
	}
	if u.User != nil {
		return nil, errors.New("must not hold a user name or password")
	}
	if len(u.Hostname()) > maxHost {
		return nil, errors.New("must have a host name of at most 253 characters")
	}
	if n, err := strconv.Atoi(u.Port()); u.Port() != "" && (err != nil || n < 1 || n > 65535) {
		return nil, errors.New("must have a port from 1 to 65535, or none")
	}
	return &url.URL{Scheme: u.Scheme, Host: host(u), Path: basePath(u.Path)}, nil
}

// host returns u's host in lower case, with its port unless it is the scheme's own.
func host(u *url.URL) string {
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" || u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return name
	}
	return net.JoinHostPort(name, port)
}

// basePath cuts p where a page of a user interface begins.
func basePath(p string) string {
	for _, page := range pastedPaths {
		if i := strings.Index(strings.ToLower(p), page); i >= 0 {
			p = p[:i]
		}
	}
	return strings.TrimRight(p, "/")
}
