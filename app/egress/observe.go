package egress

import (
	"net/http"
	"strconv"
	"time"
)

// String names a class.
func (c Class) String() string {
	switch c {
	case Webhook:
		return "webhook"
	case Phone:
		return "phone"
	case AI:
		return "ai"
	default:
		return "operator"
	}
}

// An observed transport tells how long each request took until its answer began.
type observed struct {
	http.RoundTripper
	class Class
	tell  func(class, outcome string, took time.Duration)
}

// RoundTrip implements http.RoundTripper.
func (o observed) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := o.RoundTripper.RoundTrip(req)
	outcome := "error"
	if err == nil {
		outcome = strconv.Itoa(res.StatusCode/100) + "xx"
	}
	o.tell(o.class.String(), outcome, time.Since(began))
	return res, err
}

// CloseIdleConnections hands on what [http.Client.CloseIdleConnections] asks.
func (o observed) CloseIdleConnections() {
	if c, ok := o.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
