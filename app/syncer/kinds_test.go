package syncer_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/matryer/is"

	"crk/app"
	"crk/app/phone"
	"crk/app/syncer"
)

func TestSettings(t *testing.T) {
	is := is.New(t)
	e := syncer.New(syncer.Options{})
	s, err := e.Read(app.SourceDTAC, json.RawMessage(`{"baseUrl":"PBX.example.com:8443/orkui/","username":"nok","password":"pw","pageSize":50,"unknown":1}`))
	is.NoErr(err)
	is.Equal(s.BaseURL, "https://pbx.example.com:8443")
	is.Equal(s.Host, "pbx.example.com:8443")
	is.Equal(s.Username, "nok")
	is.Equal(s.Secret.Reveal(), "pw")
	is.Equal(string(s.Config), `{"baseUrl":"https://pbx.example.com:8443","username":"nok","pageSize":50}`) // without the secret

	s, err = e.Read(app.SourceDTAC, json.RawMessage(`{"username":"nok"}`))
	is.NoErr(err)
	is.Equal(s.Host, "onecallvoicerecord.dtac.co.th") // DTAC's own, where none is given
	is.Equal(s.Secret, app.Secret(""))

	s, err = e.Read(app.SourceThreeCX, json.RawMessage(`{"baseUrl":"ACME.3cx.co:5001/webclient/#/office","username":"reader","password":"key","auth":"api_client"}`))
	is.NoErr(err)
	is.Equal(s.Host, "acme.3cx.co:5001")
	is.Equal(s.Username, "reader")
	is.Equal(s.Secret.Reveal(), "key")
	is.Equal(string(s.Config), `{"baseUrl":"https://acme.3cx.co:5001","username":"reader","auth":"api_client"}`)
}

func TestSettingsThatAreWrong(t *testing.T) {
	for _, tt := range []struct {
		name, kind, config string
		fields             []string
	}{
		{"nothing of 3CX", app.SourceThreeCX, `{}`, []string{"config.baseUrl", "config.username"}},
		{"an odd way to sign in", app.SourceThreeCX, `{"baseUrl":"pbx.example.com","username":"u","auth":"sso"}`, []string{"config.auth"}},
		{"a wrong type of 3CX", app.SourceThreeCX, `{"baseUrl":"pbx.example.com","username":"u","extensions":"116"}`, []string{"config.extensions"}},
		{"no such kind", "avaya", `{}`, []string{"kind"}},
		{"nothing", app.SourceDTAC, `{}`, []string{"config.username"}},
		{"everything at once", app.SourceDTAC, `{"baseUrl":"ftp://x","pageSize":-1}`, []string{"config.baseUrl", "config.username", "config.pageSize"}},
		{"a wrong type", app.SourceDTAC, `{"username":5}`, []string{"config.username"}},
		{"no object", app.SourceDTAC, `[]`, []string{"config"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := syncer.New(syncer.Options{}).Read(tt.kind, json.RawMessage(tt.config))
			is.True(app.IsKind(err, app.Invalid))
			e, _ := errors.AsType[*app.Error](err)
			var fields []string
			for _, f := range e.Fields {
				fields = append(fields, f.Name)
			}
			is.Equal(fields, tt.fields)
		})
	}
}

func TestProbe(t *testing.T) {
	is := is.New(t)
	r := newRig(t, nil)
	s, err := r.engine.Read(app.SourceDTAC, json.RawMessage(`{"baseUrl":"`+r.url+`","username":"`+user+`","password":"wrong"}`))
	is.NoErr(err)
	_, err = r.engine.Probe(t.Context(), app.SourceDTAC, s)
	is.Equal(phone.KindOf(err), phone.Credentials)
	s.Secret = password
	r.record(r.Clock.Now().AddDate(0, 0, -3), 4)
	report, err := r.engine.Probe(t.Context(), app.SourceDTAC, s)
	is.NoErr(err)
	is.Equal(report.RecordingsSeen, 4)
	is.True(report.Passed(phone.StepAudio)) // it was heard too
	_, err = r.engine.Probe(t.Context(), "avaya", s)
	is.True(app.IsKind(err, app.Invalid))
}

func TestSettingsThatHaveTheSameCallsListed(t *testing.T) {
	for _, tt := range []struct {
		name, was, is string
		want          bool
	}{
		{"nothing changed", `{"username":"a","pageSize":5}`, `{"pageSize":5, "username":"a"}`, true},
		{"only how it is asked and trusted", `{"username":"a"}`, `{"username":"a","pageSize":5,"caCertificate":"x","maxDownloadKiBps":64}`, true},
		{"how to sign in, as without saying", `{"username":"a"}`, `{"username":"a","auth":"auto"}`, true},
		{"internal calls", `{"username":"a"}`, `{"username":"a","importInternal":true}`, false},
		{"a shorter least duration", `{"minDurationSec":30}`, `{"minDurationSec":3}`, false},
		{"another line", `{"localPartyAllow":["1"]}`, `{"localPartyAllow":["1","2"]}`, false},
		{"an extension less", `{"extensions":["1","2"]}`, `{"extensions":["1"]}`, false},
		{"another user, who may see others", `{"username":"a"}`, `{"username":"b"}`, false},
		{"a setting of later", `{}`, `{"queue":"sales"}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(syncer.SameCalls(json.RawMessage(tt.was), json.RawMessage(tt.is)), tt.want)
		})
	}
}
