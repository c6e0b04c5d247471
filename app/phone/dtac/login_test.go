package dtac_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
)

func TestSignInsOfOtherInstallations(t *testing.T) {
	const token = "a1b2c3d4-0000"
	for _, tt := range []struct {
		name   string
		cfg    dtac.Config
		answer string // of the sign-in
		body   string // that it is sent
		basic  bool
		header string // that carries the token later
		value  string
	}{
		{"DTAC's", dtac.Config{}, `{"accesstoken":"` + token + `"}`, "", true, "Authorization", token},
		{"an object", dtac.Config{LoginAuth: dtac.LoginJSON}, `{"accesstoken":"` + token + `"}`,
			`{"password":"` + password + `","username":"` + user + `"}`, false, "Authorization", token},
		{"a field of its own", dtac.Config{TokenField: "key"}, `{"key":"` + token + `","token":"another-one"}`, "", true, "Authorization", token},
		{"a field further down", dtac.Config{TokenField: "data.session.token"}, `{"data":{"session":{"token":"` + token + `"}}}`, "", true, "Authorization", token},
		{"a field with a dot in its name", dtac.Config{TokenField: "data.token"}, `{"data.token":"` + token + `","data":{"token":"another-one"}}`, "", true, "Authorization", token},
		{"a usual field in place of the one named", dtac.Config{TokenField: "data.token"}, `{"data":7,"access_token":"` + token + `"}`, "", true, "Authorization", token},
		{"a header of its own", dtac.Config{TokenHeader: "X-Token"}, `{"token":"` + token + `"}`, "", true, "X-Token", token},
		{"a value around the token", dtac.Config{TokenHeader: "Authorization: Bearer {token};v=1"}, `{"token":"` + token + `"}`, "", true, "Authorization", "Bearer " + token + ";v=1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					is.Equal(r.Header.Get(tt.header), tt.value) // the token, as it is wanted
					_, _ = io.WriteString(w, `[]`)
					return
				}
				body, err := io.ReadAll(r.Body)
				is.NoErr(err)
				is.Equal(string(body), tt.body)
				name, secret, basic := r.BasicAuth()
				is.Equal(basic, tt.basic)
				is.True(!basic || name == user && secret == password)
				is.Equal(r.Header.Get("Content-Type"), "application/json")
				_, _ = io.WriteString(w, tt.answer)
			}))
			t.Cleanup(srv.Close)
			tt.cfg.BaseURL, tt.cfg.Username, tt.cfg.Password = srv.URL, user, password
			client, err := dtac.New(tt.cfg, srv.Client(), dtac.WithSleep(noSleep))
			is.NoErr(err)
			_, _, err = list(t, client)
			is.NoErr(err)
		})
	}
}

func TestATokenThatIsNone(t *testing.T) {
	for _, answer := range []string{
		`{}`, `{"data":{}}`, `{"data":{"token":7}}`, `{"data":[{"token":"a1b2c3d4-0000"}]}`, `{"data":{"token":"two lines\r\nHost: x"}}`, `{"data":null}`, `[]`,
	} {
		t.Run(answer, func(t *testing.T) {
			is := is.New(t)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
			t.Cleanup(srv.Close)
			client, err := dtac.New(dtac.Config{BaseURL: srv.URL, Username: user, Password: password, TokenField: "data.token"}, srv.Client())
			is.NoErr(err)
			_, err = client.Probe(t.Context())
			is.Equal(phone.KindOf(err), phone.Unexpected)
		})
	}
}
