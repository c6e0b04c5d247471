package syncer_test

import (
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/egress"
	"crk/app/phone/dtac"
	"crk/app/syncer"
	"crk/store"
	"crk/store/storetest"
)

// TestAuthorityOfItsOwn: lists and recordings come from a phone system whose
// certificate the authority of the integration signed, and from no other.
func TestAuthorityOfItsOwn(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	secure := httptest.NewUnstartedServer(r.sim)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshake is meant
	secure.StartTLS()
	t.Cleanup(secure.Close)
	policy := egress.Policy{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	r.engine = syncer.New(syncer.Options{
		DB: r.Store, Audio: r.audio, Log: slog.New(slog.DiscardHandler), Client: policy.Clients(egress.Phone, 0).Trusting,
	})
	r.record(storetest.Start.Add(-time.Hour), 2)

	r.provider = r.integrate(func(c *dtac.Config) { c.BaseURL = secure.URL })
	is.Equal(r.sync(store.CauseManual).Error, "tls") // nobody vouches for it
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	config := strings.Replace(string(r.provider.Config), "{", `{"caCertificate":"`+strings.ReplaceAll(ca, "\n", `\n`)+`",`, 1)
	var err error
	r.provider, err = r.PatchProvider(t.Context(), r.Business.ID, r.provider.ID, store.ProviderPatch{Config: []byte(config)})
	is.NoErr(err)
	is.Equal(r.sync(store.CauseManual).Imported, 2)
	is.Equal(r.fetch(), 0)
	r.complete(2)
}
