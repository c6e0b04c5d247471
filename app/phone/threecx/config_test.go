package threecx_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/threecx"
)

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  threecx.Config
		want string // the field refused
	}{
		{"the least", threecx.Config{BaseURL: "pbx.example.com", Username: "u"}, ""},
		{"a way to sign in", threecx.Config{BaseURL: "pbx.example.com", Username: "u", Auth: "user"}, ""},
		{"no address", threecx.Config{Username: "u"}, "baseUrl"},
		{"not an address", threecx.Config{BaseURL: "ftp://x", Username: "u"}, "baseUrl"},
		{"no user name", threecx.Config{BaseURL: "pbx.example.com", Username: " "}, "username"},
		{"no such way to sign in", threecx.Config{BaseURL: "pbx.example.com", Username: "u", Auth: "sso"}, "auth"},
		{"minimum", threecx.Config{BaseURL: "pbx.example.com", Username: "u", MinDurationSec: -1}, "minDurationSec"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := tt.cfg.Normalized()
			field := ""
			if e, ok := errors.AsType[*phone.FieldError](err); ok {
				field = e.Field
			}
			is.Equal(field, tt.want) // the field at fault is named
			_, newErr := threecx.New(tt.cfg, http.DefaultClient)
			is.Equal(newErr == nil, err == nil) // New refuses the same
		})
	}
	is := is.New(t)
	cfg, err := threecx.Config{BaseURL: "https://ACME.3cx.co/webclient/#/office", Username: "u"}.Normalized()
	is.NoErr(err)
	is.Equal(cfg.BaseURL, "https://acme.3cx.co") // however it was pasted
}
