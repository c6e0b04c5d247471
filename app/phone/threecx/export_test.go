package threecx

import (
	"net/http"
	"net/url"

	"crk/app/phone"
)

// Guard is the transport under a client at base.
func Guard(base *url.URL, next http.RoundTripper) http.RoundTripper {
	return phone.Guard(base, next, allows)
}
