package dtac

import "net/http"

// Guard is the transport under a client with cfg, through next.
func Guard(cfg Config, next http.RoundTripper) (http.RoundTripper, error) {
	cfg, err := cfg.Normalized()
	if err != nil {
		return nil, err
	}
	s, err := cfg.resolve()
	return s.guard(next), err
}
