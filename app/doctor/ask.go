package doctor

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"crk/app/config"
)

// Ask asks the appliance of these settings, on this machine, for a path. token is
// sent where it is not empty. The caller closes the answer's body.
func Ask(ctx context.Context, c config.Config, path, token string) (*http.Response, error) {
	scheme := "http"
	if c.TLS.Cert != "" || c.TLS.Self {
		scheme = "https"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+reachable(c.Listen)+path, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{
		Timeout: 15 * time.Second,
		// It is this machine, asked by an address that its certificate need not name.
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return client.Do(req)
}
