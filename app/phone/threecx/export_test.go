package threecx

import (
	"net/http"
	"net/url"
)

// Guard is the transport under a client at base.
func Guard(base *url.URL, next http.RoundTripper) http.RoundTripper { return &guard{base, next} }
