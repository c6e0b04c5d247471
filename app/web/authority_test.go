package web_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/ai/aitest"
	"crk/app/certs"
	"crk/app/phone/phonetest"
)

// secured starts a server for 127.0.0.1 whose certificate the machine does not
// trust. It returns its address and that certificate as PEM.
func secured(t *testing.T, h http.Handler) (url, ca string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshakes are meant
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}))
}

// stranger is an authority that signed nothing here.
func stranger(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if _, err := certs.Self(dir); err != nil {
		t.Fatal("make an authority:", err)
	}
	b, err := os.ReadFile(filepath.Join(dir, certs.AuthorityFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// byName is an address by a name that is not in the server's certificate.
func byName(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

func TestTheAuthorityOfAPhoneSystem(t *testing.T) {
	for _, tt := range []struct {
		kind   string
		system func(*phoneServer) http.Handler
	}{
		{app.SourceDTAC, func(p *phoneServer) http.Handler { return p.sim }},
		{app.SourceThreeCX, func(*phoneServer) http.Handler {
			pbx := phonetest.NewThreeCX()
			pbx.AddClient(phoneUser, phonePassword)
			return pbx
		}},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			is := is.New(t)
			p := newPhoneServer(t, "127.0.0.0/8")
			url, ca := secured(t, tt.system(p))
			body := func(url string, ca any) map[string]any {
				return map[string]any{"kind": tt.kind, "name": "Own", "config": p.config("baseUrl", url, "caCertificate", ca)}
			}
			try := func(url, ca string) map[string]any {
				t.Helper()
				return p.call(t, "POST", providersPath+"/test", p.key, body(url, ca)).json(t)
			}
			none := try(url, "")
			is.Equal(none["error"], "tls")
			is.True(strings.Contains(none["message"].(string), "config.caCertificate")) // the advice names the setting
			is.Equal(try(url, stranger(t))["error"], "tls")
			is.Equal(try(byName(url), ca)["error"], "tls") // names are still checked
			is.Equal(try(url, ca)["ok"], true)

			for _, wrong := range []any{"trust me", ca + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 5} {
				a := p.call(t, "POST", providersPath, p.key, body(url, wrong))
				is.Equal(a.status, 422)
				is.True(strings.Contains(a.body, `"config.caCertificate"`))
			}
			p.keepsTheAuthority(t, body(url, ca), ca)
		})
	}
}

// keepsTheAuthority goes on with an integration that is saved with an authority.
func (p *phoneServer) keepsTheAuthority(t *testing.T, body map[string]any, ca string) {
	t.Helper()
	is := is.New(t)
	created := p.call(t, "POST", providersPath, p.key, body)
	is.Equal(created.status, 201)
	v := created.json(t)
	path := providersPath + "/" + v["id"].(string)
	is.Equal(v["config"].(map[string]any)["caCertificate"], strings.TrimSpace(ca)) // it is no secret
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true)
	is.Equal(p.call(t, "POST", path+"/default", p.key, nil).status, 200)
	is.Equal(p.lastSync(t, path)["status"], "succeeded")

	change := func(config map[string]any) answer {
		t.Helper()
		return p.call(t, "PATCH", path, p.key, map[string]any{"config": config})
	}
	is.Equal(change(map[string]any{"syncIntervalMinutes": 30}).status, 200)
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["ok"], true) // a change of something else leaves it
	other := stranger(t)
	refused := change(map[string]any{"caCertificate": other})
	is.Equal(refused.status, 422)
	is.True(strings.Contains(refused.body, `"config.password"`)) // nobody is given the password by vouching for themselves
	is.Equal(change(map[string]any{"caCertificate": other, "password": phonePassword}).status, 200)
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["error"], "tls")
	gone := change(map[string]any{"caCertificate": ""})
	is.Equal(gone.status, 200)
	is.True(!strings.Contains(gone.body, "caCertificate"))
	is.Equal(p.call(t, "POST", path+"/test", p.key, nil).json(t)["error"], "tls") // trusted no longer than it is set
}

func TestTheAuthorityInAFormOfAPhoneSystem(t *testing.T) {
	is := is.New(t)
	p := newPhoneServer(t, "127.0.0.0/8")
	url, ca := secured(t, p.sim)
	b := p.enter(t, "owner@example.com")
	says(t, b.post(t, "/settings/providers/try", p.providerFields("baseUrl", url)...), "add its authority under Advanced")
	says(t, b.post(t, "/settings/providers/try", p.providerFields("baseUrl", url, "caCertificate", ca)...), "Login accepted")
	wrong := b.post(t, "/settings/providers", p.providerFields("baseUrl", url, "caCertificate", "trust me")...)
	is.Equal(wrong.status, 422)
	says(t, wrong, "This is no certificate in PEM form")
	b.follow(t, "/settings/providers", p.providerFields("baseUrl", url, "caCertificate", strings.ReplaceAll(ca, "\n", "\r\n"))...)
	list, _, err := p.Providers(t.Context(), p.Business.ID, 10, 0)
	is.NoErr(err)
	path := "/settings/providers/" + list[0].ID
	is.True(strings.Contains(b.get(t, path).body, "BEGIN CERTIFICATE"))
	b.follow(t, path, p.providerFields("baseUrl", url, "password", "", "caCertificate", ca)...) // the password stays while the authority does
	says(t, b.post(t, path+"/test"), "Login accepted")
	b.follow(t, path, p.providerFields("baseUrl", url, "password", "", "caCertificate", "")...) // an emptied field takes it away
	says(t, b.post(t, path+"/test"), "TLS certificate does not serve")
}

func TestTheAuthorityOfAnAIServer(t *testing.T) {
	is := is.New(t)
	s := newPages(t, openLoopback)
	url, ca := secured(t, aitest.New(aitest.Dialogues()[0]))
	b := s.enter(t, "owner@example.com")
	path := aiPath + "/analysis"
	try := func(url, ca string) answer {
		t.Helper()
		return b.post(t, path+"/try", "url", url, "key", "sk-own", "ca", ca)
	}
	const untrusted = "The server's certificate is not trusted"
	says(t, try(url, ""), untrusted)
	says(t, try(url, ""), "Certificate authority (CA)") // the advice names the field
	says(t, try(url, stranger(t)), untrusted)
	says(t, try(byName(url), ca), untrusted) // names are still checked
	says(t, try(url, ca), "Answers keep to a JSON schema, strictly")

	wrong := b.post(t, path, "url", url, "key", "sk-own", "ca", "trust me")
	is.Equal(wrong.status, 422)
	says(t, wrong, "This is no certificate in PEM form")
	b.follow(t, path, "url", url, "key", "sk-own", "ca", strings.ReplaceAll(ca, "\n", "\r\n")) // as browsers send it
	is.True(strings.Contains(b.get(t, path).body, "BEGIN CERTIFICATE"))
	says(t, b.post(t, path+"/test"), "The server answers and takes the key") // the one that is saved
	b.follow(t, path, "url", url, "ca", ca, "model", "mind-9")               // the key stays while the authority does
	other := b.post(t, path, "url", url, "ca", stranger(t))
	is.Equal(other.status, 422)
	says(t, other, "another certificate authority: give its key") // nobody is given the key by vouching for themselves
	b.follow(t, path, "url", url, "ca", "")
	says(t, b.post(t, path+"/test"), untrusted) // no longer than it is set
}
