package egress_test

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app/egress"
)

// secureServer is a server whose certificate nobody vouches for, and that
// certificate.
func secureServer(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
}

func TestTrusting(t *testing.T) {
	is := is.New(t)
	srv, ca := secureServer(t)
	clients := egress.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}.Clients(egress.Webhook, 0)
	get := func(ca, url string) error {
		t.Helper()
		client, err := clients.Trusting(ca)
		is.NoErr(err)
		res, err := client.Get(url)
		if err == nil {
			err = res.Body.Close()
		}
		return err
	}
	is.True(get("", srv.URL) != nil) // nobody vouches for it
	is.NoErr(get(ca, srv.URL))
	is.True(get("", srv.URL) != nil)                                               // that is for who was told to trust it alone
	is.True(get(ca, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)) != nil) // names are still checked
	one, err := clients.Trusting(ca)
	is.NoErr(err)
	two, err := clients.Trusting(ca)
	is.NoErr(err)
	is.True(one == two) // the same, with its connections

	closed, err := egress.Policy{}.Clients(egress.Webhook, 0).Trusting(ca)
	is.NoErr(err)
	var refused *egress.Refused
	_, err = closed.Get(srv.URL)
	is.True(errors.As(err, &refused)) // whom it trusts says nothing of where it may go
}

func TestCheckCA(t *testing.T) {
	is := is.New(t)
	_, ca := secureServer(t)
	is.NoErr(egress.CheckCA(""))
	is.NoErr(egress.CheckCA("Bag Attributes\n" + ca + ca)) // with what tools write between
	for _, tt := range []struct{ name, text string }{
		{"words", "trust me"},
		{"a key among them", ca + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
		{"no certificate inside", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
		{"too much", strings.Repeat(ca, egress.MaxCA/len(ca)+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is.New(t).True(errors.Is(egress.CheckCA(tt.text), egress.ErrCA))
		})
	}
}
