package dtac_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/matryer/is"

	"crk/app/phone"
	"crk/app/phone/dtac"
)

func TestConfig(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  dtac.Config
		want string // the fields refused
	}{
		{"the least", dtac.Config{Username: "u"}, ""},
		{"no user name", dtac.Config{}, "username"},
		{"colon in the user name", dtac.Config{Username: "a:b"}, "username"},
		{"colon in the user name of an object", dtac.Config{Username: "a:b", LoginAuth: dtac.LoginJSON}, ""},
		{"no such way to sign in", dtac.Config{Username: "u", LoginAuth: "digest"}, "loginAuth"},
		{"token in a path", dtac.Config{Username: "u", TokenField: "data.token"}, ""},
		{"token nowhere", dtac.Config{Username: "u", TokenField: "data..token"}, "tokenField"},
		{"token in an expression", dtac.Config{Username: "u", TokenField: "data[0] .token"}, "tokenField"},
		{"header by its name", dtac.Config{Username: "u", TokenHeader: "X-Token"}, ""},
		{"header with a value", dtac.Config{Username: "u", TokenHeader: "Authorization: Bearer {token}"}, ""},
		{"header that is two", dtac.Config{Username: "u", TokenHeader: "X-Token: {token}\r\nHost: evil.invalid"}, "tokenHeader"},
		{"header without the token", dtac.Config{Username: "u", TokenHeader: "Authorization: Bearer"}, "tokenHeader"},
		{"header with the token twice", dtac.Config{Username: "u", TokenHeader: "Authorization: {token} {token}"}, "tokenHeader"},
		{"header of HTTP's own", dtac.Config{Username: "u", TokenHeader: "host: {token}"}, "tokenHeader"},
		{"header that is none", dtac.Config{Username: "u", TokenHeader: "My token"}, "tokenHeader"},
		{"not an address", dtac.Config{Username: "u", BaseURL: "ftp://x"}, "baseUrl"},
		{"path to another host", dtac.Config{Username: "u", ListPath: "//evil.invalid/x"}, "listPath"},
		{"path that climbs", dtac.Config{Username: "u", RestPrefix: "/orktrack/../admin"}, "restPrefix"},
		{"media path without an id", dtac.Config{Username: "u", MediaPath: "/media"}, "mediaPath"},
		{"media path with an id in its query alone", dtac.Config{Username: "u", MediaPath: "/media?id={id}"}, "mediaPath"},
		{"no such zone", dtac.Config{Username: "u", TimeZone: "Asia/Bangkong"}, "timeZone"},
		{"date format of another language", dtac.Config{Username: "u", DateFormat: "yyyyMMdd_HHmmss"}, "dateFormat"},
		{"date format without seconds", dtac.Config{Username: "u", DateFormat: "20060102_1504"}, "dateFormat"},
		{"date format of twelve hours", dtac.Config{Username: "u", DateFormat: "20060102_030405"}, "dateFormat"},
		{"date format with month and day alike", dtac.Config{Username: "u", DateFormat: "20060101_150405"}, "dateFormat"},
		{"date format without a date", dtac.Config{Username: "u", DateFormat: "15:04:05"}, "dateFormat"},
		{"date format with dashes", dtac.Config{Username: "u", DateFormat: "2006-01-02T15:04:05"}, ""},
		{"date format of twelve hours and a half of the day", dtac.Config{Username: "u", DateFormat: "2006-01-02 03:04:05 PM"}, ""},
		{"date format of two digits", dtac.Config{Username: "u", DateFormat: "060102150405"}, ""},
		{"page size", dtac.Config{Username: "u", PageSize: 10001}, "pageSize"},
		{"minimum", dtac.Config{Username: "u", MinDurationSec: -1}, "minDurationSec"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := tt.cfg.Normalized()
			field := ""
			if e, ok := errors.AsType[*phone.FieldError](err); ok {
				field = e.Field
			}
			is.Equal(field, tt.want) // the field at fault is named
			_, newErr := dtac.New(tt.cfg, http.DefaultClient)
			is.Equal(newErr == nil, err == nil) // New refuses the same
		})
	}
	is := is.New(t)
	cfg, err := dtac.Config{Username: user}.Normalized()
	is.NoErr(err)
	is.Equal(cfg.BaseURL, dtac.DefaultBaseURL) // DTAC's own where none is given
}
