package phone_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"

	"crk/app/phone"
)

func TestBaseURL(t *testing.T) {
	for _, tt := range []struct{ name, pasted, want string }{
		{"bare host", "pbx.example.com", "https://pbx.example.com"},
		{"bare host and port", "pbx.example.com:5001", "https://pbx.example.com:5001"},
		{"spaces and capitals", "  HTTPS://PBX.Example.com/ ", "https://pbx.example.com"},
		{"page of OrkTrack", "https://rec.example.com/orkui/#/login", "https://rec.example.com"},
		{"page of an older OrkTrack", "http://rec.example.com:8080/orkweb/app?x=1", "http://rec.example.com:8080"},
		{"interface of OrkTrack", "rec.example.com/orktrack/rest", "https://rec.example.com"},
		{"page of 3CX", "https://acme.3cx.co/webclient/#/office", "https://acme.3cx.co"},
		{"behind a proxy's path", "https://example.com/pbx/OrkUI/", "https://example.com/pbx"},
		{"the scheme's own port", "https://pbx.example.com:443", "https://pbx.example.com"},
		{"plain and its own port", "http://pbx.example.com:80/", "http://pbx.example.com"},
		{"IPv6", "http://[FD00::1]:8080/", "http://[fd00::1]:8080"},
		{"IPv6 without a port", "http://[fd00::1]", "http://[fd00::1]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			u, err := phone.BaseURL(tt.pasted)
			is.NoErr(err)
			is.Equal(u.String(), tt.want)
			again, err := phone.BaseURL(u.String())
			is.NoErr(err)
			is.Equal(again.String(), tt.want) // reading its own writing changes nothing
		})
	}
	for _, bad := range []string{"", " ", "ftp://x.example.com", "https://", "https://u:p@x.example.com", "a b.example.com", "javascript://x", "x.example.com:0", "x.example.com:65536", strings.Repeat("a.", 127)} {
		t.Run("refused "+bad, func(t *testing.T) {
			is := is.New(t)
			_, err := phone.BaseURL(bad)
			is.True(err != nil)                            // it is no base URL
			is.True(!strings.Contains(err.Error(), "u:p")) // and a password pasted along is not repeated
		})
	}
}

func TestUsername(t *testing.T) {
	for _, tt := range []struct{ name, pasted, want string }{
		{"as it is", "+66812345678", "+66812345678"},
		{"with blanks about it", " \t+66812345678\r\n", "+66812345678"},
		{"with marks that are not seen", "\u200bapi\ufeff", "api"},
		{"with a blank in it", "api user", "api user"},
		{"the longest", strings.Repeat("ก", 200), strings.Repeat("ก", 200)},
		{"too long", strings.Repeat("ก", 201), ""},
		{"nothing", " ", ""},
		{"two lines", "a\nb", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			name, err := phone.Username(tt.pasted)
			is.Equal(name, tt.want)
			is.Equal(err == nil, tt.want != "")
		})
	}
}

func FuzzBaseURL(f *testing.F) {
	for _, seed := range []string{"pbx.example.com", "https://x/orkui/", "http://[::1]:80", "x/webclient/orkui", "%zz"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pasted string) {
		u, err := phone.BaseURL(pasted)
		if err != nil {
			return
		}
		again, err := phone.BaseURL(u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q reads as %q and that as %v, %v", pasted, u, again, err)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q keeps more than a base in %q", pasted, u)
		}
	})
}

func TestSniff(t *testing.T) {
	for _, tt := range []struct{ name, head, want string }{
		{"WAV", "RIFF\x00\x00\x00\x00WAVE", "audio/wav"},
		{"RIFF of another kind", "RIFF\x00\x00\x00\x00AVI ", ""},
		{"Ogg", "OggS\x00", "audio/ogg"},
		{"FLAC", "fLaC\x00", "audio/flac"},
		{"MP4", "\x00\x00\x00\x18ftypM4A ", "audio/mp4"},
		{"MP3 with a tag", "ID3\x04", "audio/mpeg"},
		{"MP3 without", "\xff\xfb\x90\x00", "audio/mpeg"},
		{"MP3 of 8 kHz", "\xff\xe3\x18\xc4", "audio/mpeg"},
		{"UTF-16 text", "\xff\xfe<\x00h\x00", ""},
		{"a page", "<!DOCTYPE html>", ""},
		{"JSON", `{"error":"x"}`, ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			kind, ok := phone.Sniff([]byte(tt.head))
			is.Equal(kind, tt.want)
			is.Equal(ok, tt.want != "")
		})
	}
}

func TestErrorText(t *testing.T) {
	is := is.New(t)
	cause := errors.New("boom")
	err := error(&phone.Error{Kind: phone.Transient, Op: "x: list", Status: 503, Detail: "busy", Err: cause})
	is.Equal(err.Error(), "x: list: transient (HTTP 503): busy: boom")
	is.True(errors.Is(err, cause))
	is.Equal(phone.KindOf(errors.Join(errors.New("other"), err)), phone.Transient) // found in a tree
	is.Equal(phone.KindOf(cause), phone.Kind(""))                                  // what is no Error has no kind
}

func TestNetworkError(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	secret := &url.Error{Op: "Get", URL: "https://pbx/?token=abc", Err: errors.New("connection refused")}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		kind phone.Kind
	}{
		{"refused", t.Context(), secret, phone.Unreachable},
		{"certificate", t.Context(), &url.Error{Err: &tls.CertificateVerificationError{Err: errors.New("expired")}}, phone.TLS},
		{"no encryption there", t.Context(), &url.Error{Err: http.ErrSchemeMismatch}, phone.TLS},
		{"stopped", stopped, &url.Error{Err: context.Canceled}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			err := phone.NetworkError(tt.ctx, "x: list", tt.err)
			is.Equal(phone.KindOf(err), tt.kind)
			is.Equal(errors.Is(err, context.Canceled), tt.kind == "") // only a stop is one
			is.True(!strings.Contains(err.Error(), "token"))          // the URL is left out
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, value string
		want        time.Duration
	}{
		{"seconds", "90", 90 * time.Second},
		{"a date", "Sun, 22 Nov 2026 10:05:00 GMT", 5 * time.Minute},
		{"a date that is past", "Sun, 22 Nov 2026 09:00:00 GMT", 0},
		{"negative", "-5", 0},
		{"more than a day", "999999999", 24 * time.Hour},
		{"nonsense", "soon", 0},
		{"missing", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(phone.RetryAfter(http.Header{"Retry-After": {tt.value}}, now), tt.want)
		})
	}
}
