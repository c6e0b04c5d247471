package webhook_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"crk/app"
)

// TestAnotherLanguageVerifies: what a receiver in Node needs is a dozen lines.
func TestAnotherLanguageVerifies(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no Node here")
	}
	secret, old := app.NewWebhookSecret(), app.NewWebhookSecret()
	body := `{"type":"recording.completed","data":{"name":"สมชาย"}}`
	h := signed(t, "id-1", time.Now(), body, secret, old)
	for _, tt := range []struct {
		name   string
		secret app.Secret
		body   string
		ok     bool
	}{
		{"with the secret", secret, body, true},
		{"with the one before", old, body, true},
		{"not with another", app.NewWebhookSecret(), body, false},
		{"not another body", secret, body + "\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			is := is.New(t)
			verify := exec.CommandContext(t.Context(), node, "testdata/verify.mjs", tt.secret.Reveal(), h.Get(standardwebhooks.HeaderWebhookID),
				h.Get(standardwebhooks.HeaderWebhookTimestamp), h.Get(standardwebhooks.HeaderWebhookSignature))
			verify.Stdin = strings.NewReader(tt.body)
			err := verify.Run()
			var refused *exec.ExitError
			is.True(err == nil || errors.As(err, &refused) && refused.ExitCode() == 1) // the script came to a verdict
			is.Equal(err == nil, tt.ok)
		})
	}
}
