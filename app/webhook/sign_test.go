package webhook_test

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crk/app"
	"crk/app/webhook"
)

// TestSign compares with the vector that the libraries of Standard Webhooks share.
func TestSign(t *testing.T) {
	is := is.New(t)
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	got, err := webhook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 999), []byte(`{"test": 2432232314}`), secret)
	is.NoErr(err)
	is.Equal(got, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
}

// signed returns the headers of a request as the official library takes them.
func signed(t testing.TB, id string, at time.Time, body string, secrets ...app.Secret) http.Header {
	t.Helper()
	signature, err := webhook.Sign(id, at, []byte(body), secrets...)
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return h
}

func verifier(t testing.TB, secret app.Secret) *standardwebhooks.Webhook {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestOfficialLibraryVerifies(t *testing.T) {
	secret, old := app.NewWebhookSecret(), app.NewWebhookSecret()
	body, now := `{"type":"recording.completed"}`, time.Now()
	good := signed(t, "id-1", now, body, secret, old)
	without := func(name string) http.Header {
		h := good.Clone()
		h.Del(name)
		return h
	}
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	for _, tt := range []struct {
		name   string
		secret app.Secret
		header http.Header
		body   string
		ok     bool
	}{
		{"with the secret", secret, good, body, true},
		{"with the one before", old, good, body, true},
		{"not with another", app.NewWebhookSecret(), good, body, false},
		{"not another body", secret, good, body + " ", false},
		{"not another id", secret, with(standardwebhooks.HeaderWebhookID, "id-2"), body, false},
		{"not without an id", secret, without(standardwebhooks.HeaderWebhookID), body, false},
		{"not without a time", secret, without(standardwebhooks.HeaderWebhookTimestamp), body, false},
		{"not without a signature", secret, without(standardwebhooks.HeaderWebhookSignature), body, false},
		{"four minutes late", secret, signed(t, "id-1", now.Add(-4*time.Minute), body, secret), body, true},
		{"not five minutes late", secret, signed(t, "id-1", now.Add(-5*time.Minute-2*time.Second), body, secret), body, false},
		{"not five minutes early", secret, signed(t, "id-1", now.Add(5*time.Minute+2*time.Second), body, secret), body, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			is.Equal(verifier(t, tt.secret).Verify([]byte(tt.body), tt.header) == nil, tt.ok)
		})
	}
}

func TestSecrets(t *testing.T) {
	is := is.New(t)
	made := app.NewWebhookSecret()
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(made.Reveal(), "whsec_"))
	is.NoErr(err)
	is.Equal(len(raw), 32)                  // of 256 bits
	is.True(made != app.NewWebhookSecret()) // each another
	is.Equal(made.String(), "••••")         // and never printed
	of := func(n int) string { return "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for _, tt := range []struct {
		name, secret string
		ok           bool
	}{
		{"24 bytes", of(24), true},
		{"64 bytes", of(64), true},
		{"23 bytes", of(23), false},
		{"65 bytes", of(65), false},
		{"no prefix", strings.TrimPrefix(of(32), "whsec_"), false},
		{"no padding", strings.TrimRight(of(32), "="), false},
		{"not base64", "whsec_" + strings.Repeat("!", 44), false},
		{"empty", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			_, err := webhook.Sign("id", time.Now(), nil, app.Secret(tt.secret))
			is.Equal(err == nil, tt.ok)
			is.True(err == nil || tt.secret == "" || !strings.Contains(err.Error(), tt.secret)) // the error does not repeat it
		})
	}
	_, err = webhook.Sign("id", time.Now(), nil)
	is.True(err != nil) // unsigned is not sent
}
